"""A mail server in front of ours: hands messages over by LMTP, pipelined (RFC 2033, RFC 2920)."""

import contextlib
import socket
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import BinaryIO, Self

CONNECTIONS = 8


class LmtpClient:
    """One connection; the messages of one `deliver` wait for each other's replies only."""

    def __init__(self, port: int, name: str) -> None:
        self._stack = contextlib.ExitStack()
        self._socket = self._stack.enter_context(socket.create_connection(("127.0.0.1", port), 60))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._file: BinaryIO = self._stack.enter_context(self._socket.makefile("rb"))
        self._expect(b"220")
        self._socket.sendall(b"LHLO %b\r\n" % name.encode())
        assert b"PIPELINING" in self._expect(b"250")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stack.close()

    def deliver(self, messages: Iterable[tuple[str, bytes]], recipients: Sequence[str]) -> int:
        """Deliver (sender, message) to all recipients; return how many were taken by all.

        The end of a message and the commands of the next one are one write.
        """
        count = 0
        ending = b""
        for sender, message in messages:
            self._socket.sendall(ending + _commands(sender, recipients))
            self._expect_delivered(recipients if ending else ())
            self._expect(*[b"250"] * (1 + len(recipients)), b"354")
            ending = _stuffed(message)
            count += 1
        self._socket.sendall(ending + b"QUIT\r\n")
        self._expect_delivered(recipients if ending else ())
        self._expect(b"221")
        return count

    def _expect_delivered(self, recipients: Sequence[str]) -> None:
        self._expect(*[b"250"] * len(recipients))

    def _expect(self, *codes: bytes) -> bytes:
        """Read a reply for each code; return the last one."""
        reply = b""
        for code in codes:
            reply = b"".join(self._reply())
            assert reply.startswith(code), (code, reply)
        return reply

    def _reply(self) -> Iterator[bytes]:
        while True:
            line = self._file.readline()
            assert line, "the server closed the connection"
            yield line
            if line[3:4] != b"-":
                return


def _commands(sender: str, recipients: Sequence[str]) -> bytes:
    lines = [f"MAIL FROM:<{sender}>", *(f"RCPT TO:<{to}>" for to in recipients), "DATA", ""]
    return "\r\n".join(lines).encode()


def _stuffed(message: bytes) -> bytes:
    """Return a message of CRLF lines as DATA carries it, with its end."""
    stuffed = message.replace(b"\r\n.", b"\r\n..")
    return (b"." if message.startswith(b".") else b"") + stuffed + b".\r\n"


def deliver_all(port: int, messages: Sequence[bytes], recipients: Sequence[str]) -> None:
    """Deliver messages over several connections; the sender of each tells its number."""

    def deliver_share(first: int) -> int:
        share = range(first, len(messages), CONNECTIONS)
        with LmtpClient(port, "relay.example") as client:
            return client.deliver(((sender_of(i), messages[i]) for i in share), recipients)

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        assert sum(pool.map(deliver_share, range(CONNECTIONS))) == len(messages)


def sender_of(number: int) -> str:
    """Return the address that message `number` of `deliver_all` comes from."""
    return f"message-{number}@sender.example"
