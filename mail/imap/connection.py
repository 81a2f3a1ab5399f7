"""The client's side of a connection, without input or output: bytes in, events out.

Invariant: how the stream is cut into pieces does not change the events. Hence reading pauses
after commands whose outcome decides how the next bytes are read (LOGIN, AUTHENTICATE, ENABLE,
IDLE, STARTTLS, LOGOUT); whoever drives says how to go on. What was sent behind STARTTLS is dropped.

Every size has a limit in `events.Limits`, checked before the bytes are kept; for literals before they
are asked for (RFC 7888 §4).
"""

import re
from collections.abc import Callable, Mapping
from enum import Enum, auto
from typing import ClassVar

from mail.imap.arguments.session import decode_sasl
from mail.imap.commands import parse_command
from mail.imap.events import (
    AuthResponse,
    BadCommand,
    CommandReceived,
    CommandRefused,
    Event,
    Fatal,
    IdleDone,
    Limits,
    NeedContinuation,
    Refusal,
)
from mail.imap.skipping import LITERAL, Skipper, TooMuch
from mail.imap.wire import PLAIN_DIALECT, ProtocolError, Reader

_HEAD = re.compile(rb'([^\x00-\x20\x7f-\xff(){%*"\\+]{1,255}) ([A-Za-z]{1,20})')
_TAG = re.compile(rb'([^\x00-\x20\x7f-\xff(){%*"\\+]{1,255}) ')


class Mode(Enum):
    """What the next bytes are."""

    LINE = auto()
    LITERAL = auto()
    SKIP = auto()
    AUTH = auto()
    IDLE = auto()
    PAUSED = auto()
    CLOSED = auto()


