"""The commands as rows of a table: how each is read, and in which states it may come. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto

from mail.smtp.wire import Path, ProtocolError, parse_parameters, parse_path


class State(Enum):
    """Where a session stands (RFC 5321 §4.1.4)."""

    START = auto()
    READY = auto()
    MAIL = auto()
    RCPT = auto()


@dataclass(frozen=True, slots=True)
class Hello:
    """LHLO, EHLO or HELO."""

    verb: str
    name: str


@dataclass(frozen=True, slots=True)
class MailFrom:
    """MAIL FROM; `size` is what SIZE= declared, else 0."""

    path: Path
    size: int
    parameters: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class RcptTo:
    """RCPT TO."""

    path: Path
    parameters: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Simple:
    """DATA, RSET, NOOP, QUIT, HELP or VRFY."""

    verb: str


Request = Hello | MailFrom | RcptTo | Simple
ANY = frozenset(State)


@dataclass(frozen=True, slots=True)
class Command:
    """One row: the verb, its parser, the states it may come in, and the one it leads to."""

    verb: str
    parse: Callable[[str, bytes], Request]
    states: frozenset[State] = ANY
    becomes: State | None = None


MAIL_PARAMETERS = frozenset({"SIZE", "BODY"})
MAX_DECIMAL = 20
MAX_DOMAIN = 255
"""Octets of a domain (RFC 5321 §4.5.3.1.2); the client's name goes into a header field."""


def _parse_hello(verb: str, argument: bytes) -> Hello:
    name = argument.strip().decode("utf-8", "replace")
    if not name or any(ord(char) < 33 for char in name):
        raise ProtocolError(f"{verb} names the client")
    if len(name) > MAX_DOMAIN:
        raise ProtocolError("the name of the client is too long")
    return Hello(verb, name)


def _argument_after(keyword: bytes, argument: bytes) -> bytes:
    if argument[: len(keyword)].upper() != keyword:
        raise ProtocolError(f"{keyword.decode()} is missing")
    return argument[len(keyword) :]


def _parse_mail(_verb: str, argument: bytes) -> MailFrom:
    path, rest = parse_path(_argument_after(b"FROM:", argument), null=True)
    parameters = parse_parameters(rest)
    unknown = parameters.keys() - MAIL_PARAMETERS
    if unknown:
        raise UnknownParameter(f"the parameter {min(unknown)} is not known")
    if parameters.get("BODY", "7BIT").upper() not in ("7BIT", "8BITMIME"):
        raise ProtocolError("BODY is 7BIT or 8BITMIME")
    size = parameters.get("SIZE", "0")
    if not (size.isascii() and size.isdigit() and len(size) <= MAX_DECIMAL):
        raise ProtocolError("SIZE is a number of octets")
    return MailFrom(path, int(size), parameters)


def _parse_rcpt(_verb: str, argument: bytes) -> RcptTo:
    path, rest = parse_path(_argument_after(b"TO:", argument), null=False)
    parameters = parse_parameters(rest)
    if parameters:
        raise UnknownParameter(f"the parameter {min(parameters)} is not known")
    return RcptTo(path, parameters)


def _parse_alone(verb: str, argument: bytes) -> Simple:
    if argument.strip():
        raise ProtocolError(f"{verb} takes no argument")
    return Simple(verb)


def _parse_any(verb: str, _argument: bytes) -> Simple:
    return Simple(verb)


class UnknownParameter(ProtocolError):
    """A parameter that no offered extension defines (555, RFC 5321 §4.1.1.11)."""


_COMMON = (
    Command("MAIL", _parse_mail, frozenset({State.READY}), State.MAIL),
    Command("RCPT", _parse_rcpt, frozenset({State.MAIL, State.RCPT}), State.RCPT),
    Command("DATA", _parse_alone, frozenset({State.RCPT})),
    Command("RSET", _parse_alone),
    Command("NOOP", _parse_any),
    Command("QUIT", _parse_alone),
    Command("HELP", _parse_any),
    Command("VRFY", _parse_any),
)

LMTP: dict[bytes, Command] = {
    command.verb.encode(): command for command in (Command("LHLO", _parse_hello), *_COMMON)
}
"""RFC 2033 §4.1: LHLO in the place of EHLO and HELO."""

SMTP: dict[bytes, Command] = {
    command.verb.encode(): command
    for command in (Command("EHLO", _parse_hello), Command("HELO", _parse_hello), *_COMMON)
}
