"""LMTP transcripts, driven in memory (whole, then octet by octet) and over TCP.

`C:` is a line that the client sends and waits for, `P:` one that it sends without waiting,
`S:` a regular expression that the server's next line must match.
"""

import asyncio
import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from groupware.core import aio, directory, limits
from groupware.core.directory import NewAccount
from mail.models import Message
from mail.smtp.server import LmtpServer
from mail.smtp.session import Session
from tests.conftest import SetLimit

FOLDER = Path(__file__).parent / "lmtp"
TRANSCRIPTS = sorted(FOLDER.glob("*.txt"), key=lambda path: path.name)

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass
class Turn:
    """What the client sends at once, and the lines that must come back."""

    sent: bytes = b""
    expected: list[str] = field(default_factory=list)


def read_transcript(path: Path) -> list[Turn]:
    turns = [Turn()]
    for line in path.read_text().splitlines():
        kind, _, text = line.partition(":")
        if kind in ("C", "P"):
            if turns[-1].expected:
                turns.append(Turn())
            turns[-1].sent += text.removeprefix(" ").encode() + b"\r\n"
        elif kind == "S":
            turns[-1].expected.append(text.removeprefix(" "))
    return turns


@pytest.fixture(autouse=True)
def team() -> Iterator[None]:
    directory.create_domain("team.example")
    directory.create_domain("catch.example")
    for name in ("anna", "bo"):
        directory.create_account(NewAccount(f"{name}@team.example", password="a password"))
    directory.create_account(NewAccount("full@team.example", quota_bytes=10))
    directory.create_address("alias@team.example", ["anna@team.example"])
    directory.create_address("@catch.example", ["bo@team.example"])
    directory.create_address("outside@team.example", ["someone@outside.example"])
    directory.create_group("everyone@team.example")
    directory.add_member("everyone@team.example", "anna@team.example")
    directory.add_member("everyone@team.example", "bo@team.example")
    fill_account("full@team.example")
    yield
    aio.close_crossing()


def fill_account(address: str) -> None:
    from groupware.core.models import AccountState

    AccountState.objects.filter(account__login=address).update(bytes_used=10)


async def converse_in_memory(turns: list[Turn], size: int) -> list[tuple[str, str]]:
    """Return (expected, answered) line by line, sending `size` octets at a time."""
    session = Session(peer="test", session_id="s1")
    answered = [session.greeting().serialize()]
    lines: list[tuple[str, str]] = []
    for turn in turns:
        for start in range(0, len(turn.sent), size):
            session.connection.receive(turn.sent[start : start + size])
            while (event := session.connection.next_event()) is not None:
                answered += [reply.serialize() for reply in await session.handle(event)]
        got = b"".join(answered).decode().splitlines()
        answered = []
        assert len(got) == len(turn.expected), (turn, got)
        lines += zip(turn.expected, got, strict=True)
    return lines


def check(lines: list[tuple[str, str]]) -> None:
    for expected, answered in lines:
        assert re.fullmatch(expected, answered), (expected, answered)


@pytest.mark.parametrize("path", TRANSCRIPTS, ids=lambda path: path.stem)
@pytest.mark.parametrize("size", [1 << 20, 1], ids=["whole", "octets"])
def test_transcript_in_memory(path: Path, size: int) -> None:
    check(asyncio.run(converse_in_memory(read_transcript(path), size)))


async def converse_over_tcp(turns: list[Turn]) -> list[tuple[str, str]]:
    server = LmtpServer()
    listening = socket.create_server(("127.0.0.1", 0))
    servers = await aio.listen(
        lambda: asyncio.StreamReaderProtocol(asyncio.StreamReader(), server.accept), [listening]
    )
    reader, writer = await asyncio.open_connection(*listening.getsockname())
    lines: list[tuple[str, str]] = []
    for turn in turns:
        writer.write(turn.sent)
        for expected in turn.expected:
            answered = await asyncio.wait_for(reader.readline(), 10)
            lines.append((expected, answered.decode().removesuffix("\r\n")))
    writer.close()
    servers[0].close()
    await server.stop()
    return lines


@pytest.mark.parametrize("path", TRANSCRIPTS, ids=lambda path: path.stem)
def test_transcript_over_tcp(path: Path) -> None:
    check(asyncio.run(converse_over_tcp(read_transcript(path))))


def test_delivery_is_filed_with_its_trace_and_as_it_was_sent() -> None:
    from mail import queries

    asyncio.run(converse_in_memory(read_transcript(FOLDER / "delivery.txt"), 1 << 20))
    assert Message.objects.count() == 2
    account = directory.get_account("anna@team.example")
    inbox = queries.get_mailbox(account.pk, "INBOX")
    [(prefix, location)] = queries.fetch_messages(
        inbox.collection_id, [(1, 1)], ["prefix", "blob_location"]
    )
    lines = bytes(prefix).decode().split("\r\n")
    assert lines[0] == "Return-Path: <sender@outside.example>"
    assert lines[1] == "Delivered-To: anna@team.example"
    assert lines[2] == "Received: from client.example (test)"
    from groupware.core import blobs

    assert blobs.read_location(location) == b"Subject: hello\r\n\r\n.a dot\r\n"


def test_account_that_two_recipients_lead_to_gets_the_message_once() -> None:
    asyncio.run(converse_in_memory(read_transcript(FOLDER / "pipelining.txt"), 1 << 20))
    assert Message.objects.count() == 1


def test_too_many_refused_commands_end_the_session(set_limit: SetLimit) -> None:
    set_limit(limits.LMTP_ERRORS, 7)

    async def flood() -> list[bytes]:
        session = Session(peer="test", session_id="s1")
        session.connection.receive(b"FOO\r\n" * 8)
        answered = []
        while not session.closing:
            event = session.connection.next_event()
            assert event is not None
            answered += [reply.serialize() for reply in await session.handle(event)]
        return answered

    answered = asyncio.run(flood())
    assert len(answered) == 8
    assert answered[-1].startswith(b"421 4.7.0")


def test_recipient_over_the_limit_is_told_to_come_in_another_transaction(
    set_limit: SetLimit,
) -> None:
    set_limit(limits.LMTP_RECIPIENTS, 1)

    async def two_recipients() -> bytes:
        session = Session(peer="test", session_id="s1")
        session.connection.receive(
            b"LHLO c\r\nMAIL FROM:<>\r\nRCPT TO:<anna@team.example>\r\n"
            b"RCPT TO:<bo@team.example>\r\n"
        )
        answered = b""
        while (event := session.connection.next_event()) is not None:
            answered = b"".join(reply.serialize() for reply in await session.handle(event))
        return answered

    assert asyncio.run(two_recipients()).startswith(b"452 4.5.3")


def test_message_over_the_limit_is_refused_for_each_recipient(set_limit: SetLimit) -> None:
    set_limit(limits.MESSAGE_SIZE, 100)

    async def too_large() -> list[bytes]:
        session = Session(peer="test", session_id="s1")
        session.connection.receive(
            b"LHLO c\r\nMAIL FROM:<>\r\nRCPT TO:<anna@team.example>\r\n"
            b"RCPT TO:<bo@team.example>\r\nDATA\r\n" + b"x" * 200 + b"\r\n.\r\n"
        )
        answered: list[bytes] = []
        while (event := session.connection.next_event()) is not None:
            answered = [reply.serialize() for reply in await session.handle(event)]
        return answered

    answered = asyncio.run(too_large())
    assert len(answered) == 2
    assert all(line.startswith(b"552 5.3.4") for line in answered)
    assert Message.objects.count() == 0
