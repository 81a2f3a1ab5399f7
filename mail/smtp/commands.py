"""The commands as rows of a table for each role: how each is read, and when it may come. Pure."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from functools import partial
from typing import Final

from mail.smtp.parameters import (
    LMTP_MAIL,
    LMTP_RCPT,
    MAX_DECIMAL,
    SMTP_MAIL,
    SMTP_RCPT,
    SUBMISSION_MAIL,
    MailFrom,
    RcptTo,
    read_mail,
    read_rcpt,
)
from mail.smtp.wire import ProtocolError, decode_base64, parse_path


class State(Enum):
    """Where a session stands (RFC 5321 §4.1.4); CHUNKS: a part of the message is here."""

    START = auto()
    READY = auto()
    MAIL = auto()
    RCPT = auto()
    CHUNKS = auto()


@dataclass(frozen=True, slots=True)
class Hello:
    """LHLO, EHLO or HELO."""

    verb: str
    name: str


@dataclass(frozen=True, slots=True)
class Chunk:
    """BDAT (RFC 3030 §2): so many octets of the message follow the line."""

    size: int
    is_last: bool


@dataclass(frozen=True, slots=True)
class Auth:
    """AUTH (RFC 4954 §4); without `initial` a challenge follows."""

    mechanism: str
    initial: bytes | None = None


@dataclass(frozen=True, slots=True)
class Simple:
    """DATA, RSET, NOOP, QUIT, HELP, VRFY, EXPN or STARTTLS."""

    verb: str


Request = Hello | MailFrom | RcptTo | Chunk | Auth | Simple
ANY: Final = frozenset(State)
GREETED: Final = ANY - {State.START}


@dataclass(frozen=True, slots=True)
class Command:
    """One row: the verb, its parser, and the states it may come in."""

    verb: str
    parse: Callable[[str, bytes], Request]
    states: frozenset[State] = ANY


MAX_DOMAIN: Final = 255
"""Octets of a domain (RFC 5321 §4.5.3.1.2); the client's name goes into a header field."""
MAX_CHUNK: Final = 2**31 - 1
"""Octets of one BDAT: what follows a larger one is not waited for."""


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


def _parse_mail(allowed: frozenset[str], _verb: str, argument: bytes) -> MailFrom:
    path, rest = parse_path(_argument_after(b"FROM:", argument), null=True)
    return read_mail(path, rest, allowed)


def _parse_rcpt(allowed: frozenset[str], _verb: str, argument: bytes) -> RcptTo:
    path, rest = parse_path(_argument_after(b"TO:", argument), null=False)
    return read_rcpt(path, rest, allowed)


def _parse_chunk(_verb: str, argument: bytes) -> Chunk:
    size, *last = argument.split() or [b""]
    if not (size.isdigit() and len(size) <= MAX_DECIMAL and int(size) <= MAX_CHUNK):
        raise ProtocolError("BDAT is followed by a number of octets")
    if last and (len(last) > 1 or last[0].upper() != b"LAST"):
        raise ProtocolError("BDAT takes a number and LAST")
    return Chunk(int(size), is_last=bool(last))


def _parse_auth(_verb: str, argument: bytes) -> Auth:
    mechanism, *initial = argument.split() or [b""]
    if not mechanism or len(initial) > 1:
        raise ProtocolError("AUTH takes a mechanism and an initial response")
    name = mechanism.decode("ascii", "replace").upper()
    if not initial:
        return Auth(name)
    # RFC 4954 §4: "=" is an initial response that is empty.
    return Auth(name, b"" if initial[0] == b"=" else decode_base64(initial[0]))


def _parse_alone(verb: str, argument: bytes) -> Simple:
    if argument.strip():
        raise ProtocolError(f"{verb} takes no argument")
    return Simple(verb)


def _parse_any(verb: str, _argument: bytes) -> Simple:
    return Simple(verb)


def _table(
    hello: Iterable[str], mail: frozenset[str], rcpt: frozenset[str], *more: Command
) -> Mapping[bytes, Command]:
    rows = (
        *(Command(verb, _parse_hello) for verb in hello),
        Command("MAIL", partial(_parse_mail, mail), frozenset({State.READY})),
        Command("RCPT", partial(_parse_rcpt, rcpt), frozenset({State.MAIL, State.RCPT})),
        Command("DATA", _parse_alone, frozenset({State.RCPT})),
        Command("BDAT", _parse_chunk, frozenset({State.RCPT, State.CHUNKS})),
        Command("RSET", _parse_alone),
        Command("NOOP", _parse_any),
        Command("QUIT", _parse_alone),
        Command("HELP", _parse_any),
        Command("VRFY", _parse_any),
        Command("EXPN", _parse_any),
        *more,
    )
    return {command.verb.encode(): command for command in rows}


_STARTTLS: Final = Command("STARTTLS", _parse_alone, GREETED)
_AUTH: Final = Command("AUTH", _parse_auth, frozenset({State.READY}))

LMTP: Final = _table(("LHLO",), LMTP_MAIL, LMTP_RCPT)
"""RFC 2033 §4.1: LHLO in the place of EHLO and HELO."""
SMTP: Final = _table(("EHLO", "HELO"), SMTP_MAIL, SMTP_RCPT, _STARTTLS)
"""Reception: nobody logs in."""
SUBMISSION: Final = _table(("EHLO", "HELO"), SUBMISSION_MAIL, SMTP_RCPT, _STARTTLS, _AUTH)
"""RFC 6409: for those who log in."""
