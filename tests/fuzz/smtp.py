"""What is fuzzed of SMTP and LMTP: what strangers send, in all roles, and where messages end."""

import random
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from mail.smtp.bodies import count_received, has_bare_line_end, has_long_line, repair_line_ends
from mail.smtp.commands import LMTP, SMTP, SUBMISSION, Auth, Chunk, Command, Hello, State
from mail.smtp.connection import (
    AnswerReceived,
    ChunkReceived,
    ChunkRefused,
    CommandReceived,
    CommandRefused,
    Connection,
    Event,
    Limits,
    MessageReceived,
    MessageRefused,
)
from mail.smtp.parameters import MailFrom, RcptTo
from mail.smtp.sasl import MECHANISMS, Exchange
from mail.smtp.wire import ProtocolError, parse_path

ROLES: tuple[Mapping[bytes, Command], ...] = (LMTP, SMTP, SUBMISSION)
LIMITS = Limits(command_line=200, message_line=300, message=2_000)
_SENT = re.compile(r"^([CPO]): ?(.*)$")

SMTP_WORDS = (
    *(b"\r\n", b"\n", b"\r", b" ", b".", b"..", b"\r\n.\r\n", b"\n.\n", b"\r.\r", b"\n.\r\n"),
    *(b"\r\n.\n", b"\r\r\n", b"\0", b"\xff", b"<", b">", b"@", b'"', b"\\", b"%", b"!", b"*", b"="),
    *(b"EHLO x\r\n", b"LHLO x\r\n", b"HELO x\r\n", b"MAIL FROM:<a@b>", b"RCPT TO:<c@d>\r\n"),
    *(b"DATA\r\n", b"BDAT 5\r\n", b"BDAT 0 LAST\r\n", b"BDAT 3000\r\n", b"BDAT 99999999999 LAST"),
    *(b"RSET\r\n", b"QUIT\r\n", b"STARTTLS\r\n", b"AUTH PLAIN\r\n", b"AUTH LOGIN ", b"AGEAYg=="),
    *(b" SIZE=", b" BODY=8BITMIME", b" SMTPUTF8", b" RET=HDRS", b" ENVID=a+2Bb", b" AUTH=<>"),
    *(b" NOTIFY=SUCCESS,DELAY", b" ORCPT=rfc822;a+40b", "ü".encode(), b"@a,@b:", b"[IPv6:::1]"),
    *(b"Received: x\r\n", b"x" * 250, b"x" * 2_100),
)


def smtp_seeds() -> list[bytes]:
    """Return what the clients of the transcripts send."""
    folder = Path(__file__).parent.parent / "transcripts"
    paths = (path for role in ("lmtp", "smtp", "submission") for path in (folder / role).glob("*"))
    return [_sent_in(path) for path in sorted(paths)]


def _sent_in(path: Path) -> bytes:
    found = b""
    for line in path.read_text("utf-8").splitlines():
        if (match := _SENT.match(line)) is None:
            continue
        text = match[2].encode()
        if match[1] == "O":
            text = text.replace(rb"\r", b"\r").replace(rb"\n", b"\n").replace(rb"\0", b"\0")
        found += text if match[1] == "O" else text + b"\r\n"
    return found


def take_smtp(data: bytes, chance: random.Random) -> object:
    """Any cut gives the same events in each role; little is kept; messages end where they do."""
    cuts = sorted(chance.randint(0, len(data)) for _ in range(3))
    pieces = [data[start:end] for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True)]
    traits: set[str] = set()
    for role in ROLES:
        whole = _events_of(role, [data])
        assert _events_of(role, pieces) == whole
        for event in whole:
            _check_event(event)
            traits.add(_trait(event))
    _check_message(data)
    return frozenset(traits)


def _events_of(role: Mapping[bytes, Command], pieces: Sequence[bytes]) -> list[Event]:
    connection = Connection(role, LIMITS)
    found: list[Event] = []
    for piece in pieces:
        connection.receive(piece)
        while (event := connection.next_event()) is not None:
            found.append(event)
            _go_on(connection, event)
        assert connection.held <= LIMITS.message + LIMITS.command_line + 8
    return found


def _go_on(connection: Connection, event: Event) -> None:
    """Answer as a session does that takes everything."""
    match event:
        case CommandReceived(request=Hello()):
            connection.state = State.READY
            connection.end_transaction()
        case CommandReceived(request=MailFrom()):
            connection.state = State.MAIL
        case CommandReceived(request=RcptTo()):
            connection.state = State.RCPT
        case CommandReceived(request=Auth()):
            connection.expect_answer()
        case CommandReceived(verb="DATA"):
            connection.begin_data()
        case CommandReceived(verb="RSET") | MessageReceived() | MessageRefused() | ChunkRefused():
            connection.end_transaction()
        case ChunkReceived():
            connection.state = State.CHUNKS
        case _:
            pass


def _check_event(event: Event) -> None:
    match event:
        case MessageReceived(data=data):
            assert len(data) <= LIMITS.message
            assert not has_long_line(data, LIMITS.message_line)
            _check_message(data)
        case CommandReceived(request=MailFrom(path=path) | RcptTo(path=path)) if path.domain:
            assert "\0" not in str(path)
            # What is printed is read again as the same address.
            assert parse_path(f"<{path}>".encode(), null=False) == (path, b"")
        case CommandReceived(request=Chunk()):
            raise AssertionError("a chunk is no command by itself")
        case AnswerReceived(answer=bytes(answer)):
            for mechanism in MECHANISMS.values():
                _answer(mechanism, answer)
        case _:
            pass


def _answer(mechanism: Callable[[], Exchange], answer: bytes) -> None:
    try:
        mechanism().take(answer)
    except ProtocolError:
        return


def _check_message(data: bytes) -> None:
    repaired = repair_line_ends(data)
    assert not has_bare_line_end(repaired)
    assert has_bare_line_end(data) == (repaired != data)
    assert count_received(data) <= data.lower().count(b"received:")


def _trait(event: Event) -> str:
    match event:
        case CommandReceived(verb=verb):
            return verb
        case CommandRefused(reply=reply) | MessageRefused(reply=reply) | ChunkRefused(reply=reply):
            return re.sub(rb"\d+ ?octets|the parameter \S+", b"", reply.octets).decode()
    return type(event).__name__
