"""The mechanisms of AUTH: PLAIN (RFC 4616), LOGIN and tokens, without input or output. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final, Protocol

from mail.sasl import PARSERS, BadMessage, Bearer
from mail.smtp.wire import ProtocolError


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who somebody says to be, and the proof; `acts_for` is the identity asked for, mostly ""."""

    username: str
    password: str
    acts_for: str = ""


class Exchange(Protocol):
    """One AUTH from the first challenge to the credentials."""

    challenge: bytes

    def take(self, answer: bytes) -> Credentials | Bearer | None:
        """Take an answer; None where `challenge` is now the next one. Raises `ProtocolError`."""


class Plain:
    """All in one answer, which NULs part."""

    def __init__(self) -> None:
        self.challenge = b""

    def take(self, answer: bytes) -> Credentials | None:
        """Take the message of RFC 4616 §2."""
        parts = _decode(answer).split("\0")
        if len(parts) != 3:
            raise ProtocolError("that is no PLAIN message")
        acts_for, username, password = parts
        return Credentials(username, password, "" if acts_for == username else acts_for)


class Login:
    """The user name, then the password; in no RFC, but what old programs speak."""

    def __init__(self) -> None:
        self.challenge = b"Username:"
        self._username: str | None = None

    def take(self, answer: bytes) -> Credentials | None:
        """Take the user name first."""
        text = _decode(answer)
        if self._username is not None:
            return Credentials(self._username, text)
        self._username = text
        self.challenge = b"Password:"
        return None


class Token:
    """A token, in one answer (RFC 7628, and Google's XOAUTH2)."""

    def __init__(self, mechanism: str) -> None:
        self.challenge = b""
        self.mechanism = mechanism

    def take(self, answer: bytes) -> Bearer:
        """Take the message of the mechanism."""
        try:
            return PARSERS[self.mechanism](answer)
        except BadMessage as error:
            raise ProtocolError(str(error)) from None


MECHANISMS: Final[dict[str, Callable[[], Exchange]]] = {
    "PLAIN": Plain,
    "LOGIN": Login,
    **{mechanism: partial(Token, mechanism) for mechanism in PARSERS},
}


def _decode(answer: bytes) -> str:
    try:
        return answer.decode("utf-8")
    except UnicodeDecodeError:
        raise ProtocolError("the answer is not UTF-8") from None