class Connection:
    """Reads one client's stream."""

    def __init__(self, limits: Limits | None = None) -> None:
        """Begin before login."""
        self.limits = limits or Limits()
        self.dialect = PLAIN_DIALECT
        self._buffer = bytearray()
        self._scanned = 0
        self._mode = Mode.LINE
        self._events: list[Event] = []
        self._authenticated = False
        self._bad = 0
        self._last: CommandReceived | None = None
        self._parts: list[bytes] = []
        self._size = 0
        self._messages = 0
        self._message_octets = 0
        self._literal = bytearray()
        self._left = 0
        self._skipper = Skipper(0, 0)

    @property
    def paused(self) -> bool:
        """Tell whether reading waits for the outcome of a command."""
        return self._mode is Mode.PAUSED

    def waits_for(self, event: CommandReceived) -> bool:
        """Tell whether it is this command's outcome that reading waits for."""
        return self.paused and self._last is event

    @property
    def _last_tag(self) -> bytes | None:
        return None if self._last is None else self._last.tag

    @property
    def closed(self) -> bool:
        """Tell whether nothing more will be read."""
        return self._mode is Mode.CLOSED

    @property
    def kept(self) -> int:
        """Return how many octets are kept of the messages of an unfinished APPEND."""
        return max(0, self._message_octets - self._left)

    @property
    def in_command(self) -> bool:
        """Tell whether a command has begun and not ended."""
        return bool(self._buffer or self._parts)

    def feed(self, data: bytes) -> list[Event]:
        """Take what arrived and return what it completes."""
        if self._mode is Mode.CLOSED:
            return []
        if self.is_bulk(data):
            # The bulk of a large message goes past the line buffer.
            self._literal += data
            self._left -= len(data)
            return []
        self._buffer += data
        return self._drain()

    def is_bulk(self, data: bytes) -> bool:
        """Tell whether all of it is a literal's, of which more is to come."""
        return self._mode is Mode.LITERAL and not self._buffer and len(data) < self._left

    def resume(self) -> list[Event]:
        """Read commands again after one that paused."""
        return self._go_on(Mode.LINE)

    def resume_authenticated(self) -> list[Event]:
        """Read commands with the limits of a client that has logged in."""
        self._authenticated = True
        return self._go_on(Mode.LINE)

    def take_ahead(self) -> bytes:
        """Give back what was sent behind a command, before what follows it is read another way.

        It is dropped where TLS begins (RFC 9051 §11.1) and inflated behind COMPRESS. What comes
        after this call came that other way: it may be there before `resume`.
        """
        ahead = bytes(self._buffer)
        self._buffer.clear()
        return ahead

    def resume_with_auth(self) -> list[Event]:
        """Read the answer to a challenge."""
        return self._go_on(Mode.AUTH)

    def resume_with_idle(self) -> list[Event]:
        """Read DONE."""
        return self._go_on(Mode.IDLE)

    def close(self) -> None:
        """Read nothing more."""
        self._mode = Mode.CLOSED
        self._buffer.clear()
        self._literal = bytearray()
        self._parts.clear()

    def count_good(self) -> None:
        """Forget the bad commands before one that made sense."""
        self._bad = 0

    def count_bad(self) -> list[Event]:
        """Count a command that was well-formed but had to be answered with BAD all the same."""
        self._count_bad()
        return self._take_events()

    def _go_on(self, mode: Mode) -> list[Event]:
        if self._mode is Mode.PAUSED:
            self._mode = mode
            self._scanned = 0
        return self._drain()

    def _drain(self) -> list[Event]:
        while (step := self._STEPS.get(self._mode)) is not None and step(self):
            pass
        return self._take_events()

    def _take_events(self) -> list[Event]:
        events, self._events = self._events, []
        return events

    # Lines. Each step returns whether it got anywhere.

    def _read_line(self) -> bool:
        line = self._take_line()
        if line is None:
            return self._mode is not Mode.LINE
        literal = LITERAL.search(line)
        if literal is None:
            self._parts.append(line)
            self._complete()
            return True
        self._size += len(line)
        # The mark of a literal8 stays in the line, for the parser to see.
        self._parts.append(line[: literal.end("binary")])
        self._open_literal(literal)
        return True

    def _take_line(self) -> bytes | None:
        """Return the next line without its end, or None; too long a line begins skipping."""
        limit = self.limits.max_line if self._authenticated else self.limits.max_line_before_login
        limit = min(limit, self.limits.max_command - self._size)
        end = self._buffer.find(b"\n", self._scanned)
        length = end if end >= 0 else len(self._buffer)
        if length and self._buffer[length - 1] == 0x0D:
            length -= 1
        if length > limit:
            self._refuse_line(limit)
            return None
        if end < 0:
            self._scanned = len(self._buffer)
            return None
        line = bytes(self._buffer[:length])
        self._consume(end + 1)
        return line

    def _consume(self, count: int) -> None:
        del self._buffer[:count]
        self._scanned = 0

    def _complete(self) -> None:
        """Parse what has been read and begin the next command."""
        parts = self._parts
        self._reset()
        tag = None
        try:
            reader = Reader(parts, self.dialect)
            tag = reader.tag()
            command, request = parse_command(reader)
        except ProtocolError as error:
            self._refuse(BadCommand(tag, str(error)))
        else:
            self._last = CommandReceived(tag, command, request)
            if command.pauses:
                self._mode = Mode.PAUSED
            self._events.append(self._last)

    def _reset(self) -> None:
        self._parts = []
        self._size = 0
        self._messages = self._message_octets = 0
        self._mode = Mode.LINE

    # Literals.

    def _open_literal(self, literal: re.Match[bytes]) -> None:
        size, waits = int(literal["size"]), not literal["sent"]
        is_message = self._awaits_message()
        if literal["binary"] and not is_message:
            self._refuse(
                BadCommand(self._find_tag(self._parts[0]), "Only a message is a literal8.")
            )
            self._skip_refused(size, waits=waits)
            return
        if size > self._allowed_literal(is_message=is_message):
            self._refuse_literal(size, is_message=is_message, waits=waits)
            return
        if is_message:
            self._messages += 1
            self._message_octets += size
        else:
            self._size += size
        self._left = size
        self._mode = Mode.LITERAL
        if waits:
            self._events.append(NeedContinuation(size))

    def _awaits_message(self) -> bool:
        """Tell whether the literal that begins here is an APPEND's message, not its mailbox."""
        head = _HEAD.match(self._parts[0])
        if head is None or head[2].upper() != b"APPEND":
            return False
        return len(self._parts) > 1 or len(self._parts[0].removesuffix(b"~")) > head.end() + 1

    def _allowed_literal(self, *, is_message: bool) -> int:
        room = max(0, self.limits.max_command - self._size)
        if not self._authenticated:
            head = _HEAD.match(self._parts[0])
            is_login = head is not None and head[2].upper() == b"LOGIN"
            return min(room, self.limits.max_login_literal) if is_login else -1
        return self._allowed_message() if is_message else min(room, self.limits.max_literal)

    def _allowed_message(self) -> int:
        limits = self.limits
        if not self._messages:
            return limits.message_limit
        if self._messages == limits.max_messages:
            return -1
        return min(limits.message_limit, limits.append_limit - self._message_octets)

    def _read_literal(self) -> bool:
        taken = min(self._left, len(self._buffer))
        if taken:
            with memoryview(self._buffer) as view:
                self._literal += view[:taken]
            self._consume(taken)
            self._left -= taken
        if self._left:
            return False
        self._parts.append(bytes(self._literal))
        self._literal = bytearray()
        self._mode = Mode.LINE
        return True

    # Refusals: the event goes out at once, what the client still sends of the command is skipped.

    def _refuse_line(self, limit: int) -> None:
        tag = self._last_tag
        if self._mode is Mode.LINE:
            tag = self._find_tag(self._parts[0] if self._parts else bytes(self._buffer[:limit]))
        self._refuse(BadCommand(tag, f"The command is longer than {limit} octets."))
        self._skip()

    def _refuse_literal(self, size: int, *, is_message: bool, waits: bool) -> None:
        tag = self._find_tag(self._parts[0])
        if is_message and self._authenticated and tag is not None:
            is_big = size > self.limits.message_limit
            self._refuse(CommandRefused(tag, Refusal.TOO_BIG if is_big else Refusal.TOO_MANY))
        elif self._authenticated:
            self._refuse(BadCommand(tag, "The literal is too large."))
        else:
            self._refuse(BadCommand(tag, "A literal of that size is not taken before login."))
        self._skip_refused(size, waits=waits)

    def _skip_refused(self, size: int, *, waits: bool) -> None:
        # A client that waits sees the refusal in place of the continuation and sends no literal.
        if not waits:
            self._skip(size)

    def _skip(self, literal: int = 0) -> None:
        """Pass over the rest of the line, behind a literal where one comes first."""
        if self._mode is not Mode.CLOSED:
            limits, is_known = self.limits, self._authenticated
            limit = limits.max_skipped if is_known else limits.max_skipped_before_login
            self._skipper = Skipper(limit, literal)
            self._mode = Mode.SKIP

    def _read_skipped(self) -> bool:
        self._scanned = 0
        try:
            has_ended = self._skipper.take(self._buffer)
        except TooMuch:
            self._fail("Too much data for a command that was refused.")
            return False
        if has_ended:
            self._mode = Mode.LINE
        return has_ended

    def _refuse(self, event: BadCommand | CommandRefused) -> None:
        self._reset()
        self._events.append(event)
        self._count_bad()

    @staticmethod
    def _find_tag(line: bytes) -> bytes | None:
        head = _TAG.match(line)
        return head and head[1]

    def _count_bad(self) -> None:
        self._bad += 1
        if self._bad >= self.limits.max_bad_commands:
            self._fail("Too many bad commands.")

    def _fail(self, reason: str) -> None:
        self.close()
        self._events.append(Fatal(reason))

    # Answers that are not commands.

    def _read_auth(self) -> bool:
        line = self._take_line()
        if line is None:
            return self._mode is not Mode.AUTH
        self._mode = Mode.PAUSED
        try:
            self._events.append(AuthResponse(None if line == b"*" else decode_sasl(line)))
        except ProtocolError as error:
            self._refuse(BadCommand(self._last_tag, str(error)))
        return True

    def _read_idle(self) -> bool:
        line = self._take_line()
        if line is None:
            return self._mode is not Mode.IDLE
        if line.upper() == b"DONE":
            self._mode = Mode.LINE
            self._events.append(IdleDone())
        else:
            self._refuse(BadCommand(self._last_tag, "Expected DONE."))
        return True

    _STEPS: ClassVar[Mapping[Mode, Callable[["Connection"], bool]]] = {
        Mode.LINE: _read_line,
        Mode.LITERAL: _read_literal,
        Mode.SKIP: _read_skipped,
        Mode.AUTH: _read_auth,
        Mode.IDLE: _read_idle,
    }
