"""One connection to another server: the client of the standard library, with every wait bounded.

Replies are read here, within a time and a size; MAIL and its RCPTs go in one piece where the
server has PIPELINING (RFC 2920); data goes in blocks that must keep a rate.
"""

import re
import smtplib
import socket
import ssl
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from groupware.core import limits
from groupware.core.clock import monotonic
from mail.flow.replies import Reply, found_out, read_reply
from mail.outbound.outgoing import Outgoing, WireRecipient

MAX_LINE = 4_096
MAX_LINES = 200
"""Of one reply: EHLO is the longest that there is."""
BLOCK = 64 << 10
BLOCK_SECONDS = 180.0
"""How long a block of the data may wait to be taken (RFC 5321 §4.5.3.2.5)."""
LOWEST_RATE = 8 << 10
"""Octets a second that a peer must take, after the time of one block."""

_BARE = re.compile(rb"\r(?!\n)|(?<!\r)\n")


@dataclass(frozen=True, slots=True)
class Waits:
    """How long a peer may take, in seconds."""

    connect: float
    command: float
    data: float


def usual_waits() -> Waits:
    """Return those of this installation."""
    return Waits(
        limits.QUEUE_CONNECT_TIMEOUT.value,
        limits.QUEUE_COMMAND_TIMEOUT.value,
        limits.QUEUE_DATA_TIMEOUT.value,
    )


