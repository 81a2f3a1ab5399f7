"""How SMTP and LMTP are played in tests: sessions in memory or on sockets, and transcripts read."""

import asyncio
import re
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings

from groupware.core import aio
from groupware.core.budget import UploadBudget
from groupware.core.tls import TlsContext, ensure_certificate, own_certificate_files
from mail.services import reception
from mail.smtp.fanning import FanOut
from mail.smtp.limits import ServerLimits
from mail.smtp.networks import Networks
from mail.smtp.server import Server
from mail.smtp.session import Session, Shared
from tests.transcripts.drivers import Client, MemoryOutput, TcpClient, trusting_context

PASSWORD = "a good password"
STRANGER = "192.0.2.1"


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
    STARTTLS.
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


def new_shared(limits: ServerLimits, *, allow_plaintext: bool = False) -> Shared:
    fan_out = FanOut(reception.begin_fan_out)
    return Shared(limits, Networks(limits), fan_out, allow_plaintext=allow_plaintext)


class MemoryClient:
    """A session without a socket, fed `size` octets at a time."""

    def __init__(
        self,
        role: type[Session],
        shared: Shared,
        *,
        secure: bool = True,
        size: int = 1 << 20,
        network: str = STRANGER,
    ) -> None:
        self.output = MemoryOutput()
        self.buffer = self.output.buffer
        self._size = size
        self.session = role(shared, self.output, secure=secure)
        self.session.network = network
        self.session.session_id = "s1"
        self.session.greet()

    async def send(self, data: bytes) -> None:
        for start in range(0, len(data), self._size):
            self.session.connection.receive(data[start : start + self._size])
            await self.session.work()

    async def receive(self) -> bool:
        return False

    async def start_tls(self) -> None:
        return

    def start_compression(self) -> None:
        raise NotImplementedError("SMTP has none")

    async def close(self) -> None:
        self.session.close()

    async def ask(self, *lines: str) -> str:
        """Send lines and return all that came."""
        self.buffer.clear()
        await self.send("".join(f"{line}\r\n" for line in lines).encode())
        return self.buffer.decode()

    async def codes(self, *lines: str) -> list[str]:
        """Send lines and return the first word or two of the last line of each reply."""
        told = (await self.ask(*lines)).splitlines()
        return [" ".join(line.split()[:2]) for line in told if line[3:4] == " "]


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
        assert not client.buffer, f"nobody expected {bytes(client.buffer)!r} after {turn.sent!r}"


@asynccontextmanager
async def tcp_server(
    role: type[Session], shared: Shared, *, secure: bool
) -> AsyncIterator[Callable[[], "asyncio.Future[TcpClient]"]]:
    """Yield what opens a connection to a server on sockets."""
    ensure_certificate(settings.GROUPWARE_DATA, ["localhost"])
    tls = TlsContext(*own_certificate_files(settings.GROUPWARE_DATA))
    server = Server(role, shared, UploadBudget(shared.limits.uploading), tls)
    server.start()
    listening = socket.create_server(("127.0.0.1", 0))
    port = int(listening.getsockname()[1])
    [listener] = await aio.listen(
        lambda: server.connect(secure=secure), [listening], ssl=tls.context if secure else None
    )

    def connect() -> "asyncio.Future[TcpClient]":
        context = trusting_context() if secure else None
        return asyncio.ensure_future(TcpClient.open(port, context))

    try:
        yield connect
    finally:
        listener.close()
        await server.stop()
