"""The commands as rows of a table: how each is read, and in which states it may come. Pure."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Flag, auto
from typing import Final

from mail.pop3.wire import ProtocolError, decode_base64, decode_text, parse_number


class State(Flag):
    """Where a session stands (RFC 1939 §3); UPDATE is what QUIT does."""

    AUTHORIZATION = auto()
    TRANSACTION = auto()


@dataclass(frozen=True, slots=True)
class Plain:
    """A command without arguments."""


@dataclass(frozen=True, slots=True)
class Text:
    """USER, PASS or LANG with its argument; LANG may come without one."""

    text: str


@dataclass(frozen=True, slots=True)
class Auth:
    """AUTH; without a mechanism it asks which there are, without `initial` a challenge follows."""

    mechanism: str = ""
    initial: bytes | None = None


@dataclass(frozen=True, slots=True)
class Numbered:
    """RETR, DELE, or LIST and UIDL, which may come without a number (0)."""

    number: int


@dataclass(frozen=True, slots=True)
class Top:
    """TOP: a message and how many lines of its body."""

    number: int
    lines: int


Request = Plain | Text | Auth | Numbered | Top
ANY: Final = State.AUTHORIZATION | State.TRANSACTION


@dataclass(frozen=True, slots=True)
class Command:
    """One row; `pauses`: how the octets after it are read depends on its outcome.

    `run` finds several lines of it that came together, as nearly every client writes them; what
    else the grammar allows is read line by line.
    """

    verb: str
    parse: Callable[[bytes], Request]
    states: State
    pauses: bool = False
    run: re.Pattern[bytes] | None = None


MOST_AT_ONCE: Final = 64
"""Lines of a run that are taken together."""
_NUMBER: Final = "[1-9][0-9]{0,8}"
"""Nine digits are below the greatest number of a message."""


def _run_of(line: str) -> re.Pattern[bytes]:
    lines = f"(?:{line}\r?\n){{2,{MOST_AT_ONCE}}}"
    return re.compile(lines.encode(), re.IGNORECASE)


def _parse_plain(argument: bytes) -> Plain:
    if argument.strip():
        raise ProtocolError("the command takes no argument")
    return Plain()


def _parse_name(argument: bytes) -> Text:
    name = decode_text(argument.strip(b" "))
    if not name:
        raise ProtocolError("the name is missing")
    return Text(name)


def _parse_password(argument: bytes) -> Text:
    # RFC 1939 §7: all of the line, spaces too, is the password.
    return Text(decode_text(argument))


def _parse_language(argument: bytes) -> Text:
    return Text(decode_text(argument.strip(b" ")))


def _parse_auth(argument: bytes) -> Auth:
    words = argument.split()
    if not words:
        return Auth()
    if len(words) > 2:
        raise ProtocolError("AUTH takes a mechanism and an initial response")
    mechanism = decode_text(words[0]).upper()
    if len(words) == 1:
        return Auth(mechanism)
    # RFC 5034 §4: "=" is an initial response that is empty.
    return Auth(mechanism, b"" if words[1] == b"=" else decode_base64(words[1]))


def _parse_number(argument: bytes) -> Numbered:
    return Numbered(parse_number(argument.strip(b" ")))


def _parse_perhaps_number(argument: bytes) -> Numbered:
    return _parse_number(argument) if argument.strip(b" ") else Numbered(0)


def _parse_top(argument: bytes) -> Top:
    words = argument.split()
    if len(words) != 2:
        raise ProtocolError("TOP takes a message and a number of lines")
    return Top(parse_number(words[0]), parse_number(words[1], lowest=0))


_ROWS: Final = (
    Command("CAPA", _parse_plain, ANY),
    Command("LANG", _parse_language, ANY),
    Command("UTF8", _parse_plain, State.AUTHORIZATION),
    Command("STLS", _parse_plain, State.AUTHORIZATION, pauses=True),
    Command("USER", _parse_name, State.AUTHORIZATION),
    Command("PASS", _parse_password, State.AUTHORIZATION),
    Command("AUTH", _parse_auth, State.AUTHORIZATION, pauses=True),
    Command("STAT", _parse_plain, State.TRANSACTION),
    Command("LIST", _parse_perhaps_number, State.TRANSACTION),
    Command("UIDL", _parse_perhaps_number, State.TRANSACTION),
    Command("RETR", _parse_number, State.TRANSACTION, run=_run_of(f"RETR {_NUMBER}")),
    Command("TOP", _parse_top, State.TRANSACTION, run=_run_of(f"TOP {_NUMBER} (?:0|{_NUMBER})")),
    Command("DELE", _parse_number, State.TRANSACTION),
    Command("NOOP", _parse_plain, State.TRANSACTION),
    Command("RSET", _parse_plain, State.TRANSACTION),
    Command("QUIT", _parse_plain, ANY, pauses=True),
)
COMMANDS: Final[Mapping[bytes, Command]] = {row.verb.encode(): row for row in _ROWS}
