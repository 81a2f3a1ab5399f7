"""The protocol without input or output: octets in, events out (RFC 5321 §2.3.8, RFC 3030).

A command ends at LF or CRLF; a message of DATA ends at CRLF.CRLF and nothing else, and a bare LF or
CR in it stays as it is, so that nobody smuggles a second message in (docs/adr/0047). The octets of
BDAT are counted, whether they are wanted or not; where their number cannot be known, nothing more
is read. The caller asks for one event at a time, because only it knows how the next octets are to
be read: after DATA, AUTH and STARTTLS.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from mail.smtp.bodies import has_long_line
from mail.smtp.commands import Chunk, Command, Request, State
from mail.smtp.responses import (
    BAD_SEQUENCE,
    LINE_TOO_LONG,
    MESSAGE_LINE_TOO_LONG,
    TOO_LARGE,
    UNKNOWN_COMMAND,
    Reply,
    reply,
)
from mail.smtp.wire import ProtocolError, decode_base64


@dataclass(frozen=True, slots=True)
class Limits:
    """What a peer may send; beyond it the named reply is given and nothing is kept."""

    command_line: int = 4096
    message_line: int = 1024 * 1024
    message: int = 128 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class CommandReceived:
    """A command that the grammar and the state allow."""

    verb: str
    request: Request


@dataclass(frozen=True, slots=True)
class CommandRefused:
    """A line that is none; `reply` is what to answer, and `is_last` that nothing more is read."""

    reply: Reply
    is_last: bool = False


@dataclass(frozen=True, slots=True)
class AnswerReceived:
    """What the client answers to a challenge of AUTH; None where it cancels."""

    answer: bytes | None


@dataclass(frozen=True, slots=True)
class ChunkReceived:
    """A part of the message, and not the last one."""


@dataclass(frozen=True, slots=True)
class ChunkRefused:
    """A part of a message that cannot be taken was read and thrown away; so is what came before."""

    reply: Reply


@dataclass(frozen=True, slots=True)
class MessageReceived:
    """A whole message, dots unstuffed, each octet as it was sent."""

    data: bytes


@dataclass(frozen=True, slots=True)
class MessageRefused:
    """The message was read to its end and thrown away; `reply` is what to answer."""

    reply: Reply


Event = (
    CommandReceived
    | CommandRefused
    | AnswerReceived
    | ChunkReceived
    | ChunkRefused
    | MessageReceived
    | MessageRefused
)

_END = b"\r\n.\r\n"
_TAIL = len(_END) - 1
_CHUNK = b"BDAT"


class Connection:
    """One peer's side of the protocol."""

    def __init__(self, commands: Mapping[bytes, Command], limits: Limits) -> None:
        self.state = State.START
        self._commands = commands
        self._limits = limits
        self._buffer = bytearray()
        self._scanned = 0
        self._draining = False
        self._next: Callable[[], Event | None] = self._next_command
        self._message = bytearray()
        self._chunk = Chunk(0, is_last=False)
        self._left = 0
        self._refusal: Reply | None = None

    def receive(self, data: bytes) -> None:
        """Take octets from the peer; bounded by what the caller reads at once."""
        self._buffer += data

    @property
    def buffered(self) -> int:
        """Octets that wait for their end, or for what came before them."""
        return len(self._buffer)

    @property
    def held(self) -> int:
        """All octets that are kept."""
        return len(self._buffer) + len(self._message)

    def next_event(self) -> Event | None:
        """Return the next event, or None when more octets are needed."""
        return self._next()

    def begin_data(self) -> None:
        """Read a message next: DATA was accepted."""
        self._next = self._next_message
        # The message begins after the CRLF of DATA, which may be the one before the dot.
        self._buffer[:0] = b"\r\n"
        self._scanned = 0

    def expect_answer(self) -> None:
        """Read the next line as the answer to a challenge."""
        self._next = self._next_answer

    def end_transaction(self) -> None:
        """Forget sender, recipients and the parts of a message."""
        self._message.clear()
        if self.state is not State.START:
            self.state = State.READY

    def forget(self) -> None:
        """Throw away what was not looked at, and begin anew: TLS begins (RFC 3207 §4.2)."""
        self._buffer.clear()
        self._message.clear()
        self._scanned = 0
        self._draining = False
        self.state = State.START

    # Lines.

    def _next_command(self) -> Event | None:
        line = self._take_line()
        return self._parse(line) if isinstance(line, bytes) else line

    def _next_answer(self) -> Event | None:
        line = self._take_line()
        if line is None:
            return None
        self._next = self._next_command
        if isinstance(line, CommandRefused):
            return line
        try:
            return AnswerReceived(None if line == b"*" else decode_base64(line))
        except ProtocolError as error:
            return CommandRefused(_reply_of(error))

    def _take_line(self) -> bytes | CommandRefused | None:
        """Return the next line without its end, None where there is none yet."""
        buffer = self._buffer
        end = buffer.find(b"\n", self._scanned)
        if end < 0:
            return self._keep_searching_line()
        line = bytes(buffer[:end])
        del buffer[: end + 1]
        self._scanned = 0
        if self._draining:
            # What is here is not where the line began.
            self._draining = False
            return CommandRefused(LINE_TOO_LONG)
        if end > self._limits.command_line:
            return self._refuse(LINE_TOO_LONG, line)
        return line.removesuffix(b"\r")

    def _keep_searching_line(self) -> CommandRefused | None:
        self._scanned = len(self._buffer)
        if self._scanned <= self._limits.command_line:
            return None
        start = bytes(self._buffer[: len(_CHUNK)])
        self._draining = self._draining or not _is_chunk(start)
        self._buffer.clear()
        self._scanned = 0
        return None if self._draining else self._refuse(LINE_TOO_LONG, start)

    def _parse(self, line: bytes) -> Event | None:
        verb, _, argument = line.partition(b" ")
        command = self._commands.get(verb.upper())
        if command is None:
            return self._refuse(UNKNOWN_COMMAND, line)
        try:
            request = command.parse(command.verb, argument)
        except ProtocolError as error:
            return self._refuse(_reply_of(error), line)
        allowed = self.state in command.states
        if isinstance(request, Chunk):
            return self._begin_chunk(request, allowed=allowed)
        return CommandReceived(command.verb, request) if allowed else CommandRefused(BAD_SEQUENCE)

    def _refuse(self, refusal: Reply, line: bytes) -> CommandRefused:
        """Refuse a line; behind a BDAT that was not understood nobody knows what is a command."""
        if not _is_chunk(line):
            return CommandRefused(refusal)
        self._next = self._read_nothing
        return CommandRefused(refusal, is_last=True)

    def _read_nothing(self) -> None:
        self._buffer.clear()

    # Messages.

    def _next_message(self) -> Event | None:
        end = self._buffer.find(_END, self._scanned)
        if end < 0:
            self._keep_searching_end()
            return None
        too_large = self._draining or end > self._limits.message
        with memoryview(self._buffer) as octets:
            # Copied once: it may be large. The CRLF before it is that of DATA.
            data = b"" if too_large else bytes(octets[2 : end + 2])
        del self._buffer[: end + len(_END)]
        self._scanned = 0
        self._draining = False
        self._next = self._next_command
        if too_large:
            return MessageRefused(TOO_LARGE)
        if data.startswith(b"."):
            data = data[1:]
        if b"\r\n." in data:
            data = data.replace(b"\r\n.", b"\r\n")
        return self._finish(data)

    def _keep_searching_end(self) -> None:
        """Remember how far was looked; drop what is too large to keep."""
        if self._draining or len(self._buffer) > self._limits.message + _TAIL:
            self._draining = True
            del self._buffer[:-_TAIL]
        self._scanned = max(0, len(self._buffer) - _TAIL)

    def _begin_chunk(self, chunk: Chunk, *, allowed: bool) -> Event | None:
        self._chunk = chunk
        self._left = chunk.size
        self._refusal = None if allowed else BAD_SEQUENCE
        self._next = self._next_chunk
        return self._next_chunk()

    def _next_chunk(self) -> Event | None:
        taken = min(self._left, len(self._buffer))
        if self._refusal is None and len(self._message) + self._left > self._limits.message:
            self._refusal = TOO_LARGE
            self._message.clear()
        if self._refusal is None:
            self._message += self._buffer[:taken]
        del self._buffer[:taken]
        self._left -= taken
        if self._left:
            return None
        self._next = self._next_command
        return self._end_chunk()

    def _end_chunk(self) -> Event:
        if self._refusal is BAD_SEQUENCE:
            return CommandRefused(BAD_SEQUENCE)
        if self._refusal is None and not self._chunk.is_last:
            return ChunkReceived()
        data = bytes(self._message)
        self._message.clear()
        if self._refusal is None:
            return self._finish(data)
        refused = MessageRefused if self._chunk.is_last else ChunkRefused
        return refused(self._refusal)

    def _finish(self, data: bytes) -> Event:
        if has_long_line(data, self._limits.message_line):
            return MessageRefused(MESSAGE_LINE_TOO_LONG)
        return MessageReceived(data)


def _is_chunk(line: bytes) -> bool:
    return line[: len(_CHUNK)].upper() == _CHUNK


def _reply_of(error: ProtocolError) -> Reply:
    return reply(error.code, error.status, f"{error.intro}{error}")
