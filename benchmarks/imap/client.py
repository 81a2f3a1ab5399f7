"""An IMAP client that costs next to nothing, so that a figure is the server's.

It reads octets until the last line that came in is the tagged response: tags are random enough
that no literal ends in one. What came back is counted and parsed afterwards, outside the timing.
"""

import contextlib
import secrets
import socket
from collections.abc import Iterator, Sequence
from threading import Thread
from types import TracebackType
from typing import Self

CHUNK = 1 << 18
TIMEOUT = 600.0


class Refused(Exception):
    """The server's tagged response is not OK."""


class Client:
    """One connection that is logged in; leaving its block logs out."""

    def __init__(self, port: int, user: str, password: str) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), TIMEOUT)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._prefix = secrets.token_hex(4).encode()
        self._count = 0
        self._chunk = bytearray(CHUNK)
        self.answer = bytearray()
        """What came in since the last command was sent."""
        self.await_line(b"* OK")
        self.command(b"LOGIN %b %b" % (_quoted(user), _quoted(password)))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is None:
            self.command(b"LOGOUT")
        self._socket.close()

    def command(self, line: bytes) -> bytearray:
        """Send a command, and return all of its answer; raises `Refused`."""
        tag = self.next_tag()
        self.send(tag + b" " + line + b"\r\n")
        return self.finish(tag)

    def append(self, mailbox: bytes, message: bytes) -> None:
        """Append with a synchronizing literal, as most clients do."""
        tag = self.next_tag()
        self.send(b"%b APPEND %b {%d}\r\n" % (tag, mailbox, len(message)))
        self.await_line(b"+ ", tag)
        self.send(message + b"\r\n")
        self.finish(tag)

    def append_pipelined(self, mailbox: bytes, messages: Sequence[bytes]) -> None:
        """Append without waiting for the answers in between (LITERAL+)."""
        tags = [self.next_tag() for _ in messages]
        head = b" APPEND " + mailbox
        commands = b"".join(
            b"%b%b {%d+}\r\n%b\r\n" % (tag, head, len(message), message)
            for tag, message in zip(tags, messages, strict=True)
        )
        sender = Thread(target=self.send, args=(commands,))
        sender.start()
        answer = self.finish(tags[-1])
        sender.join()
        if answer.count(b" OK ") < len(tags):
            raise Refused(answer.decode("latin-1"))

    def next_tag(self) -> bytes:
        """Return a tag that no message holds."""
        self._count += 1
        return b"%b.%d" % (self._prefix, self._count)

    def send(self, octets: bytes) -> None:
        """Send, and forget the answer before."""
        self.answer.clear()
        self._socket.sendall(octets)

    def finish(self, tag: bytes) -> bytearray:
        """Read until the tagged response; raises `Refused` where it is not OK."""
        answer = self.answer
        start = 0
        while not answer.endswith(b"\r\n") or not answer.startswith(tag, start):
            self.receive()
            start = answer.rfind(b"\n", 0, -2) + 1
        if not answer.startswith(b" OK", start + len(tag)):
            raise Refused(answer[start:].decode("latin-1").strip())
        return answer

    def await_line(self, opening: bytes, tag: bytes = b"") -> None:
        """Read until a line begins with `opening`; a tagged response instead is a refusal."""
        while not any(line.startswith(opening) for line in self.answer.splitlines()):
            if tag and self.answer.startswith(tag):
                raise Refused(self.answer.decode("latin-1").strip())
            self.receive()

    def receive(self) -> None:
        """Read what is there."""
        count = self._socket.recv_into(self._chunk)
        if not count:
            raise Refused(f"The server closed the connection: {self.answer[-200:]!r}")
        self.answer += memoryview(self._chunk)[:count]

    @contextlib.contextmanager
    def idling(self) -> Iterator[None]:
        """Send IDLE, and DONE at the end of the block."""
        tag = self.next_tag()
        self.send(tag + b" IDLE\r\n")
        self.await_line(b"+ ", tag)
        yield
        self.send(b"DONE\r\n")
        self.finish(tag)


def _quoted(text: str) -> bytes:
    return b'"%b"' % text.encode().replace(b"\\", b"\\\\").replace(b'"', b'\\"')
