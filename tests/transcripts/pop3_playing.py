"""How POP3 is played in tests: sessions in memory or on sockets."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from groupware.core import aio
from groupware.core.hub import Hub
from mail import queries
from mail.pop3.handlers import HANDLERS
from mail.pop3.limits import Limits
from mail.pop3.server import Pop3Protocol, Server
from mail.pop3.session import Session, Shared
from mail.services import messages
from tests.transcripts import lines
from tests.transcripts.drivers import Client
from tests.transcripts.lines import PASSWORD, Connect, Turn, listening, new_tls

MESSAGES = (
    b"Subject: one\r\n\r\nfirst\r\nsecond\r\nthird\r\n",
    b"Subject: two\r\n\r\n.\r\n..\r\n.a line with a dot\r\nno line end at the end",
    b"Subject: three\r\nX-Last: a header\r\n",
)


def deliver(account_id: int, message: bytes) -> None:
    inbox = queries.get_mailbox(account_id, "INBOX")
    messages.append_message(account_id, inbox.collection_id, messages.prepare_message(message))


@asynccontextmanager
async def new_shared(limits: Limits | None = None) -> AsyncIterator[Shared]:
    hub = Hub(asyncio.get_running_loop(), aio.read)
    hub.start()
    shared = Shared(HANDLERS, hub, limits or Limits())
    try:
        yield shared
        for marks in list(shared.marking):
            await marks.settle()
    finally:
        await hub.close()


class MemoryClient(lines.MemoryClient):
    """A session of POP3."""

    session: Session

    def __init__(self, shared: Shared, *, secure: bool = True, size: int = 1 << 20) -> None:
        super().__init__(size)
        self.session = Session(shared, self.output, secure=secure, network="192.0.2.1")
        self.session.greet("mail.example")

    async def log_in(self, name: str = "anna", password: str = PASSWORD) -> str:
        await self.ask(f"USER {name}@team.example")
        return await self.ask(f"PASS {password}")


async def play(client: Client, turns: list[Turn]) -> None:
    """Play a transcript, at whose end the server closes."""
    await lines.play(client, turns)
    assert not await client.receive(), "the connection is not closed"
    assert not client.buffer


def tcp_server(shared: Shared, *, secure: bool) -> AbstractAsyncContextManager[Connect]:
    """Yield what opens a connection to a server on sockets."""
    tls = new_tls()
    server = Server(shared, tls)
    accept = lambda: Pop3Protocol(server, secure=secure)  # noqa: E731
    return listening(server, accept, tls if secure else None)
