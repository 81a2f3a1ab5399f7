"""How a transcript's clients reach the server: in memory, or over TCP."""

import asyncio
import ssl
import zlib
from typing import Protocol

from mail.imap.conversation import Conversation
from mail.imap.session import Shared

TIMEOUT = 5.0


class Client(Protocol):
    """One client; `buffer` is what came and was not yet looked at."""

    buffer: bytearray

    async def send(self, data: bytes) -> None:
        """Send, and wait until the server has nothing to do where that can be known."""

    async def receive(self) -> bool:
        """Wait for more; False when the server has closed or nothing comes."""

    async def start_tls(self) -> None:
        """Do the client's half of STARTTLS."""

    def start_compression(self) -> None:
        """Deflate what is sent from now on, and inflate what comes."""

    async def close(self) -> None:
        """Go away."""


class MemoryOutput:
    """What a session in memory writes to."""

    def __init__(self) -> None:
        self.buffer = bytearray()
        self.closed = False
        self.told = asyncio.Event()

    def write(self, data: bytes) -> None:
        self.buffer += data
        self.told.set()

    def flush(self) -> None:
        return

    async def drain(self) -> None:
        return

    async def start_tls(self) -> None:
        return

    def start_compression(self, ahead: bytes) -> None:
        raise NotImplementedError("compression is the transport's")

    def close(self) -> None:
        self.closed = True
        self.told.set()

    def abort(self) -> None:
        self.close()


class MemoryClient:
    """A conversation without a socket, fed `size` octets at a time."""

    def __init__(self, shared: Shared, *, secure: bool, size: int) -> None:
        self._output = MemoryOutput()
        self.buffer = self._output.buffer
        self._size = size
        self._task: asyncio.Task[None] | None = None
        self._conversation = Conversation(
            shared, self._output, self._wake, secure=secure, network="192.0.2.1"
        )
        self._conversation.greet()

    async def send(self, data: bytes) -> None:
        for start in range(0, len(data), self._size):
            await self._settle()
            self._conversation.receive(data[start : start + self._size])
            self._wake()
        await self._settle()

    async def receive(self) -> bool:
        output = self._output
        if output.closed:
            return False
        output.told.clear()
        try:
            async with asyncio.timeout(TIMEOUT):
                await output.told.wait()
        except TimeoutError:
            return False
        return True

    async def start_tls(self) -> None:
        return

    def start_compression(self) -> None:
        raise NotImplementedError("compression is the transport's")

    async def close(self) -> None:
        await self._settle()
        self._conversation.session.close()

    def _wake(self) -> None:
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._work())

    async def _work(self) -> None:
        try:
            while self._conversation.has_work:
                await self._conversation.work()
        finally:
            self._task = None

    async def _settle(self) -> None:
        while self._task is not None:
            await asyncio.wait([self._task])


class TcpClient:
    """A client on a socket."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.buffer = bytearray()
        self._reader = reader
        self._writer = writer
        self._deflate: zlib._Compress | None = None
        self._inflate: zlib._Decompress | None = None

    @classmethod
    async def open(cls, port: int, context: ssl.SSLContext | None) -> "TcpClient":
        """Connect, over TLS where there is a context."""
        return cls(*await asyncio.open_connection("127.0.0.1", port, ssl=context))

    async def send(self, data: bytes) -> None:
        if self._deflate is not None:
            data = self._deflate.compress(data) + self._deflate.flush(zlib.Z_SYNC_FLUSH)
        self._writer.write(data)
        await self._writer.drain()

    async def receive(self) -> bool:
        try:
            async with asyncio.timeout(TIMEOUT):
                data = await self._reader.read(65_536)
        except TimeoutError:
            return False
        self.buffer += data if self._inflate is None else self._inflate.decompress(data)
        return bool(data)

    async def start_tls(self) -> None:
        await self._writer.start_tls(trusting_context())

    def start_compression(self) -> None:
        self._deflate = zlib.compressobj(wbits=-zlib.MAX_WBITS)
        self._inflate = zlib.decompressobj(-zlib.MAX_WBITS)
        early = bytes(self.buffer)
        self.buffer[:] = self._inflate.decompress(early)

    async def close(self) -> None:
        self._writer.close()


def trusting_context() -> ssl.SSLContext:
    """Return a context for a client that trusts anybody: the certificate is its own maker's."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
