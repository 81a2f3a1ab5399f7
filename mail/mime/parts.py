"""The parts table: where each section of a message lies, in a few octets per part.

Kept with the message, so that FETCH of a section reads a range of the blob and parses nothing.

Form: a version octet, then for each part, before what it holds: three unsigned LEB128 numbers
(distance of its header from the start of the part before it, length of its header, length of its
body), a shape octet (number of children times two, plus one where it holds a message; 254 and 255:
the number of children follows as LEB128), an encoding octet and a media type octet (0: length and
text follow).
"""

from __future__ import annotations

from typing import NamedTuple

from mail.mime.parser import Part

__all__ = ["MessageRange", "PartEntry", "PartsTable", "load_parts", "serialize_parts"]

_VERSION = 1
_ENCODINGS = ("", "7bit", "8bit", "binary", "quoted-printable", "base64")
_MEDIA_TYPES = (
    "",
    "text/plain",
    "text/html",
    "multipart/alternative",
    "multipart/mixed",
    "multipart/related",
    "multipart/signed",
    "multipart/report",
    "multipart/digest",
    "message/rfc822",
    "message/delivery-status",
    "message/global",
    "application/octet-stream",
    "application/pdf",
    "application/pgp-signature",
    "application/pkcs7-signature",
    "image/gif",
    "image/jpeg",
    "image/png",
    "text/calendar",
)
_ENCODING_CODES = {name.encode(): code for code, name in enumerate(_ENCODINGS) if name}
_MEDIA_CODES = {name: code for code, name in enumerate(_MEDIA_TYPES) if name}
_MANY_CHILDREN = 127
_LONGEST_MEDIA_TYPE = 127


class MessageRange(NamedTuple):
    """Where a message's header and body lie; the body begins where the header ends."""

    header_start: int
    header_end: int
    body_end: int


class PartEntry(NamedTuple):
    """Where a part lies: octets of the message, ends exclusive."""

    header_start: int
    header_end: int
    body_end: int
    encoding: str
    """Content-Transfer-Encoding; empty where it is none of the five of RFC 2045."""
    media_type: str
    message: MessageRange | None
    """The encapsulated message; of `()`, the message itself."""


PartsTable = dict[tuple[int, ...], PartEntry]
"""Part numbers to parts, in the order of the message.

`()` stands for the whole message. Where a message is no multipart, its body is its part 1
(RFC 3501 §6.4.5), with the message's header as MIME header.
"""


def serialize_parts(top: Part) -> bytes:
    """Return the table of a parsed message."""
    out = bytearray((_VERSION,))
    previous = 0
    for part in top.walk():
        _put_number(out, part.header_start - previous)
        _put_number(out, part.header_end - part.header_start)
        _put_number(out, part.body_end - part.header_end)
        previous = part.header_start
        count, holds = len(part.children), part.message is not None
        if count < _MANY_CHILDREN:
            out.append(count * 2 + holds)
        else:
            out.append(_MANY_CHILDREN * 2 + holds)
            _put_number(out, count)
        out.append(_ENCODING_CODES.get(part.encoding, 0))
        media_type = part.media_type[:_LONGEST_MEDIA_TYPE]
        code = _MEDIA_CODES.get(media_type, 0)
        out.append(code)
        if not code:
            text = media_type.encode("ascii", "replace")
            out.append(len(text))
            out += text
    return bytes(out)


def _put_number(out: bytearray, number: int) -> None:
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)


class _Row(NamedTuple):
    start: int
    header_end: int
    body_end: int
    children: int
    holds_message: bool
    encoding: str
    media_type: str


class _Rows:
    """Reads the serialized rows one after the other."""

    __slots__ = ("_at", "_previous", "_table")

    def __init__(self, table: bytes) -> None:
        if table[:1] != bytes((_VERSION,)):
            raise ValueError("unknown version of a parts table")
        self._table = table
        self._at = 1
        self._previous = 0

    def _octet(self) -> int:
        self._at += 1
        return self._table[self._at - 1]

    def _number(self) -> int:
        number = shift = 0
        while (octet := self._octet()) > 0x7F:
            number |= (octet & 0x7F) << shift
            shift += 7
        return number | octet << shift

    def read(self) -> _Row:
        start = self._previous + self._number()
        self._previous = start
        header_end = start + self._number()
        body_end = header_end + self._number()
        children, holds = divmod(self._octet(), 2)
        if children == _MANY_CHILDREN:
            children = self._number()
        encoding = _ENCODINGS[self._octet()]
        media_type = _MEDIA_TYPES[self._octet()]
        if not media_type:
            length = self._octet()
            media_type = self._table[self._at : self._at + length].decode("ascii")
            self._at += length
        return _Row(start, header_end, body_end, children, bool(holds), encoding, media_type)


def load_parts(table: bytes) -> PartsTable:
    """Return the table that `serialize_parts` made; ValueError if it is of another version."""
    rows = _Rows(table)
    parts: dict[tuple[int, ...], _Row] = {}
    messages: dict[tuple[int, ...], _Row] = {}
    pending: list[tuple[tuple[int, ...], bool]] = [((), True)]
    while pending:
        path, is_message = pending.pop()
        row = rows.read()
        if is_message:
            messages[path] = row
        if is_message and not row.children:
            path = (*path, 1)
        if not (is_message and row.children):
            parts[path] = row
        pending.extend(((*path, number), False) for number in range(row.children, 0, -1))
        if row.holds_message:
            pending.append((path, True))
    top = messages[()]
    whole = PartEntry(0, 0, top.body_end, top.encoding, top.media_type, _range(top))
    found: PartsTable = {(): whole}
    for path, row in parts.items():
        message = messages.get(path)
        found[path] = PartEntry(
            row.start,
            row.header_end,
            row.body_end,
            row.encoding,
            row.media_type,
            _range(message) if message else None,
        )
    return found


def _range(row: _Row) -> MessageRange:
    return MessageRange(row.start, row.header_end, row.body_end)
