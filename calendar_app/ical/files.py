"""Files of many objects, as programs export them: cut into calendar objects. Pure.

A file is read twice: once line by line to see what is where, then object by object; it is never
held whole. Octets stay as they are; what is broken is told of and passed over, whatever follows it.

    split_file(file: BinaryIO, max_octets: int) -> Iterator[FoundObject | BrokenPart]
    to_utf8(data: bytes) -> bytes
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from calendar_app.ical.objects import KNOWN_COMPONENTS
from mail.mime.charsets import decode_octets

__all__ = ["BrokenPart", "FoundObject", "split_file", "to_utf8"]

_LINE = 64 << 10
"""Octets that are read at once of a line."""
_KEPT = 4 << 10
"""Octets of a line that names something; a longer UID is no UID."""
_ZONE = 64 << 10
"""Octets of a time zone, which each object that names it gets."""
_EDGE = re.compile(rb"\s*(BEGIN|END)\s*:\s*([A-Z0-9-]+)\s*", re.IGNORECASE)
_NAMING = re.compile(rb"(UID|TZID)(?:;[^:]*)?:(.*)", re.IGNORECASE | re.DOTALL)
_TZID = re.compile(rb'(?i);TZID=(?:"([^"]*)"|([^":;,]*))')
_FOLD = re.compile(rb"(?:\r\n|\r|\n)[ \t]")
_BARE = re.compile(rb"\r\n|\r|\n")
_HEADER = (b"PRODID", b"VERSION", b"CALSCALE")
_BOM = b"\xef\xbb\xbf"
_KNOWN = frozenset(name.encode() for name in KNOWN_COMPONENTS)


@dataclass(frozen=True, slots=True)
class FoundObject:
    """The octets of an object, not checked yet; its first line in the file, and how much is read.

    An object that is all of its VCALENDAR is as it stands in the file.
    """

    line: int
    data: bytes
    share: float


@dataclass(frozen=True, slots=True)
class BrokenPart:
    """Why there is no object at a line."""

    line: int
    reason: str


@dataclass(slots=True)
class _Calendar:
    line: int
    start: int
    end: int = 0
    header: list[bytes] = field(default_factory=list)
    zones: dict[bytes, _Piece] = field(default_factory=dict)
    pieces: int = 0
    has_method: bool = False


@dataclass(slots=True)
class _Piece:
    """A component right within a VCALENDAR; `key` is its UID, or the TZID of a zone."""

    calendar: _Calendar
    name: bytes
    line: int
    start: int
    end: int = 0
    key: bytes = b""


def split_file(file: BinaryIO, max_octets: int) -> Iterator[FoundObject | BrokenPart]:
    """Yield the objects of a file and what is broken in it; the file must be able to seek.

    Components of one UID are one object, with the VTIMEZONEs that they name. A component without a
    UID gets one made of its octets: the same whenever it comes.
    """
    scan = _Scan()
    yield from scan.read(file)
    groups = list(scan.groups.values())
    for number, pieces in enumerate(groups):
        size = sum(piece.end - piece.start for piece in pieces)
        if size > max_octets:
            yield BrokenPart(pieces[0].line, f"The object has {size} octets: {max_octets} may be.")
            continue
        yield FoundObject(pieces[0].line, _compose(file, pieces), (number + 1) / len(groups))


def to_utf8(data: bytes) -> bytes:
    """Return an object in UTF-8: octets that are none are read in the character set that they fit.

    Lines that are folded within a character are whole first.
    """
    unfolded = _FOLD.sub(b"", data)
    try:
        unfolded.decode()
    except UnicodeDecodeError:
        return decode_octets(unfolded).encode()
    return data


class _Scan:
    """What is where in a file."""

    def __init__(self) -> None:
        self.groups: dict[bytes, list[_Piece]] = {}
        self._calendar: _Calendar | None = None
        self._piece: _Piece | None = None
        self._depth = 0
        self._position = 0
        self._naming: bytearray | None = None
        self._header: list[bytes] | None = None

    def read(self, file: BinaryIO) -> Iterator[BrokenPart]:
        """Read the file to its end; yield what is broken."""
        number, is_start = 1, True
        while part := file.readline(_LINE):
            if not is_start or part[:1] in b" \t":
                self._go_on(part if not is_start else part[1:])
            else:
                if number == 1 and part.startswith(_BOM):
                    part = part.removeprefix(_BOM)
                    self._position += len(_BOM)
                yield from self._take(part, number)
            self._position += len(part)
            is_start = part.endswith(b"\n")
            number += is_start
        yield from self._end_piece("")
        if self._calendar is not None:
            yield BrokenPart(self._calendar.line, "The VCALENDAR has no END: the file is cut off.")

    def _go_on(self, part: bytes) -> None:
        """Take the rest of a line, or what is folded."""
        if self._naming is not None and len(self._naming) < _KEPT:
            self._naming += part.rstrip(b"\r\n")
        if self._header is not None and len(self._header[-1]) < _KEPT:
            self._header[-1] = self._header[-1].rstrip(b"\r\n") + part.rstrip(b"\r\n") + b"\r\n"

    def _take(self, line: bytes, number: int) -> Iterator[BrokenPart]:
        self._end_naming()
        self._header = None
        edge = _EDGE.fullmatch(line)
        if edge is not None:
            name = edge[2].upper()
            if edge[1].upper() == b"BEGIN":
                yield from self._begin(name, number)
            else:
                yield from self._end(name, len(line), number)
        elif self._depth == 1 and self._calendar is not None:
            self._take_header(self._calendar, line)
        elif self._depth == 2 and line[:4].upper().startswith((b"UID", b"TZID")):
            self._naming = bytearray(line.rstrip(b"\r\n"))

    def _take_header(self, calendar: _Calendar, line: bytes) -> None:
        upper = line[:8].upper()
        is_kept = upper.startswith(_HEADER) and len(calendar.header) < len(_HEADER)
        if is_kept and len(line) < _KEPT:
            calendar.header.append(line.rstrip(b"\r\n") + b"\r\n")
            self._header = calendar.header
        # Whatever follows the name: it may be on the next line.
        calendar.has_method |= upper.startswith(b"METHOD")

    def _begin(self, name: bytes, number: int) -> Iterator[BrokenPart]:
        if name == b"VCALENDAR":
            yield from self._end_piece("")
            self._calendar = _Calendar(number, self._position)
            self._depth = 1
        elif self._calendar is None:
            yield BrokenPart(number, f"{name[:40].decode()} stands outside of a VCALENDAR.")
        else:
            self._depth += 1
            if self._depth == 2:
                self._piece = _Piece(self._calendar, name, number, self._position)

    def _end(self, name: bytes, length: int, number: int) -> Iterator[BrokenPart]:
        if self._calendar is None:
            yield BrokenPart(number, f"END:{name[:40].decode()} ends nothing.")
            return
        end = self._position + length
        if name == b"VCALENDAR":
            yield from self._end_piece("")
            self._calendar.end = end
            self._calendar, self._depth = None, 0
        elif self._depth > 1:
            self._depth -= 1
            if self._depth == 1 and self._piece is not None:
                yield from self._close(self._piece, name, end)

    def _end_piece(self, reason: str) -> Iterator[BrokenPart]:
        """Give up a component that is open."""
        self._end_naming()
        if self._piece is not None:
            name = self._piece.name[:40].decode()
            yield BrokenPart(self._piece.line, reason or f"The {name} has no END.")
        self._piece = None

    def _close(self, piece: _Piece, name: bytes, end: int) -> Iterator[BrokenPart]:
        if name != piece.name:
            yield from self._end_piece(f"The {piece.name[:40].decode()} ends as another component.")
            return
        self._piece, piece.end = None, end
        if name == b"VTIMEZONE" and end - piece.start > _ZONE:
            yield BrokenPart(piece.line, f"A VTIMEZONE has at most {_ZONE} octets.")
        elif name == b"VTIMEZONE":
            piece.calendar.zones.setdefault(piece.key, piece)
        elif name in _KNOWN:
            piece.calendar.pieces += 1
            self.groups.setdefault(piece.key or b"\n%d" % piece.start, []).append(piece)
        else:
            yield BrokenPart(piece.line, f"A {name[:40].decode()} is nothing that calendars hold.")

    def _end_naming(self) -> None:
        if self._naming is None:
            return
        found = _NAMING.fullmatch(bytes(self._naming))
        wanted = b"TZID" if self._piece is not None and self._piece.name == b"VTIMEZONE" else b"UID"
        if found and self._piece is not None and found[1].upper() == wanted:
            self._piece.key = self._piece.key or found[2].strip()
            if wanted == b"TZID":
                # A TEXT here, but not in the parameter that names it (RFC 5545 §3.8.3.1).
                self._piece.key = re.sub(rb"\\([,;\\])", rb"\1", self._piece.key)
        self._naming = None


def _compose(file: BinaryIO, pieces: list[_Piece]) -> bytes:
    calendar = pieces[0].calendar
    if _is_all_of(calendar, pieces):
        return _read(file, calendar.start, calendar.end)
    texts: dict[bytes, None] = {}
    zones: dict[bytes, None] = {}
    for piece in pieces:
        text = _with_uid(_read_lines(file, piece), piece)
        texts.setdefault(text)
        for tzid in _list_tzids(text):
            if zone := piece.calendar.zones.get(tzid):
                zones.setdefault(_read_lines(file, zone))
    header = calendar.header or [b"VERSION:2.0\r\n"]
    parts = [b"BEGIN:VCALENDAR\r\n", *header, *zones, *texts, b"END:VCALENDAR\r\n"]
    return b"".join(parts)


def _is_all_of(calendar: _Calendar, pieces: list[_Piece]) -> bool:
    """Tell whether a VCALENDAR is an object as it stands."""
    is_whole = calendar.end and not calendar.has_method and len(pieces) == calendar.pieces
    return bool(is_whole) and all(piece.calendar is calendar and piece.key for piece in pieces)


def _read(file: BinaryIO, start: int, end: int) -> bytes:
    file.seek(start)
    return file.read(end - start)


def _read_lines(file: BinaryIO, piece: _Piece) -> bytes:
    """Return a component with its lines ended as iCalendar's are."""
    return _BARE.sub(b"\r\n", _read(file, piece.start, piece.end).rstrip(b"\r\n")) + b"\r\n"


def _with_uid(text: bytes, piece: _Piece) -> bytes:
    if piece.key:
        return text
    begin, newline, rest = text.partition(b"\r\n")
    uid = b"UID:" + hashlib.sha256(text).hexdigest()[:32].encode()
    return begin + newline + uid + newline + rest


def _list_tzids(text: bytes) -> list[bytes]:
    return [quoted or plain for quoted, plain in _TZID.findall(_FOLD.sub(b"", text))]
