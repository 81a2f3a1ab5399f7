"""A message as it is said to another server: MAIL and RCPT with what that server knows. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from mail.flow.envelopes import EnvelopeRecipient

Features = Mapping[str, str]
"""Keywords of EHLO in lower case, with their parameters."""

_ADDRESS = re.compile(
    r'(?:"(?:[^"\\\x00-\x1f\x7f]|\\[\x20-\x7e])*"|[^\x00-\x20\x7f"(),:;<>@\[\]\\]+)'
    r"@(?:[^\x00-\x20\x7f\"(),:;<>@\[\]\\]+|\[[A-Za-z0-9.:]+\])"
)
_XTEXT = re.compile(r"[\x21-\x7e]+")


def wire_address(address: str) -> str:
    """Return an address as RCPT says it: its domain in ASCII where the rest is.

    Raises ValueError for one that cannot be said.
    """
    if not _ADDRESS.fullmatch(address):
        raise ValueError(f"{address!r} is no address of SMTP")
    local_part, _, domain = address.rpartition("@")
    if local_part.isascii() and not domain.isascii():
        domain = domain.encode("idna").decode()
    return f"{local_part}@{domain}"


@dataclass(frozen=True, slots=True)
class WireRecipient:
    """One RCPT as it is said."""

    address: str
    notify: str
    orcpt: str

    def command(self, features: Features) -> bytes:
        """Return the line, with the parameters of RFC 3461 where they are known."""
        words = [f"RCPT TO:<{self.address}>"]
        if "dsn" in features:
            words += [f"NOTIFY={self.notify}"] if self.notify else []
            if self.orcpt and _XTEXT.fullmatch(self.orcpt):
                words.append(f"ORCPT={self.orcpt}")
        return _line(words)


def wire_recipient(recipient: EnvelopeRecipient) -> WireRecipient:
    """Return a recipient as RCPT says it; raises ValueError as `wire_address`."""
    return WireRecipient(wire_address(recipient.address), recipient.notify, recipient.orcpt)


@dataclass(frozen=True)
class Outgoing:
    """A whole message with its envelope sender."""

    mail_from: str
    ret: str
    envid: str
    is_utf8: bool
    data: bytes

    @cached_property
    def is_8bit(self) -> bool:
        """Whether it has octets that RFC 5321 knows by 8BITMIME alone."""
        return not self.data.isascii()

    @cached_property
    def has_utf8_header(self) -> bool:
        """Whether its header has more than ASCII."""
        head, _, _ = self.data.partition(b"\r\n\r\n")
        return not head.isascii()

    def needs_utf8(self, recipients: list[WireRecipient]) -> bool:
        """Tell whether only a server with SMTPUTF8 can take it (RFC 6531 §3.4).

        A header that is not ASCII needs it where its sender asked for it; without, it is one of
        those that always went as they are.
        """
        said = [self.mail_from, *(each.address for each in recipients)]
        return not all(map(str.isascii, said)) or (self.is_utf8 and self.has_utf8_header)

    def mail_command(self, features: Features) -> bytes:
        """Return MAIL with the parameters that the server knows."""
        words = [f"MAIL FROM:<{self.mail_from}>"]
        if "size" in features:
            words.append(f"SIZE={len(self.data)}")
        if "8bitmime" in features and self.is_8bit:
            words.append("BODY=8BITMIME")
        if "smtputf8" in features and self.is_utf8:
            words.append("SMTPUTF8")
        if "dsn" in features:
            words += [f"RET={self.ret}"] if self.ret else []
            words += [f"ENVID={self.envid}"] if _XTEXT.fullmatch(self.envid) else []
        return _line(words)


def _line(words: list[str]) -> bytes:
    return " ".join(words).encode() + b"\r\n"
