"""What a client sends ahead is worked off in turns: others are not kept waiting for all of it."""

import asyncio

import pytest

from mail.imap import conversation
from tests.transcripts.drivers import MemoryClient
from tests.transcripts.playing import new_shared
from tests.transcripts.runner import PASSWORD

pytestmark = pytest.mark.usefixtures("imap_team")

NOOPS = 4_096
SEVERAL = 50
SENT_AHEAD = b"a NOOP\r\n" * NOOPS
FOREVER = 1e9


async def count_turns(sent: bytes = SENT_AHEAD, replies: int = NOOPS) -> int:
    """Return how often others had their turn while all was parsed and done."""
    turns = 0

    async def take_turns() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    async with new_shared() as shared:
        client = MemoryClient(shared, secure=True, size=len(sent))
        other = asyncio.create_task(take_turns())
        await client.send(sent)
        other.cancel()
        await client.close()
    assert client.buffer.count(b"a OK") == replies
    return turns


def test_others_have_their_turn_after_some_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversation, "TURN_SECONDS", FOREVER)
    assert NOOPS // conversation.TURN <= asyncio.run(count_turns()) < NOOPS


def test_others_have_their_turn_after_some_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversation, "TURN_SECONDS", -1)
    assert asyncio.run(count_turns()) >= NOOPS


def test_others_have_their_turn_between_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversation, "TURN", NOOPS)
    monkeypatch.setattr(conversation, "TURN_SECONDS", FOREVER)
    pieces = -(-len(SENT_AHEAD) // conversation.PIECE)
    assert pieces - 1 <= asyncio.run(count_turns()) < NOOPS


def test_others_have_their_turn_between_the_messages_of_one_append() -> None:
    login = b'a LOGIN anna@team.example "%b"\r\n' % PASSWORD.encode()
    messages = b"".join(b" {10+}\r\nA: %05d\r\n" % number for number in range(SEVERAL))
    turns = asyncio.run(count_turns(login + b"a APPEND INBOX" + messages + b"\r\n", replies=2))
    assert turns >= SEVERAL
