"""The grammar of paths and parameters (RFC 5321 §4.1.2, RFC 3461 §4, RFC 4954 §4). Pure."""

import re
from base64 import b64decode
from binascii import Error
from dataclasses import dataclass
from typing import ClassVar

MAX_PATH = 1024
"""Octets of a path: more than the 256 of RFC 5321 §4.5.3.1.3, for real senders."""

_PARAMETER = re.compile(rb"([A-Za-z0-9][A-Za-z0-9-]*)(?:=([!-<>-~\x80-\xff]+))?\Z")
_SOURCE_ROUTE = re.compile(rb"@[^:,@]+(?:,@[^:,@]+)*:")
_DOT_STRING = re.compile(
    rb"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\x80-\xff-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~\x80-\xff-]+)*"
)
_QUOTED = re.compile(rb'"((?:[\x20-\x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\x20-\x7e])*)"')
_DOMAIN = re.compile(rb"(?:[A-Za-z0-9\x80-\xff](?:[A-Za-z0-9\x80-\xff._-]*)|\[[^\[\]\\\s]+\])\Z")
_XTEXT = re.compile(r"(?:[!-*,-<>-~]|\+[0-9A-F]{2})+\Z")
_UTF8_ADDRESS = re.compile(r"[!-~\x80-\U0010ffff]+\Z")
_ADDRESS_TYPE = re.compile(r"[A-Za-z0-9-]+\Z")
_QUOTED_PAIR = re.compile(rb"\\(.)")
_QUOTED_SPECIALS = re.compile(r"([\"\\])")
_ESCAPED = r"\\\1"


class ProtocolError(Exception):
    """The peer said something that the grammar does not have; the text says what."""

    code: ClassVar = 501
    status: ClassVar = "5.5.4"
    intro: ClassVar = "Not understood: "


class NotBase64(ProtocolError):
    """What should be base64 is not (RFC 4954 §4)."""

    status: ClassVar = "5.5.2"


@dataclass(frozen=True, slots=True)
class Path:
    """An address as it was written: quoting undone, source route dropped; empty for `<>`.

    As text its local part is quoted where it must be (RFC 5321 §4.1.2), so that a header field
    that holds it says the same address.
    """

    local_part: str
    domain: str

    @property
    def is_ascii(self) -> bool:
        """Tell whether it needs no SMTPUTF8 (RFC 6531 §3.3)."""
        return self.local_part.isascii() and self.domain.isascii()

    def __str__(self) -> str:
        if not self.domain:
            return self.local_part
        local_part = self.local_part
        if not _DOT_STRING.fullmatch(local_part.encode()):
            local_part = f'"{_QUOTED_SPECIALS.sub(_ESCAPED, local_part)}"'
        return f"{local_part}@{self.domain}"


NULL_PATH = Path("", "")


def parse_path(text: bytes, *, null: bool) -> tuple[Path, bytes]:
    """Read `<path>` and return it with what follows; `null` allows the empty path.

    Raises `ProtocolError`.
    """
    text = text.lstrip(b" ")
    if not text.startswith(b"<"):
        raise ProtocolError("an address stands between < and >")
    end = _closing_bracket(text)
    inside, rest = text[1:end], text[end + 1 :]
    if rest and not rest.startswith(b" "):
        raise ProtocolError("a space follows the address")
    if not inside:
        if not null:
            raise ProtocolError("the recipient is empty")
        return NULL_PATH, rest
    return _parse_mailbox(inside, postmaster=not null), rest


def _closing_bracket(text: bytes) -> int:
    end = text.find(b">")
    if b'"' in text[: end + 1]:
        quoted = _QUOTED.search(text, 1)
        end = text.find(b">", quoted.end() if quoted else 1)
    if end < 0:
        raise ProtocolError("the address is not closed by >")
    if end > MAX_PATH:
        raise ProtocolError("the address is too long")
    return end


def _parse_mailbox(inside: bytes, *, postmaster: bool) -> Path:
    route = _SOURCE_ROUTE.match(inside)
    if route is not None:
        inside = inside[route.end() :]
    if postmaster and inside.lower() == b"postmaster":
        return Path("postmaster", "")
    quoted = _QUOTED.match(inside)
    plain = quoted or _DOT_STRING.match(inside)
    if plain is None or inside[plain.end() : plain.end() + 1] != b"@":
        raise ProtocolError("an address is written local-part@domain")
    local_part = _QUOTED_PAIR.sub(rb"\1", quoted.group(1)) if quoted else plain.group()
    domain = inside[plain.end() + 1 :]
    if not _DOMAIN.match(domain):
        raise ProtocolError("the domain of the address is not one")
    return Path(_decode(local_part), _decode(domain))


def _decode(octets: bytes) -> str:
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ProtocolError("the address is not UTF-8") from error


def parse_parameters(text: bytes) -> dict[str, str]:
    """Read ESMTP parameters into {KEYWORD: value}; raises `ProtocolError`."""
    parameters: dict[str, str] = {}
    for word in text.split():
        match = _PARAMETER.match(word)
        if match is None:
            raise ProtocolError("a parameter is written KEYWORD=value")
        keyword = match.group(1).decode("ascii").upper()
        if keyword in parameters:
            raise ProtocolError(f"the parameter {keyword} is given twice")
        parameters[keyword] = (match.group(2) or b"").decode("utf-8", "replace")
    return parameters


def check_xtext(text: str) -> str:
    """Return xtext as it is (RFC 3461 §4); raises `ProtocolError` where it is none."""
    if not _XTEXT.match(text):
        raise ProtocolError("the value of a parameter is not xtext")
    return text


def check_original_recipient(text: str) -> str:
    """Return `type;address` as it is (RFC 3461 §4.2, RFC 6533 §3); raises `ProtocolError`."""
    kind, semicolon, address = text.partition(";")
    grammar = _UTF8_ADDRESS if kind.lower() == "utf-8" else _XTEXT
    if not (semicolon and _ADDRESS_TYPE.match(kind) and grammar.match(address)):
        raise ProtocolError("ORCPT is written type;address")
    return text


def decode_base64(word: bytes) -> bytes:
    """Read what a client answers to a challenge; raises `NotBase64`."""
    try:
        return b64decode(word, validate=True)
    except Error:
        raise NotBase64("the answer is not base64") from None
