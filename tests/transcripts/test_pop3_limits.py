"""Limits of POP3: each moved by its setting, and what clients are told then."""

from collections.abc import AsyncIterator

import pytest

from groupware.core import aio, auth, limits
from mail.pop3.connection import Connection
from mail.pop3.limits import configured_limits
from mail.pop3.server import Pop3Protocol, Server
from mail.pop3.session import Shared
from tests.conftest import SetLimit
from tests.transcripts.drivers import TcpClient
from tests.transcripts.lines import PASSWORD
from tests.transcripts.pop3_playing import MemoryClient, new_shared, tcp_server

pytestmark = pytest.mark.usefixtures("anna")


async def test_bad_commands_in_a_row_end_the_session(set_limit: SetLimit) -> None:
    set_limit(limits.POP3_ERRORS, 2)
    async with new_shared(configured_limits()) as shared:
        client = MemoryClient(shared)
        for _ in range(2):
            await client.ask("FOO")
            await client.ask("CAPA")
        assert not client.session.closing
        for _ in range(3):
            told = await client.ask("FOO")
        assert told == "-ERR Too many errors: closing the connection.\r\n"
        assert client.session.closing


async def test_failed_logins_end_the_session(set_limit: SetLimit) -> None:
    set_limit(limits.POP3_FAILED_LOGINS, 2)
    async with new_shared(configured_limits()) as shared:
        client = MemoryClient(shared)
        assert (await client.log_in(password="wrong")).startswith("-ERR [AUTH] The address")
        assert (await client.log_in(password="wrong")).startswith("-ERR [AUTH] Too many")
        assert client.session.closing


async def test_line_over_the_limit_is_refused_and_not_kept(set_limit: SetLimit) -> None:
    set_limit(limits.POP3_LINE, 300)
    async with new_shared(configured_limits()) as shared:
        client = MemoryClient(shared, size=100)
        assert await client.ask("USER " + "x" * 290) == "+OK Now the password.\r\n"
        assert await client.ask("USER " + "x" * 900) == "-ERR The line is too long.\r\n"
        assert (await client.log_in()).startswith("+OK 3")


async def test_account_has_so_many_sessions_at_most(set_limit: SetLimit) -> None:
    set_limit(limits.POP3_SESSIONS, 1)
    async with new_shared(configured_limits()) as shared:
        first, second = MemoryClient(shared), MemoryClient(shared)
        assert (await first.log_in()).startswith("+OK 3")
        assert (await second.log_in()).startswith("-ERR [SYS/TEMP] The account has too many")
        assert (await MemoryClient(shared).log_in("ben")).startswith("+OK 0")
        await first.ask("QUIT")
        assert (await second.log_in()).startswith("+OK 3")
        await second.close()


async def test_session_sees_the_newest_messages_up_to_the_limit(set_limit: SetLimit) -> None:
    set_limit(limits.POP3_MESSAGES, 2)
    async with new_shared() as shared:
        client = MemoryClient(shared)
        assert (await client.log_in()).startswith("+OK 2 messages")
        assert "Subject: two" in await client.ask("RETR 1")


async def test_login_delay_is_announced_and_held_by_password(
    set_limit: SetLimit, anna: int
) -> None:
    set_limit(limits.POP3_LOGIN_DELAY, 600)
    other = await aio.call(auth.create_app_password, anna, "phone", frozenset({"pop3"}))
    async with new_shared(configured_limits()) as shared:
        client = MemoryClient(shared)
        assert "\r\nLOGIN-DELAY 600\r\n" in await client.ask("CAPA")
        assert (await client.log_in()).startswith("+OK 3")
        again = MemoryClient(shared)
        assert (await again.log_in()).startswith("-ERR [LOGIN-DELAY] Wait 600 seconds")
        assert (await again.log_in(password=other)).startswith("+OK 3")


async def test_connections_have_a_limit(set_limit: SetLimit) -> None:
    set_limit(limits.POP3_CONNECTIONS, 1)
    async with new_shared(configured_limits()) as shared:
        assert [await greeting(client) async for client in opened(shared, 2)] == ["+OK", "-ERR"]


async def test_connections_before_login_have_a_limit(set_limit: SetLimit) -> None:
    set_limit(limits.POP3_CONNECTIONS_BEFORE_LOGIN, 1)
    async with new_shared(configured_limits()) as shared:
        assert [await greeting(client) async for client in opened(shared, 2)] == ["+OK", "-ERR"]


async def opened(shared: Shared, number: int) -> AsyncIterator[TcpClient]:
    async with tcp_server(shared, secure=False) as connect:
        clients = []
        for _ in range(number):
            clients.append(await connect())
            yield clients[-1]
        for client in clients:
            await client.close()


async def greeting(client: TcpClient) -> str:
    await client.receive()
    return client.buffer.decode().partition(" ")[0]


class Undrained(Pop3Protocol):
    """A connection without a transport, whose client takes everything."""

    async def drain(self) -> None:
        return

    def ends_at(self, moment: float) -> bool:
        """Tell whether the sweep at a moment ends the session."""
        self.check_timeouts(moment)
        return self.session.closing


async def test_silence_ends_the_session_without_a_word(set_limit: SetLimit) -> None:
    set_limit(limits.POP3_LOGIN_TIMEOUT, 60)
    set_limit(limits.POP3_IDLE_TIMEOUT, 600)
    async with new_shared(configured_limits()) as shared:
        server = Server(shared, None)
        held = Undrained(server, secure=True)
        assert [held.ends_at(held._opened + after) for after in (59, 61)] == [False, True]
        later = Undrained(server, secure=True)
        later.session.connection.receive(f"USER anna@team.example\r\nPASS {PASSWORD}\r\n".encode())
        await later.session.work()
        later._output.clear()
        assert [later.ends_at(later._active + after) for after in (599, 601)] == [False, True]
        assert later._output == []


async def test_client_that_takes_nothing_is_left(set_limit: SetLimit) -> None:
    set_limit(limits.POP3_WRITE_TIMEOUT, 5)
    async with new_shared(configured_limits()) as shared:
        held = Pop3Protocol(Server(shared, None), secure=True)
        aborted: list[bool] = []
        held.abort = lambda: aborted.append(True)  # type: ignore[method-assign]
        held.pause_writing()
        held.check_timeouts(held._write_blocked_since + 4)
        assert aborted == []
        held.check_timeouts(held._write_blocked_since + 6)
        assert aborted == [True]


def test_idle_time_is_ten_minutes_at_least() -> None:
    with pytest.raises(ValueError, match="at least 600"):
        limits.POP3_IDLE_TIMEOUT.parse("599")


def test_nothing_is_kept_of_a_line_that_never_ends() -> None:
    connection = Connection(300)
    for _ in range(100):
        connection.receive(b"x" * 200)
        assert connection.next_event() is None
        assert connection.buffered <= 500
