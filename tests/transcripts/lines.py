"""Protocols of lines, SMTP and POP3: their transcripts, and their sessions in memory or on sockets."""

import asyncio
import re
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from django.conf import settings

from groupware.core.accepting import Acceptor
from groupware.core.tls import TlsContext, ensure_certificate, own_certificate_files
from tests.transcripts.drivers import Client, MemoryOutput, TcpClient, trusting_context

PASSWORD = "a good password"


@dataclass
class Turn:
    """What the client sends at once, and the lines that must come back."""

    sent: bytes = b""
    begins_tls: bool = False
    expected: list[str] = field(default_factory=list)


def read_transcript(path: Path) -> tuple[bool, list[Turn]]:
    r"""Return whether the transcript begins in TLS, and its turns.

    `C:` is a line that the client sends and waits for, `P:` one that it sends without waiting, `O:`
    octets without an end of line (`\r`, `\n` and `\0` as in Python), `S:` a regular expression that
    the server's next line must match. `@plain` begins without TLS, `@tls` is the client's half of
    STARTTLS or STLS.
    """
    secure, turns = True, [Turn()]
    for line in path.read_text("utf-8").splitlines():
        kind, _, text = line.partition(":")
        text = text.removeprefix(" ")
        if line == "@plain":
            secure = False
        elif line == "@tls":
            turns.append(Turn(begins_tls=True))
        elif kind in ("C", "P", "O"):
            if turns[-1].expected:
                turns.append(Turn())
            turns[-1].sent += _octets(text) if kind == "O" else text.encode() + b"\r\n"
        elif kind == "S":
            turns[-1].expected.append(text)
    return secure, turns


def _octets(text: str) -> bytes:
    named = {"r": b"\r", "n": b"\n", "0": b"\0", "\\": b"\\"}
    return b"".join(
        named[piece[1]] if piece.startswith("\\") else piece.encode()
        for piece in re.findall(r"\\.|[^\\]+", text)
    )


async def play(client: Client, turns: list[Turn]) -> None:
    """Play a transcript; nothing comes that it does not expect."""
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
        assert not client.buffer, f"nobody expected {bytes(client.buffer)!r} after {turn.sent!r}"


class MemoryClient:
    """A session without a socket, fed `size` octets at a time."""

    session: Any

    def __init__(self, size: int) -> None:
        self.output = MemoryOutput()
        self.buffer = self.output.buffer
        self._size = size

    async def send(self, data: bytes) -> None:
        for start in range(0, len(data), self._size):
            self.session.connection.receive(data[start : start + self._size])
            await self.session.work()

    async def receive(self) -> bool:
        return False

    async def start_tls(self) -> None:
        return

    def start_compression(self) -> None:
        raise NotImplementedError("no protocol of lines has it")

    async def close(self) -> None:
        self.session.close()

    async def ask(self, *lines: str) -> str:
        """Send lines and return all that came."""
        self.buffer.clear()
        await self.send("".join(f"{line}\r\n" for line in lines).encode())
        return self.buffer.decode()


class LineServer(Protocol):
    """What listens."""

    def start(self) -> None: ...

    async def stop(self) -> None: ...


Connect = Callable[[], "asyncio.Future[TcpClient]"]


def new_tls() -> TlsContext:
    """Return the TLS of a server, with a certificate that the clients of tests trust."""
    ensure_certificate(settings.GROUPWARE_DATA, ["localhost"])
    return TlsContext(*own_certificate_files(settings.GROUPWARE_DATA))


@asynccontextmanager
async def listening(
    server: LineServer,
    accept: Callable[[], asyncio.BaseProtocol],
    tls: TlsContext | None,
) -> AsyncIterator[Connect]:
    """Yield what opens a connection to a server on sockets, in TLS where that is given."""
    server.start()
    held = socket.create_server(("127.0.0.1", 0))
    port = int(held.getsockname()[1])
    context = tls.context if tls else None
    listener = Acceptor(held, accept, lambda: 0, is_shared=False, ssl=context)

    def connect() -> "asyncio.Future[TcpClient]":
        return asyncio.ensure_future(TcpClient.open(port, trusting_context() if tls else None))

    try:
        yield connect
    finally:
        listener.close()
        await server.stop()
