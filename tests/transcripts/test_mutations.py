"""Each capability taken away: a transcript that the RFC matrix names for it must fail then.

What is taken away is refused as if it had never been known: commands that match a pattern get
BAD, or what the server says of it is left out.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from groupware.environment import BASE_DIR
from mail.imap import connection
from mail.imap.arguments import appending
from mail.imap.commands import Command, parse_command
from mail.imap.requests import Request
from mail.imap.wire import ProtocolError, Reader
from tests.architecture.test_rfc_matrix import rows_of
from tests.transcripts.drivers import MemoryOutput
from tests.transcripts.playing import play_in_memory, play_over_tcp

pytestmark = pytest.mark.usefixtures("imap_team")

Mutation = Callable[[pytest.MonkeyPatch], None]


@dataclass(frozen=True, slots=True)
class Refusing:
    """Commands that match are not known."""

    pattern: bytes

    def __call__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        refused = re.compile(self.pattern, re.IGNORECASE)

        def parse(reader: Reader) -> tuple[Command, Request]:
            line = b"".join(part for part in reader._parts if len(part) < 1000)
            if refused.search(line.partition(b" ")[2]):
                raise ProtocolError("Unknown command.")
            return parse_command(reader)

        monkeypatch.setattr(connection, "parse_command", parse)


@dataclass(frozen=True, slots=True)
class Leaving:
    """What matches is left out of what the server says."""

    pattern: bytes

    def __call__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        write = MemoryOutput.write

        def leave_out(output: MemoryOutput, data: bytes) -> None:
            write(output, re.sub(self.pattern, b"", data))

        monkeypatch.setattr(MemoryOutput, "write", leave_out)


def without_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """No literal goes on without being asked for."""
    known = re.compile(rb"(?P<binary>~?)\{(?P<size>[0-9]{1,20})(?P<sent>)\}\Z")
    monkeypatch.setattr(connection, "LITERAL", known)


def passwords_anywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """A password may be sent without TLS."""
    for module in ("capabilities", "handlers.login"):
        monkeypatch.setattr(f"mail.imap.{module}.may_log_in", lambda _session: True)


def one_message(monkeypatch: pytest.MonkeyPatch) -> None:
    """APPEND takes one message."""
    parse = appending.parse_append

    def parse_one(reader: Reader) -> tuple[Command, Request]:
        request = parse_command(reader)
        if len(getattr(request[1], "messages", ())) > 1 and request[0].parse is parse:
            raise ProtocolError("Unexpected text after the arguments.")
        return request

    monkeypatch.setattr(connection, "parse_command", parse_one)


MUTATIONS: dict[str, Mutation] = {
    "IMAP4rev1": Refusing(rb"^(NOOP|LOGIN|LOGOUT)\b"),
    "IMAP4rev2": Refusing(rb"^ENABLE .*IMAP4rev2"),
    "LITERAL+": without_waiting,
    "SASL-IR": Refusing(rb"^AUTHENTICATE PLAIN \S"),
    "ID": Refusing(rb"^ID\b"),
    "ENABLE": Refusing(rb"^ENABLE\b"),
    "IDLE": Refusing(rb"^IDLE\b"),
    "STARTTLS": Refusing(rb"^STARTTLS\b"),
    "AUTH=PLAIN": Refusing(rb"^AUTHENTICATE PLAIN\b"),
    "AUTH=OAUTHBEARER": Refusing(rb"^AUTHENTICATE OAUTHBEARER\b"),
    "AUTH=XOAUTH2": Refusing(rb"^AUTHENTICATE XOAUTH2\b"),
    "LOGINDISABLED": passwords_anywhere,
    "QRESYNC": Refusing(rb"QRESYNC|VANISHED"),
    "UTF8=ACCEPT": Refusing(rb"UTF8"),
    "NAMESPACE": Refusing(rb"^NAMESPACE\b"),
    "UNSELECT": Refusing(rb"^UNSELECT\b"),
    "UIDPLUS": Leaving(rb"\[(APPENDUID|COPYUID) [^]]*\] "),
    "MOVE": Refusing(rb"^(UID )?MOVE\b"),
    "CHILDREN": Leaving(rb"\\Has(No)?Children ?"),
    "SPECIAL-USE": Leaving(rb"\\(Archive|Drafts|Junk|Sent|Trash)"),
    "CONDSTORE": Refusing(rb"CONDSTORE|CHANGEDSINCE|MODSEQ"),
    "MULTIAPPEND": one_message,
    "BINARY": Refusing(rb"BINARY"),
    "COMPRESS=DEFLATE": Refusing(rb"^COMPRESS\b"),
    "ESEARCH": Refusing(rb"SEARCH RETURN"),
    "SEARCHRES": Refusing(rb"\bSAVE\b|\$"),
    "SORT": Refusing(rb"^(UID )?SORT\b"),
    "SORT=DISPLAY": Refusing(rb"DISPLAY"),
    "ESORT": Refusing(rb"SORT RETURN"),
    "THREAD=ORDEREDSUBJECT": Refusing(rb"ORDEREDSUBJECT"),
    "THREAD=REFERENCES": Refusing(rb"THREAD REFERENCES"),
    "LIST-EXTENDED": Refusing(rb"^LIST (\(|.*RETURN|\S+ \()"),
    "LIST-STATUS": Refusing(rb"RETURN \(.*STATUS"),
    "LIST-MYRIGHTS": Refusing(rb"RETURN \(.*MYRIGHTS"),
    "STATUS=SIZE": Refusing(rb"STATUS .*SIZE"),
    "OBJECTID": Refusing(rb"EMAILID|THREADID|MAILBOXID"),
    "CREATE-SPECIAL-USE": Refusing(rb"^CREATE .*\(USE"),
    "ACL": Refusing(rb"ACL\b|^(MY|LIST)RIGHTS"),
    "RIGHTS=texk": Refusing(rb"^SETACL \S+ \S+ \S*[texk]"),
    "QUOTA": Refusing(rb"^\S*QUOTA"),
    "QUOTA=RES-STORAGE": Leaving(rb"STORAGE"),
    "APPENDLIMIT": Leaving(rb"APPENDLIMIT=?\d*|\[TOOBIG\]"),
}


def shown_by() -> dict[str, list[Path]]:
    """Return the transcripts that the matrix names for each capability."""
    found: dict[str, list[Path]] = {}
    for row in rows_of("IMAP"):
        transcripts = re.findall(r"`(transcripts/imap/[\w-]+\.txt)`", row[3])
        for name in re.findall(r"`([^`]+)`", row[1]):
            found.setdefault(name, []).extend(BASE_DIR / "tests" / path for path in transcripts)
    return found


SHOWN = shown_by()


def test_every_capability_can_be_taken_away() -> None:
    assert MUTATIONS.keys() == SHOWN.keys()


async def fails(transcripts: Sequence[Path]) -> bool:
    for path in transcripts:
        play = play_over_tcp if path.stem.endswith("-tcp") else play_in_memory
        try:
            await play(path)
        except (AssertionError, ConnectionError):
            return True
    return False


@pytest.mark.parametrize("capability", MUTATIONS)
async def test_what_is_taken_away_is_missed(
    capability: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    MUTATIONS[capability](monkeypatch)
    assert await fails(SHOWN[capability][:1])
