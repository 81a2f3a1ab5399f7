"""A client that hands messages over by SMTP or LMTP and costs next to nothing.

It pipelines the envelope with DATA (RFC 2920), sends the message when it is asked for it, and waits
for the last reply, which is the promise of the server, before it begins with the next one.
"""

import socket
from collections.abc import Iterable, Sequence
from types import TracebackType
from typing import Self

from benchmarks.imap.client import TIMEOUT, Refused

CHUNK = 1 << 16
SENDER = "bench@sender.example"


class Handover:
    """One connection that has said hello; leaving its block is QUIT."""

    def __init__(self, port: int, hello: str) -> None:
        self._is_lmtp = hello == "LHLO"
        self._buffer = b""
        self._socket = socket.create_connection(("127.0.0.1", port), TIMEOUT)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._expect(b"220")
        self._socket.sendall(f"{hello} relay.sender.example\r\n".encode())
        self._expect(b"250")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is None:
            self._socket.sendall(b"QUIT\r\n")
            self._expect(b"221")
        self._socket.close()

    def send(self, prepared: bytes, recipients: Sequence[str]) -> None:
        """Hand one message over to all recipients; raises `Refused`."""
        lines = [f"MAIL FROM:<{SENDER}> BODY=8BITMIME", *(f"RCPT TO:<{to}>" for to in recipients)]
        self._socket.sendall("\r\n".join([*lines, "DATA", ""]).encode())
        self._expect(*[b"250"] * len(lines), b"354")
        self._socket.sendall(prepared)
        self._expect(*[b"250"] * (len(recipients) if self._is_lmtp else 1))

    def send_all(self, messages: Iterable[bytes], recipients: Sequence[str]) -> None:
        """Hand messages over, one after the other."""
        for message in messages:
            self.send(message, recipients)

    def _expect(self, *codes: bytes) -> None:
        for code in codes:
            line = self._line()
            while line[3:4] == b"-":
                line = self._line()
            if not line.startswith(code):
                raise Refused(line.decode("latin-1"))

    def _line(self) -> bytes:
        while b"\n" not in self._buffer:
            data = self._socket.recv(CHUNK)
            if not data:
                raise Refused(f"The server closed the connection: {self._buffer!r}")
            self._buffer += data
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line


def prepare(message: bytes) -> bytes:
    """Return a message as DATA carries it, with its end: lines end in CRLF, dots are doubled."""
    lines = message.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    stuffed = b"\r\n".join(b"." + line if line.startswith(b".") else line for line in lines)
    return stuffed.removesuffix(b"\r\n") + b"\r\n.\r\n"
