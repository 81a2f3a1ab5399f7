"""What is fuzzed of POP3: the parser of what strangers send, and how messages are sent."""

import random
import re
from collections.abc import Sequence
from pathlib import Path

from mail.pop3.commands import State
from mail.pop3.connection import AuthReceived, CommandReceived, Connection, Event, Refused
from mail.pop3.wire import Stuffer, TopCutter

MAX_LINE = 200
_SENT = re.compile(r"^[CP]: ?(.*)$")

POP3_WORDS = (
    *(b"\r\n", b"\n", b"\r", b" ", b".", b"\r\n.\r\n", b"\n.\n", b"\r\n\r\n", b"=", b"*", b"\xff"),
    *(
        b"USER ",
        b"PASS ",
        b"AUTH PLAIN ",
        b"AGFubgBw",
        b"LIST ",
        b"TOP 1 ",
        b"RETR 1\r\n",
        b"TOP 1 0\n",
    ),
    *(b"STLS\r\n", b"QUIT\r\n", b"0", b"-1", b"4294967296", b"\0", b"LANG ", b"UTF8\r\n"),
)


def pop3_seeds() -> list[bytes]:
    """Return what the clients of the transcripts send."""
    found = []
    for path in sorted((Path(__file__).parent.parent / "transcripts" / "pop3").glob("*.txt")):
        lines = (_SENT.match(line) for line in path.read_text("utf-8").splitlines())
        found.append("".join(f"{match[1]}\r\n" for match in lines if match).encode())
    return found


def take_pop3(data: bytes, chance: random.Random) -> object:
    """Any cut, and any run, gives the same events; little is kept; what is sent is what is read."""
    cuts = sorted(chance.randint(0, len(data)) for _ in range(3))
    pieces = [data[start:end] for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True)]
    whole = _events_of([data])
    assert _events_of(pieces) == _events_of(pieces, in_runs=True) == whole
    stuffer, cutter = Stuffer(), TopCutter(chance.randint(0, 5))
    sent = b"".join(map(stuffer.feed, pieces)) + stuffer.finish()
    lines = sent.split(b"\n")[:-1]
    assert lines[-1] == b".\r"
    assert not {b".", b".\r"} & set(lines[:-1])
    read = b"".join(line.removeprefix(b".") + b"\n" for line in lines[:-1])
    assert read in (data, data + b"\r\n")
    assert data.startswith(b"".join(map(cutter.feed, pieces)))
    return frozenset(map(_trait, whole))


def _events_of(pieces: Sequence[bytes], *, in_runs: bool = False) -> list[Event]:
    connection = Connection(MAX_LINE)
    found: list[Event] = []
    for piece in pieces:
        connection.receive(piece)
        while batch := _next_events(connection, in_runs=in_runs):
            found += batch
            _go_on(connection, batch[-1])
        assert connection.buffered <= MAX_LINE
    return found


def _next_events(connection: Connection, *, in_runs: bool) -> list[Event]:
    if in_runs and (run := connection.take_run()) is not None:
        return [CommandReceived(run.command, request) for request in run.requests()]
    event = connection.next_event()
    return [] if event is None else [event]


def _go_on(connection: Connection, event: Event) -> None:
    if isinstance(event, CommandReceived) and event.command.verb == "AUTH":
        connection.expect_answer()
    elif isinstance(event, AuthReceived) or (
        isinstance(event, CommandReceived) and event.command.verb == "PASS"
    ):
        connection.state = State.TRANSACTION


def _trait(event: Event) -> str:
    if isinstance(event, CommandReceived):
        return event.command.verb
    return event.response.decode() if isinstance(event, Refused) else "answer"
