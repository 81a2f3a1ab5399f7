"""IMAP and LMTP as a client speaks them that wants to know exactly what it was told."""

import re
import socket
from collections.abc import Iterator
from types import TracebackType
from typing import Self

TIMEOUT = 30


class Refused(Exception):
    """The server said no, which none of these clients gives it a reason for."""


class Wire:
    """A connection of lines; raises `ConnectionError` where it breaks."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), TIMEOUT)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._read = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._socket.close()

    def _send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def _line(self) -> bytes:
        """Return the next whole line; one that was cut off was not told."""
        while b"\r\n" not in self._read:
            data = self._socket.recv(65536)
            if not data:
                raise ConnectionResetError("the server closed the connection")
            self._read += data
        line, _, self._read = self._read.partition(b"\r\n")
        return line


class ImapWire(Wire):
    """A logged-in IMAP connection."""

    def __init__(self, port: int, login: str, password: str) -> None:
        super().__init__(port)
        self._count = 0
        self._mailbox = ""
        try:
            self._line()
            self.command(f"LOGIN {login} {password}")
            self.command("ENABLE CONDSTORE")
        except BaseException:
            self._socket.close()
            raise

    def command(self, text: str, literal: bytes | None = None) -> list[bytes]:
        """Send a command in one write and return every line of its positive answer."""
        self._count += 1
        tag = b"t%d" % self._count
        tail = b"" if literal is None else b" {%d+}\r\n%b" % (len(literal), literal)
        self._send(tag + b" " + text.encode() + tail + b"\r\n")
        lines = [self._line()]
        while not lines[-1].startswith(tag + b" "):
            lines.append(self._line())
        if not lines[-1].startswith(tag + b" OK"):
            raise Refused(f"{text[:200]}: {lines[-1]!r}")
        return lines

    def select(self, mailbox: str) -> None:
        """Select a mailbox where it is not selected already."""
        if mailbox != self._mailbox:
            self.command(f"SELECT {mailbox}")
            self._mailbox = mailbox

    def numbers(self, pattern: bytes, text: str, literal: bytes | None = None) -> list[int]:
        """Send a command and return the numbers of the first line that has `pattern`; [] for none.

        Each `#` in it stands for a number.
        """
        searched = re.escape(pattern).replace(rb"\#", rb"(\d+)")
        for line in self.command(text, literal):
            if found := re.search(searched, line):
                return [int(number) for number in found.groups()]
        return []


class LmtpWire(Wire):
    """An LMTP connection."""

    def __init__(self, port: int) -> None:
        super().__init__(port)
        try:
            self._expect(b"220")
            self._send(b"LHLO client.example.test\r\n")
            self._expect(b"250")
        except BaseException:
            self._socket.close()
            raise

    def deliver(self, message: bytes, recipients: list[str]) -> Iterator[str]:
        """Deliver one message; yield each recipient as soon as it was taken for that one."""
        names = [f"RCPT TO:<{recipient}>" for recipient in recipients]
        self._send("\r\n".join(["MAIL FROM:<a@example.test>", *names, "DATA", ""]).encode())
        for code in (*[b"250"] * (1 + len(names)), b"354"):
            self._expect(code)
        self._send(message + b".\r\n")  # base64 in it, so no line begins with a dot
        for recipient in recipients:
            self._expect(b"250")
            yield recipient

    def _expect(self, code: bytes) -> None:
        line = self._line()
        while line[3:4] == b"-":
            line = self._line()
        if not line.startswith(code):
            raise Refused(f"{code!r} was expected: {line!r}")
