"""The protocol without input or output: octets in, events out (RFC 1939 §3, RFC 2449 §4).

A line ends at LF or CRLF. The caller asks for one event at a time: after a command that pauses it
first says how the next line is to be read. What came along with STLS is thrown away, so that no
command is carried over into TLS (RFC 2595 §4).

Commands that came together may be taken as one (`take_run`): to read, to hand on and to answer each
alone costs as much as to decompress what it asks for.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from mail.pop3 import responses
from mail.pop3.commands import COMMANDS, Command, Numbered, Request, State, Top
from mail.pop3.wire import ProtocolError, decode_base64


@dataclass(frozen=True, slots=True)
class CommandReceived:
    """A command that the grammar and the state allow."""

    command: Command
    request: Request


@dataclass(frozen=True, slots=True)
class AuthReceived:
    """What the client answers to a challenge; None where it cancels."""

    answer: bytes | None


@dataclass(frozen=True, slots=True)
class Refused:
    """A line that is none of these; `response` is what to answer."""

    response: bytes


@dataclass(frozen=True, slots=True)
class RunReceived:
    """RETR or TOP of several messages; `lines` are those of each TOP, none of RETR."""

    command: Command
    numbers: Sequence[int]
    lines: Sequence[int] = ()

    def requests(self) -> Iterator[Request]:
        """Yield what each line of it asks for."""
        return map(Top, self.numbers, self.lines) if self.lines else map(Numbered, self.numbers)

    def after(self, count: int) -> "RunReceived":
        """Return what is left of it behind so many lines."""
        return RunReceived(self.command, self.numbers[count:], self.lines[count:])


Event = CommandReceived | AuthReceived | Refused

_RUNS: Final = {row.verb[:1].encode(): row for row in COMMANDS.values() if row.run is not None}
"""The commands that come in runs, by their first letter, which is no other's of them."""
_DIGITS: Final = re.compile(rb"\d+")


class Connection:
    """One client's side of the protocol."""

    def __init__(self, max_line: int) -> None:
        self.state = State.AUTHORIZATION
        self._max_line = max_line
        self._buffer = bytearray()
        self._scanned = 0
        self._is_draining = False
        self._in_challenge = False

    def receive(self, data: bytes) -> None:
        """Take octets from the client; bounded by what the caller reads at once."""
        self._buffer += data

    @property
    def buffered(self) -> int:
        """Octets that wait for their end, or for what came before them."""
        return len(self._buffer)

    def expect_answer(self) -> None:
        """Read the next line as the answer to a challenge."""
        self._in_challenge = True

    def forget(self) -> None:
        """Throw away what was not looked at: TLS begins."""
        self._buffer.clear()
        self._scanned = 0
        self._is_draining = False

    def take_run(self) -> RunReceived | None:
        """Take what comes next as one where that is several lines of RETR, or of TOP.

        The events of its lines would be its `requests`, one by one. None where there is no run.
        """
        end = self._buffer.find(b"\n") + 1
        if not end or end == len(self._buffer):
            return None  # one line, as most come
        command = _RUNS.get(bytes(self._buffer[:1]).upper())
        if command is None or self.state not in command.states or self._is_draining:
            return None
        assert command.run is not None
        found = command.run.match(self._buffer)
        if found is None:
            return None
        numbers = list(map(int, _DIGITS.findall(found[0])))
        del self._buffer[: found.end()]
        self._scanned = 0
        if command.verb == "RETR":
            return RunReceived(command, numbers)
        return RunReceived(command, numbers[::2], numbers[1::2])

    def next_event(self) -> Event | None:
        """Return the next event, or None when more octets are needed."""
        end = self._buffer.find(b"\n", self._scanned)
        if end < 0:
            self._keep_searching()
            return None
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        self._scanned = 0
        if self._is_draining or len(line) > self._max_line:
            self._is_draining = self._in_challenge = False
            return Refused(responses.LINE_TOO_LONG)
        line = line.removesuffix(b"\r")
        try:
            return self._parse_answer(line) if self._in_challenge else self._parse(line)
        except ProtocolError as error:
            return Refused(responses.err(f"Not understood: {error}."))

    def _keep_searching(self) -> None:
        """Remember how far was looked; drop what is too long to keep."""
        self._scanned = len(self._buffer)
        if self._scanned > self._max_line:
            self._is_draining = True
            self._buffer.clear()
            self._scanned = 0

    def _parse_answer(self, line: bytes) -> Event:
        self._in_challenge = False
        return AuthReceived(None if line == b"*" else decode_base64(line))

    def _parse(self, line: bytes) -> Event:
        verb, _, argument = line.partition(b" ")
        command = COMMANDS.get(verb.upper())
        if command is None:
            return Refused(responses.UNKNOWN_COMMAND)
        if self.state not in command.states:
            before = self.state is State.AUTHORIZATION
            return Refused(responses.LOG_IN_FIRST if before else responses.LOGGED_IN_ALREADY)
        return CommandReceived(command, command.parse(argument))
