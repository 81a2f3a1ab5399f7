"""How POP3 is played in tests: sessions in memory or on sockets, and transcripts read."""

import asyncio
import re
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings

from groupware.core import aio
from groupware.core.hub import Hub
from groupware.core.tls import TlsContext, ensure_certificate, own_certificate_files
from mail import queries
from mail.pop3.handlers import HANDLERS
from mail.pop3.limits import Limits
from mail.pop3.server import Pop3Protocol, Server
from mail.pop3.session import Session, Shared
from mail.services import messages
from tests.transcripts.drivers import Client, MemoryOutput, TcpClient, trusting_context

PASSWORD = "a good password"
MESSAGES = (
    b"Subject: one\r\n\r\nfirst\r\nsecond\r\nthird\r\n",
    b"Subject: two\r\n\r\n.\r\n..\r\n.a line with a dot\r\nno line end at the end",
    b"Subject: three\r\nX-Last: a header\r\n",
)


@dataclass
class Turn:
    """What the client sends at once, and the lines that must come back."""

    sent: bytes = b""
    begins_tls: bool = False
    expected: list[str] = field(default_factory=list)


def read_transcript(path: Path) -> tuple[bool, list[Turn]]:
    """Return whether the transcript begins in TLS, and its turns."""
    secure, turns = True, [Turn()]
    for line in path.read_text("utf-8").splitlines():
        kind, _, text = line.partition(":")
        if line == "@plain":
            secure = False
        elif line == "@tls":
            turns.append(Turn(begins_tls=True))
        elif kind in ("C", "P"):
            if turns[-1].expected:
                turns.append(Turn())
            turns[-1].sent += text.removeprefix(" ").encode() + b"\r\n"
        elif kind == "S":
            turns[-1].expected.append(text.removeprefix(" "))
    return secure, turns


def deliver(account_id: int, message: bytes) -> None:
    inbox = queries.get_mailbox(account_id, "INBOX")
    messages.append_message(account_id, inbox.collection_id, messages.prepare_message(message))


@asynccontextmanager
async def new_shared(limits: Limits | None = None) -> AsyncIterator[Shared]:
    hub = Hub(asyncio.get_running_loop(), aio.read)
    hub.start()
    shared = Shared(HANDLERS, hub, limits or Limits())
    yield shared
    for marks in list(shared.marking):
        await marks.settle()
    await hub.close()


class MemoryClient:
    """A session without a socket, fed `size` octets at a time."""

    def __init__(self, shared: Shared, *, secure: bool = True, size: int = 1 << 20) -> None:
        self.output = MemoryOutput()
        self.buffer = self.output.buffer
        self._size = size
        self.session = Session(shared, self.output, secure=secure, network="192.0.2.1")
        self.session.greet("mail.example")

    async def send(self, data: bytes) -> None:
        for start in range(0, len(data), self._size):
            self.session.connection.receive(data[start : start + self._size])
            await self.session.work()

    async def receive(self) -> bool:
        return False

    async def start_tls(self) -> None:
        return

    def start_compression(self) -> None:
        raise NotImplementedError("POP3 has none")

    async def close(self) -> None:
        self.session.close()

    async def ask(self, line: str) -> str:
        """Send a line and return all that came."""
        self.buffer.clear()
        await self.send(f"{line}\r\n".encode())
        return self.buffer.decode()

    async def log_in(self, name: str = "anna", password: str = PASSWORD) -> str:
        await self.ask(f"USER {name}@team.example")
        return await self.ask(f"PASS {password}")


async def play(client: Client, turns: list[Turn]) -> None:
    for turn in turns:
        if turn.begins_tls:
            await client.start_tls()
        await client.send(turn.sent)
        for expected in turn.expected:
            while b"\n" not in client.buffer:
                assert await client.receive(), f"{expected!r} never came after {turn.sent!r}"
            line, _, rest = bytes(client.buffer).partition(b"\r\n")
            client.buffer[:] = rest
            assert re.fullmatch(expected, line.decode()), f"{expected!r}, but came {line!r}"
    assert not client.buffer
    assert not await client.receive(), "the connection is not closed"
    assert not client.buffer


@asynccontextmanager
async def tcp_server(
    shared: Shared, *, secure: bool
) -> AsyncIterator[Callable[[], "asyncio.Future[TcpClient]"]]:
    """Yield what opens a connection to a server on sockets."""
    ensure_certificate(settings.GROUPWARE_DATA, ["localhost"])
    tls = TlsContext(*own_certificate_files(settings.GROUPWARE_DATA))
    server = Server(shared, tls)
    server.start()
    listening = socket.create_server(("127.0.0.1", 0))
    port = int(listening.getsockname()[1])
    [listener] = await aio.listen(
        lambda: Pop3Protocol(server, secure=secure),
        [listening],
        ssl=tls.context if secure else None,
    )

    def connect() -> "asyncio.Future[TcpClient]":
        context = trusting_context() if secure else None
        return asyncio.ensure_future(TcpClient.open(port, context))

    try:
        yield connect
    finally:
        listener.close()
        await server.stop()
