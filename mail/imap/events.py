"""What a connection tells its driver, and what it may cost: events and limits."""

from dataclasses import dataclass
from enum import Enum

from mail.imap.commands import Command
from mail.imap.requests import Request


@dataclass(frozen=True, slots=True)
class Limits:
    """What one client may make the server keep; all in octets but for the counts."""

    max_line: int = 64 * 1024
    max_line_before_login: int = 8 * 1024
    max_login_literal: int = 1024
    max_literal: int = 64 * 1024
    max_command: int = 256 * 1024
    message_limit: int = 50 * 1024 * 1024
    append_limit: int = 256 * 1024 * 1024
    """Of all messages of one APPEND; one of its own may have `message_limit` in any case."""
    max_messages: int = 1_000
    max_skipped: int = 128 * 1024 * 1024
    max_skipped_before_login: int = 64 * 1024
    max_bad_commands: int = 20


@dataclass(frozen=True, slots=True)
class CommandReceived:
    """A whole, well-formed command."""

    tag: bytes
    command: Command
    request: Request


@dataclass(frozen=True, slots=True)
class NeedContinuation:
    """The client waits to be asked for a literal of this many octets."""

    size: int


@dataclass(frozen=True, slots=True)
class AuthResponse:
    """The client's answer to a challenge, decoded; None where it cancelled with `*`."""

    data: bytes | None


@dataclass(frozen=True, slots=True)
class IdleDone:
    """The client ended IDLE."""


class Refusal(Enum):
    """Why a well-formed command is answered with NO before it is read to its end."""

    TOO_BIG = "The message is larger than this server takes."
    TOO_MANY = "These are more messages than this server takes at once: send fewer."


@dataclass(frozen=True, slots=True)
class CommandRefused:
    """A command to be answered with NO."""

    tag: bytes
    refusal: Refusal


@dataclass(frozen=True, slots=True)
class BadCommand:
    """A command to be answered with BAD, untagged where no tag could be read."""

    tag: bytes | None
    reason: str


@dataclass(frozen=True, slots=True)
class Fatal:
    """Nothing more is read: BYE with the reason, and close."""

    reason: str


Event = (
    CommandReceived
    | NeedContinuation
    | AuthResponse
    | IdleDone
    | CommandRefused
    | BadCommand
    | Fatal
)
