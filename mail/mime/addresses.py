"""Address fields (RFC 5322 §3.4, the obsolete forms of §4.4 too), as octets.

Encoded words stay as they are: ENVELOPE gives them to the client so. Broken lists give what can
be read of them, never an error.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

__all__ = ["GROUP_END", "Address", "parse_addresses"]


class Address(NamedTuple):
    """An address structure of RFC 3501 §7.4.2.

    A group begins with (None, None, its name, None) and ends with four None. A mailbox without
    host has an empty one, so that it is not taken for a group.
    """

    name: bytes | None
    route: bytes | None
    mailbox: bytes | None
    host: bytes | None


GROUP_END = Address(None, None, None, None)

# The forms of nearly all addresses: "Name" <local@host>, Name <local@host>, local@host.
_COMMON = re.compile(
    rb"[ \t]*+(?:"
    rb"(?:\"([^\"\\]++)\"[ \t]*+|([^\"<>@,;:()\[\]\\]*+))<([^<>@,;:()\"\[\]\\\s]++)@([\w.-]++)>"
    rb"|([^<>@,;:()\"\[\]\\\s]++)@([\w.-]++)"
    rb")[ \t]*+(?:,|\Z)"
)
_TOKEN = re.compile(
    rb"(?P<space>\s++)"
    rb"|\"(?P<quoted>(?>(?:[^\"\\]++|\\.)*))\"?"
    rb"|(?P<special>[<>@,;:()])"
    rb"|(?P<atom>\[[^\]\s,;<>]*+\]?|[^\s\"<>@,;:()\[]++)",
    re.DOTALL,
)
_QUOTED_PAIR = re.compile(rb"\\(.)", re.DOTALL)


def parse_addresses(value: bytes, limit: int) -> list[Address]:
    """Return the addresses of an unfolded field, `limit` at most."""
    found: list[Address] = []
    position, end = 0, len(value)
    while position < end and len(found) < limit:
        match = _COMMON.match(value, position)
        if match is None:
            found.extend(_Reader(value[position:], limit - len(found)).read())
            break
        quoted, phrase, local, host, bare_local, bare_host = match.groups()
        if bare_local is not None:
            found.append(Address(None, None, bare_local, bare_host))
        else:
            name = quoted or b" ".join(phrase.split()) or None
            found.append(Address(name, None, local, host))
        position = match.end()
    return found


def _tokens(value: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield (kind, text); a comment is one token of kind `comment`, however deep it nests."""
    depth = 0
    comment: list[bytes] = []
    for match in _TOKEN.finditer(value):
        kind, text = match.lastgroup or "atom", match.group()
        if kind == "special" and text in b"()":
            depth = depth + 1 if text == b"(" else max(depth - 1, 0)
            if depth == 0 and comment:
                yield "comment", b"".join(comment[1:])
                comment = []
        if depth:
            comment.append(text)
        elif kind == "quoted":
            yield kind, _QUOTED_PAIR.sub(rb"\1", match["quoted"])
        elif text not in {b"(", b")"}:
            yield kind, text


class _Reader:
    """Reads the forms that the common pattern does not know, token by token."""

    __slots__ = ("_angle", "_comment", "_found", "_in_group", "_limit", "_phrase", "_value")

    def __init__(self, value: bytes, limit: int) -> None:
        self._value = value
        self._limit = limit
        self._found: list[Address] = []
        self._in_group = False
        self._clear()

    def _clear(self) -> None:
        self._phrase: list[bytes] = []
        self._angle: list[bytes] | None = None
        self._comment: bytes | None = None

    def read(self) -> list[Address]:
        for kind, text in _tokens(self._value):
            if len(self._found) >= self._limit:
                break
            if kind == "special":
                self._read_special(text)
            elif kind == "comment":
                self._comment = text
            elif kind == "space":
                if self._angle is None and self._phrase:
                    self._phrase.append(b" ")
            else:
                (self._phrase if self._angle is None else self._angle).append(text)
        self._finish_address()
        self._finish_group()
        return self._found[: self._limit]

    def _read_special(self, text: bytes) -> None:
        if self._angle is not None and text in b"@:,":
            self._read_in_angle(self._angle, text)
        elif text == b"<":
            self._angle = []
        elif text == b":" and not self._in_group:
            self._in_group = True
            name = b" ".join(b"".join(self._phrase).split())
            self._found.append(Address(None, None, name, None))
            self._clear()
        elif text == b",":
            self._finish_address()
        elif text == b";":
            self._finish_address()
            self._finish_group()
        elif text != b">":
            self._phrase.append(text)

    def _read_in_angle(self, angle: list[bytes], text: bytes) -> None:
        # A comma separates routes only: elsewhere the closing bracket is missing.
        if text == b"," and angle[:1] != [b"@"]:
            self._finish_address()
        else:
            angle.append(text)

    def _finish_group(self) -> None:
        if self._in_group:
            self._in_group = False
            self._found.append(GROUP_END)

    def _finish_address(self) -> None:
        phrase, angle, comment = self._phrase, self._angle, self._comment
        self._clear()
        if angle is None:
            # Blanks count only in what is no address.
            spec = [text for text in phrase if text != b" "] if b"@" in phrase else phrase
            name = None
        else:
            spec = angle
            name = b" ".join(b"".join(phrase).split()) or None
        route = None
        if spec[:1] == [b"@"] and b":" in spec:
            colon = len(spec) - 1 - spec[::-1].index(b":")
            route, spec = b"".join(spec[:colon]), spec[colon + 1 :]
        mailbox, host = _split_spec(spec)
        if mailbox or host or name:
            self._found.append(Address(name or comment, route, mailbox, host))


def _split_spec(spec: list[bytes]) -> tuple[bytes, bytes]:
    """Return local part and host, divided at the last at sign."""
    if b"@" not in spec:
        return b" ".join(b"".join(spec).split()), b""
    at = len(spec) - 1 - spec[::-1].index(b"@")
    return b"".join(spec[:at]), b"".join(spec[at + 1 :])
