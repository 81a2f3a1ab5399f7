"""A POP3 client that costs next to nothing, so that a figure is the server's.

It reads octets until an answer is whole and looks at nothing else in it.
"""

import socket
from collections.abc import Sequence
from threading import Thread
from types import TracebackType
from typing import Self

from benchmarks.imap.client import CHUNK, TIMEOUT, Refused

END = b"\r\n.\r\n"


class Client:
    """One connection that is logged in; leaving its block is QUIT."""

    def __init__(self, port: int, user: str, password: str) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), TIMEOUT)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._chunk = bytearray(CHUNK)
        self.answer = bytearray()
        """What came in since the last command was sent."""
        self._await(b"\r\n")
        self.command(b"USER " + user.encode())
        self.command(b"PASS " + password.encode())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is None:
            self.command(b"QUIT")
        self._socket.close()

    def command(self, line: bytes, end: bytes = b"\r\n") -> bytearray:
        """Send a command, and return its answer; raises `Refused`."""
        self.answer.clear()
        self._socket.sendall(line + b"\r\n")
        return self._await(end)

    def fetch(self, line: bytes) -> bytearray:
        """Send a command that is answered with many lines, and return them."""
        return self.command(line, END)

    def fetch_pipelined(self, lines: Sequence[bytes]) -> int:
        """Send all commands without waiting for answers; return how many octets come."""
        sender = Thread(target=self._socket.sendall, args=(b"\r\n".join([*lines, b""]),))
        sender.start()
        left, octets, tail = len(lines), 0, b""
        while left > 0:
            count = self._socket.recv_into(self._chunk)
            if not count:
                raise Refused("The server closed the connection.")
            octets += count
            # What was looked at is shorter than the end, so that none counts twice.
            came = tail + self._chunk[:count]
            left -= came.count(END)
            tail = came[1 - len(END) :]
        sender.join()
        return octets

    def _await(self, end: bytes) -> bytearray:
        answer = self.answer
        while not answer.endswith(end):
            if answer.startswith(b"-") and answer.endswith(b"\r\n"):
                raise Refused(answer.decode("latin-1").strip())
            count = self._socket.recv_into(self._chunk)
            if not count:
                raise Refused(f"The server closed the connection: {answer[-200:]!r}")
            answer += memoryview(self._chunk)[:count]
        if answer.startswith(b"-"):
            raise Refused(answer.decode("latin-1").strip())
        return answer
