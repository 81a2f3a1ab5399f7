"""Each keyword of EHLO taken away: the transcript that the RFC matrix names for it must fail then."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from groupware.environment import BASE_DIR
from mail.smtp.connection import CommandRefused, Connection, Event
from mail.smtp.limits import reception_limits, submission_limits
from mail.smtp.reception import ReceptionSession
from mail.smtp.responses import UNKNOWN_COMMAND
from mail.smtp.submission import SubmissionSession
from tests.architecture.test_rfc_matrix import rows_of
from tests.transcripts.drivers import MemoryOutput
from tests.transcripts.lines import play, read_transcript
from tests.transcripts.smtp_playing import MemoryClient, new_shared

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("smtp_team")]

Mutation = Callable[[pytest.MonkeyPatch], None]


@dataclass(frozen=True, slots=True)
class Refusing:
    """Commands that match are not known."""

    pattern: bytes

    def __call__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        refused = re.compile(self.pattern, re.IGNORECASE)
        parse = Connection._parse

        def refuse(connection: Connection, line: bytes) -> Event | None:
            if refused.search(line):
                return CommandRefused(UNKNOWN_COMMAND)
            return parse(connection, line)

        monkeypatch.setattr(Connection, "_parse", refuse)


def without_statuses(monkeypatch: pytest.MonkeyPatch) -> None:
    """No reply has an enhanced status."""
    write = MemoryOutput.write

    def leave_out(output: MemoryOutput, data: bytes) -> None:
        write(output, re.sub(rb"(?m)^(\d{3}[ -])\d\.\d+\.\d+ ", rb"\1", data))

    monkeypatch.setattr(MemoryOutput, "write", leave_out)


def one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """What comes along with a command is lost."""
    parse = Connection._parse

    def parse_alone(connection: Connection, line: bytes) -> Event | None:
        event = parse(connection, line)
        connection._buffer.clear()
        return event

    monkeypatch.setattr(Connection, "_parse", parse_alone)


MUTATIONS: dict[str, Mutation] = {
    "SIZE": Refusing(rb"^MAIL.* SIZE="),
    "PIPELINING": one_at_a_time,
    "8BITMIME": Refusing(rb" BODY="),
    "ENHANCEDSTATUSCODES": without_statuses,
    "CHUNKING": Refusing(rb"^BDAT"),
    "STARTTLS": Refusing(rb"^STARTTLS"),
    "DSN": Refusing(rb" (RET|ENVID|NOTIFY|ORCPT)="),
    "AUTH": Refusing(rb"^AUTH"),
    "SMTPUTF8": Refusing(rb" SMTPUTF8"),
}


def shown_by() -> dict[str, Path]:
    """Return the transcript that the matrix names first for each keyword."""
    found: dict[str, Path] = {}
    for row in rows_of("SMTP"):
        for name in re.findall(r"`([^`]+)`", row[1]):
            [path, *_] = re.findall(r"`(transcripts/[\w/-]+\.txt)`", row[3])
            found[name] = BASE_DIR / "tests" / path
    return found


SHOWN = shown_by()


def test_every_keyword_can_be_taken_away() -> None:
    assert MUTATIONS.keys() == SHOWN.keys()


@pytest.mark.parametrize("keyword", MUTATIONS)
async def test_what_is_taken_away_is_missed(keyword: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = SHOWN[keyword]
    secure, turns = read_transcript(path)
    is_reception = path.parent.name == "smtp"
    role = ReceptionSession if is_reception else SubmissionSession
    limits = reception_limits() if is_reception else submission_limits()
    MUTATIONS[keyword](monkeypatch)
    with pytest.raises(AssertionError):
        await play(MemoryClient(role, new_shared(limits), secure=secure), turns)