class Client(smtplib.SMTP):
    """A connection. Whatever breaks it is an OSError; after one it is of no use any more.

    `is_waiting` is set while the server has the whole message and has not answered: breaking off
    then leaves open whether it was taken. `is_closing`: it said that it will hang up.
    """

    def __init__(self, name: str, waits: Waits) -> None:
        super().__init__(local_hostname=name)
        self._waits = waits
        self._patience = waits.command
        self._held = b""
        self.is_waiting = False
        self.is_closing = False
        self.messages = 0

    def open(
        self, host: str, address: tuple[str, int], source: str, tls: ssl.SSLContext | None
    ) -> Reply:
        """Connect to an address of `host` and return its greeting; raises OSError."""
        self._host = host
        local = (source, 0) if source else None
        self.sock = socket.create_connection(address, self._waits.connect, source_address=local)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if tls is not None:
            self.sock = tls.wrap_socket(self.sock, server_hostname=host)
        return read_reply(*self.getreply())

    def encrypt(self, tls: ssl.SSLContext) -> Reply:
        """Say STARTTLS, and EHLO within it; return the answer to the first. Raises OSError."""
        code, text = self.docmd("STARTTLS")
        if code != 220:
            return read_reply(code, text)
        if self._held:
            # What came before the handshake would be read as if it had come within it.
            raise smtplib.SMTPServerDisconnected("it sent more before TLS began")
        assert self.sock is not None
        self.sock.settimeout(self._waits.connect)
        self.sock = tls.wrap_socket(self.sock, server_hostname=self._host)
        self.helo_resp = self.ehlo_resp = None
        self.esmtp_features = {}
        self.does_esmtp = False
        return read_reply(code, text)

    def leave(self) -> None:
        """Say QUIT without waiting for an answer, and close."""
        with suppress(OSError):
            if self.sock is not None:
                self.sock.settimeout(1.0)
                self.sock.sendall(b"QUIT\r\n")
        self.close()

    def abort(self) -> None:
        """Break the connection off, from another thread."""
        sock = self.sock
        with suppress(OSError):
            if sock is not None:
                sock.shutdown(socket.SHUT_RDWR)

    def send(self, data: bytes | str) -> None:  # type: ignore[override]
        """Send within the time for a command."""
        if self.sock is not None:
            self.sock.settimeout(self._waits.command)
        super().send(data)

    def getreply(self) -> tuple[int, bytes]:
        """Return (code, lines joined by LF); raises OSError, also for what is no reply."""
        deadline = monotonic() + self._patience
        lines: list[bytes] = []
        while len(lines) < MAX_LINES:
            line = self._read_line(deadline)
            lines.append(line[4:].strip())
            if not re.match(rb"[2-5][0-9]{2}(?:[ -]|\Z)", line):
                break
            if line[3:4] != b"-":
                code = int(line[:3])
                self.is_closing = self.is_closing or code == 421
                return code, b"\n".join(lines)
        self.close()
        raise smtplib.SMTPServerDisconnected("what it answered is no reply of SMTP")

    def _read_line(self, deadline: float) -> bytes:
        while b"\n" not in self._held:
            left = deadline - monotonic()
            if self.sock is None or len(self._held) > MAX_LINE:
                break
            if left <= 0:
                raise TimeoutError("timed out")
            self.sock.settimeout(left)
            piece = self.sock.recv(MAX_LINE)
            if not piece:
                break
            self._held += piece
        line, newline, rest = self._held.partition(b"\n")
        if not newline:
            self.close()
            raise smtplib.SMTPServerDisconnected("it closed the connection")
        self._held = rest
        return line.rstrip(b"\r")

    def hand_over(
        self,
        message: Outgoing,
        recipients: Sequence[WireRecipient],
        replies: list[Reply | None],
    ) -> None:
        """Send a message to recipients; `replies`, one for each, are filled in as they come.

        Raises OSError where the connection broke: who has no reply by then has not got it, unless
        `is_waiting`.
        """
        accepted = self._say_envelope(message, recipients, replies)
        if not accepted:
            return
        code, text = self.docmd("DATA")
        if code != 354:
            answer = read_reply(code, text)
            if answer.is_success:
                answer = found_out("4.5.0", f"It answered DATA with {code}.")
        else:
            self._send_data(stuffed(message.data))
            answer = self._read_answer()
        for place in accepted:
            replies[place] = answer

    def _say_envelope(
        self,
        message: Outgoing,
        recipients: Sequence[WireRecipient],
        replies: list[Reply | None],
    ) -> list[int]:
        """Say MAIL and the RCPTs; return the places of those that were accepted."""
        features = self.esmtp_features
        mail = message.mail_command(features)
        commands = [mail, *(each.command(features) for each in recipients)]
        if "pipelining" in features:
            self.send(b"".join(commands))
            answers = [read_reply(*self.getreply()) for _ in commands]
        else:
            answers = self._say_each(commands)
        if not answers[0].is_success:
            answers[1:] = [answers[0]] * len(recipients)
        accepted: list[int] = []
        for place, answer in enumerate(answers[1:]):
            if answer.is_success:
                accepted.append(place)
            else:
                replies[place] = answer
        return accepted

    def _say_each(self, commands: Sequence[bytes]) -> list[Reply]:
        answers: list[Reply] = []
        for command in commands:
            self.send(command)
            answers.append(read_reply(*self.getreply()))
            if not answers[0].is_success:
                break
        return answers

    def _send_data(self, data: bytes) -> None:
        assert self.sock is not None
        start, view = monotonic(), memoryview(data)
        for at in range(0, len(data), BLOCK):
            if monotonic() - start > BLOCK_SECONDS + at / LOWEST_RATE:
                raise TimeoutError("it takes the message too slowly")
            self.sock.settimeout(BLOCK_SECONDS)
            self.is_waiting = at + BLOCK >= len(data)
            self.sock.sendall(view[at : at + BLOCK])

    def _read_answer(self) -> Reply:
        self._patience = self._waits.data
        try:
            answer = read_reply(*self.getreply())
        finally:
            self._patience = self._waits.command
        self.is_waiting = False
        self.messages += 1
        return answer


def stuffed(data: bytes) -> bytes:
    """Return a message as it goes over the wire, with its end (RFC 5321 §4.5.2).

    A line ends in CRLF alone: whoever takes a bare LF or CR for an end of a line would read
    commands out of a message (§2.3.8).
    """
    if _BARE.search(data):
        data = _BARE.sub(b"\r\n", data)
    if not data.endswith(b"\r\n"):
        data += b"\r\n"
    if data.startswith(b"."):
        data = b"." + data
    return data.replace(b"\r\n.", b"\r\n..") + b".\r\n"
