"""POP3 transcripts, driven in memory (whole, then octet by octet) and over TCP.

What stands in them: `tests.transcripts.lines.read_transcript`.
"""

import asyncio
from pathlib import Path

import pytest

from groupware.core import aio, auth, limits
from mail.services.pop3 import set_policy
from tests.conftest import SetLimit
from tests.transcripts.lines import read_transcript
from tests.transcripts.pop3_playing import MemoryClient, deliver, new_shared, play, tcp_server

FOLDER = Path(__file__).parent / "pop3"
TRANSCRIPTS = sorted(FOLDER.glob("*.txt"), key=lambda path: path.name)

pytestmark = pytest.mark.usefixtures("anna")


@pytest.mark.parametrize("size", [1 << 20, 1], ids=["whole", "octets"])
@pytest.mark.parametrize("path", TRANSCRIPTS, ids=lambda path: path.stem)
async def test_transcript_in_memory(path: Path, size: int) -> None:
    secure, turns = read_transcript(path)
    async with new_shared() as shared:
        client = MemoryClient(shared, secure=secure, size=size)
        await play(client, turns)
        assert client.session.closing


@pytest.mark.parametrize("path", TRANSCRIPTS, ids=lambda path: path.stem)
async def test_transcript_over_tcp(path: Path) -> None:
    secure, turns = read_transcript(path)
    async with new_shared() as shared, tcp_server(shared, secure=secure) as connect:
        client = await connect()
        try:
            await play(client, turns)
        finally:
            await client.close()


async def test_nothing_is_carried_over_into_tls() -> None:
    async with new_shared() as shared:
        client = MemoryClient(shared, secure=False)
        await client.send(b"STLS\r\nNOOP\r\nUSER anna@team.exa")
        assert client.session.secure
        assert client.buffer.endswith(b"+OK Begin TLS now.\r\n")
        assert (await client.ask("CAPA")).startswith("+OK What")


async def test_sessions_at_once_see_what_was_there_at_their_login(anna: int) -> None:
    async with new_shared() as shared:
        first, second = MemoryClient(shared), MemoryClient(shared)
        await first.log_in()
        await second.log_in()
        told = await second.ask("LIST")
        await first.ask("DELE 2")
        assert await first.ask("QUIT") == "+OK Bye; 1 deleted.\r\n"
        await aio.call(deliver, anna, b"Subject: four\r\n\r\n4\r\n")
        assert await second.ask("LIST") == told
        assert (await second.ask("STAT")) == "+OK 3 137\r\n"
        third = MemoryClient(shared)
        assert (await third.log_in()).startswith("+OK 3 messages, ")
        assert "\r\n3 20\r\n" in await third.ask("LIST")


@pytest.mark.parametrize("action", ["trash", "delete"])
async def test_what_another_session_removed_is_retrieved_all_the_same(
    anna: int, action: str
) -> None:
    await aio.call(set_policy, anna, action=action, hide_days=0, marks_seen=True)
    async with new_shared() as shared:
        first, second = MemoryClient(shared), MemoryClient(shared)
        await first.log_in()
        await second.log_in()
        whole = await second.ask("RETR 1")
        third = MemoryClient(shared)
        await third.log_in()
        await first.ask("DELE 1")
        await first.ask("QUIT")
        assert await third.ask("RETR 1") == whole
        assert "\r\nfirst\r\n.\r\n" in await third.ask("TOP 1 1")
        await third.ask("DELE 1")
        assert (await third.ask("QUIT")).startswith("+OK")


async def test_what_is_gone_for_good_is_told_so(set_limit: SetLimit, anna: int) -> None:
    set_limit(limits.UNDELETE_DAYS, 0)
    await aio.call(set_policy, anna, action="delete", hide_days=0, marks_seen=True)
    async with new_shared() as shared:
        first, second = MemoryClient(shared), MemoryClient(shared)
        await first.log_in()
        await second.log_in()
        await first.ask("DELE 3")
        await first.ask("QUIT")
        assert (await second.ask("RETR 3")).startswith("-ERR The message is gone")
        assert (await second.ask("RETR 1")).startswith("+OK")


async def test_lost_connection_deletes_nothing(anna: int) -> None:
    async with new_shared() as shared:
        client = MemoryClient(shared)
        await client.log_in()
        await client.ask("DELE 1")
        await client.close()
        assert (await MemoryClient(shared).log_in()).startswith("+OK 3 messages")


async def test_large_message_is_streamed_in_pieces(anna: int) -> None:
    body = b"".join(b".line %d\r\n" % number for number in range(60_000))
    message = b"Subject: large\r\n\r\n" + body
    await aio.call(deliver, anna, message)
    async with new_shared() as shared:
        client = MemoryClient(shared)
        await client.log_in()
        pieces: list[int] = []
        write = client.output.write

        def note(data: bytes) -> None:
            pieces.append(len(data))
            write(data)

        client.output.write = note  # type: ignore[method-assign]
        told = (await client.ask("RETR 4")).encode()
        head, _, rest = told.partition(b"\r\n")
        assert head == b"+OK %d octets" % len(message)
        assert rest == message.replace(b"\n.", b"\n..") + b".\r\n"
        assert max(pieces) < 400_000
        top = (await client.ask("TOP 4 2")).encode()
        assert top.endswith(b"\r\n\r\n..line 0\r\n..line 1\r\n.\r\n")


async def test_revoked_session_ends_at_its_next_command(anna: int) -> None:
    async with new_shared() as shared:
        client = MemoryClient(shared)
        await client.log_in()
        await client.ask("DELE 1")
        await aio.call(auth.end_sessions, anna)
        while not client.session.closing:
            told = await client.ask("NOOP")
            await asyncio.sleep(0)
        assert told.startswith("-ERR [AUTH] The session was revoked")


async def test_app_password_needs_the_scope(anna: int) -> None:
    allowed, other = [
        await aio.call(auth.create_app_password, anna, scope, frozenset({scope}))
        for scope in ("pop3", "imap")
    ]
    async with new_shared() as shared:
        assert (await MemoryClient(shared).log_in(password=allowed)).startswith("+OK 3")
        assert (await MemoryClient(shared).log_in(password=other)).startswith("-ERR [AUTH]")


async def test_nothing_is_carried_over_into_tls_on_sockets() -> None:
    async with new_shared() as shared, tcp_server(shared, secure=False) as connect:
        client = await connect()
        await client.receive()
        client.buffer.clear()
        await client.send(b"STLS\r\nNOOP\r\nLANG\r\n")
        await client.receive()
        assert client.buffer == b"+OK Begin TLS now.\r\n"
        client.buffer.clear()
        await client.start_tls()
        await client.send(b"CAPA\r\n")
        await client.receive()
        assert client.buffer.startswith(b"+OK What there is:\r\n")
        await client.close()
