"""Which tests run on SQLite alone, and which begin first.

Every service is tested on both databases, and so is what kills, races, fills a disk, crosses
tenants or asks at random. What is named here shows something else, through services that are the
same: how a program of others speaks with a server, how a command prints, in what pieces octets
come. Of each protocol a client stays, and of the commands those that write by statements of their
own or are killed, so that whole servers and commands run on PostgreSQL as well.
"""

from fnmatch import fnmatch

ON_SQLITE_ALONE = (
    "tests/browser/test_life_of_a_team.py::*",
    "tests/clients/*",
    "tests/commands/test_*",
    "tests/mailflow/*",
    "tests/transcripts/*mutations.py::*",
    "tests/transcripts/*test_transcript*octets*",
    "tests/transcripts/*::test_transcript_over_tcp*",
)
ON_BOTH = (
    "tests/clients/test_imapclient.py::*",
    "tests/clients/test_poplib.py::*",
    "tests/clients/test_sending.py::*",
    "tests/clients/dav/test_three_people.py::*",
    "tests/clients/dav/test_vdirsyncer.py::*",
    "tests/clients/oauth/*",
    "tests/commands/test_calendars.py::*",
    "tests/commands/test_collections.py::*",
    "tests/commands/test_command_line.py::*",
    "tests/commands/test_export.py::*",
    "tests/commands/test_import.py::*",
    "tests/commands/test_processes.py::*",
    "tests/commands/test_retention.py::*",
    "tests/commands/test_space.py::*",
    "tests/commands/test_undelete.py::*",
)
LONG = (
    "tests/browser/test_life_of_a_team.py",
    "tests/crash/",
    "tests/delta/",
    "tests/clients/",
    "tests/commands/",
    "tests/api/test_schemathesis.py",
    "tests/services/calendar_app/test_corpus.py",
    "tests/services/dav/test_corpus.py",
    "tests/services/test_full_disk.py",
)
"""Where a test takes up to two minutes, most of others far below a second."""


def is_for_one_database(node: str) -> bool:
    """Return whether a test shows nothing that depends on the database."""
    return _is_in(node, ON_SQLITE_ALONE) and not _is_in(node, ON_BOTH)


def _is_in(node: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatch(node.replace("[", "(").replace("]", ")"), pattern) for pattern in patterns)
