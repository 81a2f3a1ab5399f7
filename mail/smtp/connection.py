"""The protocol without input or output: octets in, events out (RFC 5321 §2.3.8, §4.5.2).

A command ends at LF or CRLF; a message ends at CRLF.CRLF and nothing else, and a bare LF or
CR in it stays as it is, so that nobody smuggles a second message in. The caller asks for one
event at a time, because only it knows whether DATA was accepted.
"""

from dataclasses import dataclass

from mail.smtp.commands import Command, Request, State, UnknownParameter
from mail.smtp.responses import (
    BAD_SEQUENCE,
    LINE_TOO_LONG,
    MESSAGE_LINE_TOO_LONG,
    TOO_LARGE,
    UNKNOWN_COMMAND,
    Reply,
    reply,
)
from mail.smtp.wire import ProtocolError


@dataclass(frozen=True, slots=True)
class Limits:
    """What a peer may send; beyond it the named reply is given and nothing is kept."""

    command_line: int = 4096
    message_line: int = 1024 * 1024
    message: int = 128 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class CommandReceived:
    """A command that the grammar and the state allow."""

    request: Request


@dataclass(frozen=True, slots=True)
class CommandRefused:
    """A command that does not; `reply` is what to answer."""

    reply: Reply


@dataclass(frozen=True, slots=True)
class MessageReceived:
    """A whole message, dots unstuffed, each octet as it was sent."""

    data: bytes


@dataclass(frozen=True, slots=True)
class MessageRefused:
    """The message was read to its end and thrown away; `reply` is what to answer."""

    reply: Reply


Event = CommandReceived | CommandRefused | MessageReceived | MessageRefused

_END = b"\r\n.\r\n"


class Connection:
    """One peer's side of the protocol."""

    def __init__(self, commands: dict[bytes, Command], limits: Limits) -> None:
        self._commands = commands
        self._limits = limits
        self._buffer = bytearray()
        self._scanned = 0
        self._in_data = False
        self._draining = False
        self.state = State.START

    def receive(self, data: bytes) -> None:
        """Take octets from the peer; bounded by what the caller reads at once."""
        self._buffer += data

    @property
    def buffered(self) -> int:
        """Octets that wait for their end."""
        return len(self._buffer)

    def next_event(self) -> Event | None:
        """Return the next event, or None when more octets are needed."""
        return self._next_message() if self._in_data else self._next_command()

    def begin_data(self) -> None:
        """Read a message next: DATA was accepted."""
        self._in_data = True
        # The message begins after the CRLF of DATA, which may be the one before the dot.
        self._buffer[:0] = b"\r\n"
        self._scanned = 0

    def _next_command(self) -> Event | None:
        end = self._buffer.find(b"\n", self._scanned)
        if end < 0:
            self._scanned = len(self._buffer)
            if len(self._buffer) > self._limits.command_line:
                self._draining = True
                self._buffer.clear()
                self._scanned = 0
            return None
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        self._scanned = 0
        if self._draining or len(line) > self._limits.command_line:
            self._draining = False
            return CommandRefused(LINE_TOO_LONG)
        return self._parse(line.removesuffix(b"\r"))

    def _parse(self, line: bytes) -> Event:
        verb, _, argument = line.partition(b" ")
        command = self._commands.get(verb.upper())
        if command is None:
            return CommandRefused(UNKNOWN_COMMAND)
        try:
            request = command.parse(command.verb, argument)
        except UnknownParameter as error:
            return CommandRefused(reply(555, "5.5.4", f"{error}"))
        except ProtocolError as error:
            return CommandRefused(reply(501, "5.5.4", f"Not understood: {error}"))
        if self.state not in command.states:
            return CommandRefused(BAD_SEQUENCE)
        return CommandReceived(request)

    def _next_message(self) -> Event | None:
        end = self._buffer.find(_END, self._scanned)
        if end < 0:
            self._keep_searching()
            return None
        too_large = self._draining or end > self._limits.message
        data = b"" if too_large else bytes(self._buffer[: end + 2])
        del self._buffer[: end + len(_END)]
        self._scanned = 0
        self._in_data = self._draining = False
        if too_large:
            return MessageRefused(TOO_LARGE)
        return self._finish(data)

    def _keep_searching(self) -> None:
        """Remember how far was looked; drop what is too large to keep."""
        tail = len(_END) - 1
        if self._draining or len(self._buffer) > self._limits.message + tail:
            self._draining = True
            del self._buffer[:-tail]
        self._scanned = max(0, len(self._buffer) - tail)

    def _finish(self, data: bytes) -> Event:
        if b"\r\n." in data:
            data = data.replace(b"\r\n.", b"\r\n")
        data = data[2:]
        limit = self._limits.message_line
        if len(data) > limit and _has_long_line(data, limit):
            return MessageRefused(MESSAGE_LINE_TOO_LONG)
        return MessageReceived(data)


def _has_long_line(data: bytes, limit: int) -> bool:
    start = 0
    while (end := data.find(b"\r\n", start)) >= 0:
        if end - start > limit:
            return True
        start = end + 2
    return len(data) - start > limit
