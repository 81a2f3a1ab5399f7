"""Messages in the forms that signatures are made over (RFC 6376 §3.4). Pure.

Invariant: which octets are a field and where the body begins is what `mail.mime` says, so that
nothing is shown to a person as a field that a signature was not asked about. Lines end in CRLF
here, as they did where the message was signed.
"""

from __future__ import annotations

import hashlib
import re
from typing import NamedTuple

from mail.mime.fields import find_header_end, with_line_feeds
from mail.mime.sections import split_header_fields

__all__ = [
    "RELAXED",
    "SIMPLE",
    "Field",
    "Message",
    "canonicalize_body",
    "canonicalize_field",
    "hash_body",
    "read_message",
    "select_fields",
]

SIMPLE = b"simple"
RELAXED = b"relaxed"
MAX_HEADER = 256 << 10
MAX_FIELDS = 2_000
_SPACES = re.compile(rb"[ \t]{2,}+|\t")
_EMPTY_LINES = b"\r\n" * 4_096


class Field(NamedTuple):
    """One field: its name in lower case and its octets, up to and with the last CRLF."""

    name: bytes
    raw: bytes

    @property
    def value(self) -> bytes:
        """What stands behind the colon, as it is."""
        return self.raw.partition(b":")[2]


class Message(NamedTuple):
    """The fields in their order, and the body; no field where the header is past the bounds."""

    fields: tuple[Field, ...]
    body: bytes

    def named(self, name: bytes) -> list[Field]:
        """Return the fields with this name (in lower case)."""
        return [field for field in self.fields if field.name == name]


def read_message(data: bytes) -> Message:
    """Cut a message; line ends become CRLF (copied only where they are not)."""
    scan = with_line_feeds(data)
    if scan.count(b"\n") != scan.count(b"\r\n"):
        scan = scan.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    end = find_header_end(scan, 0, len(scan))
    body = scan[end:]
    if end > MAX_HEADER:
        return Message((), body)
    found = split_header_fields(scan[:end]).fields
    if len(found) > MAX_FIELDS:
        return Message((), body)
    return Message(tuple(Field(name, raw) for name, raw in found if b":" in raw), body)


def canonicalize_field(field: Field, method: bytes) -> bytes:
    """Return a field as it is signed, with its CRLF (§3.4.1, §3.4.2)."""
    if method == SIMPLE:
        return field.raw
    value = _SPACES.sub(b" ", field.value.replace(b"\r\n", b"")).strip(b" ")
    return field.name + b":" + value + b"\r\n"


def canonicalize_body(body: bytes, method: bytes) -> bytes:
    """Return the body as it is signed (§3.4.3, §3.4.4)."""
    if method == RELAXED:
        # At most one space is left in front of each CRLF.
        body = _SPACES.sub(b" ", body).replace(b" \r\n", b"\r\n")
        if body.endswith(b" "):
            body = body[:-1]
    end = _end_of_lines(body)
    if end == 0:
        return b"\r\n" if method == SIMPLE else b""
    return body[:end] + b"\r\n"


def _end_of_lines(body: bytes) -> int:
    """Return where the empty lines at the end and the last line's own CRLF begin."""
    end = len(body)
    for lines in (_EMPTY_LINES, b"\r\n"):
        while body.endswith(lines, 0, end):
            end -= len(lines)
    return end


def hash_body(body: bytes, method: bytes) -> tuple[bytes, int]:
    """Return the SHA-256 of the body as it is signed, and how many octets that has."""
    canonical = canonicalize_body(body, method)
    return hashlib.sha256(canonical).digest(), len(canonical)


def select_fields(fields: tuple[Field, ...], names: list[bytes]) -> list[Field]:
    """Return the fields that `h=` names, each name taking the next one from below (§5.4.2)."""
    waiting: dict[bytes, list[Field]] = {}
    wanted = frozenset(names)
    for field in fields:
        if field.name in wanted:
            waiting.setdefault(field.name, []).append(field)
    return [waiting[name].pop() for name in names if waiting.get(name)]
