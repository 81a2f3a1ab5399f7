"""The tables of `tests.selection` name tests that are there."""

from fnmatch import fnmatch

import pytest

from groupware.environment import BASE_DIR
from tests import selection

FILES = [path.relative_to(BASE_DIR).as_posix() for path in (BASE_DIR / "tests").rglob("test_*.py")]


@pytest.mark.parametrize(
    "pattern", [*selection.ON_SQLITE_ALONE, *selection.ON_BOTH, *selection.LONG]
)
def test_each_pattern_matches_a_file_of_tests(pattern: str) -> None:
    node = f"{pattern}*" if pattern in selection.LONG else pattern
    file = node.partition("::")[0].removesuffix("test_transcript*octets*")
    assert any(fnmatch(name, file if file.endswith((".py", "*")) else f"{file}*") for name in FILES)


@pytest.mark.parametrize(
    ("node", "is_for_one"),
    [
        ("tests/clients/test_mutt.py::test_a", True),
        ("tests/clients/test_imapclient.py::test_a", False),
        ("tests/clients/oauth/test_authlib.py::test_a", False),
        ("tests/commands/test_help.py::test_a", True),
        ("tests/commands/test_undelete.py::test_a[1]", False),
        ("tests/transcripts/test_imap.py::test_transcript_in_memory[acl-whole]", False),
        ("tests/transcripts/test_imap.py::test_transcript_in_memory[acl-octets]", True),
        ("tests/transcripts/test_dav.py::test_transcript[acl-octets]", True),
        ("tests/transcripts/test_imap.py::test_transcript_over_tcp[acl]", True),
        ("tests/crash/test_kills.py::test_a", False),
        ("tests/services/mail/test_acl.py::test_a", False),
    ],
)
def test_what_services_do_runs_on_both_databases(node: str, is_for_one: bool) -> None:
    assert selection.is_for_one_database(node) is is_for_one
