"""One pass over a message's octets: the tree of its parts, as offsets.

RFC 2045, 2046 (multiparts), RFC 5322 (header blocks). Nothing is copied but header fields, nothing
is decoded, and there is no recursion: a part's delimiters are looked for with `bytes.find` inside
the range that its parent left it, so the cost is the size of the message for each level of nesting,
and levels are limited.

What is read as what, where mail is broken:

* A line ends at LF, with or without CR. Only where no LF occurs before the last octet does a bare
  CR end lines (old Macintosh mail).
* A delimiter is a whole line: two hyphens, the boundary, trailing white space. An enclosing
  multipart's delimiters count before those of what it holds, so equal boundaries inside each
  other close the inner one; a boundary that begins like another one is never taken for it.
* A multipart without boundary or delimiters is text/plain. Without a closing delimiter the last
  part reaches to the end.
* A message/rfc822 in base64 or quoted-printable (RFC 2046 §5.2.1 forbids both) stays shut.
* What lies beyond a limit stays shut too; shut parts are application/octet-stream leaves.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from mail.mime.fields import (
    Params,
    find_header_end,
    get_param,
    parse_valued,
    read_fields,
    with_line_feeds,
)
from mail.mime.limits import DEFAULT_LIMITS, MimeLimits

__all__ = ["Part", "parse_message"]

_MEDIA_TYPE = re.compile(rb"([^\s/;\"(]++)[ \t]*+/[ \t]*+([^\s/;\"(]++)")
_DELIMITER_TAIL = re.compile(rb"(--)?[ \t\r]*+(?:\n|\Z)")
_TOKEN = re.compile(rb"[^\s;(]++")
_US_ASCII: Params = ((b"charset", b"us-ascii"),)
_TEXT = (b"text", b"plain")
_OPAQUE = (b"application", b"octet-stream")
_MESSAGE_SUBTYPES = frozenset({b"rfc822", b"global"})
_TRANSPARENT = frozenset({b"7bit", b"8bit", b"binary"})


@dataclass(slots=True, eq=False)
class Part:
    """A message or body part: offsets into the message, and its Content-* fields.

    Octets from `header_start` to `header_end` are the header block with its blank line, from there
    to `body_end` the body. Not changed any more once `parse_message` has returned it.
    """

    header_start: int
    header_end: int
    body_end: int
    fields: dict[bytes, bytes]
    """Interpreted header fields: lower-case name to unfolded value."""
    type: bytes
    """Media type in lower case: of a leaf where the part could not be opened."""
    subtype: bytes
    params: Params
    """Parameters of Content-Type, continuations joined."""
    encoding: bytes
    """Content-Transfer-Encoding in lower case."""
    body_lines: int = 0
    """Lines of the body; counted for text and encapsulated messages only."""
    children: list[Part] = field(default_factory=list)
    message: Part | None = None
    """The encapsulated message of message/rfc822 and message/global."""

    @property
    def media_type(self) -> str:
        """`type/subtype` in lower case."""
        return (b"%b/%b" % (self.type, self.subtype)).decode("ascii", "replace")

    @property
    def id(self) -> bytes | None:
        """Content-ID as written."""
        return self.fields.get(b"content-id")

    @property
    def description(self) -> bytes | None:
        """Content-Description as written."""
        return self.fields.get(b"content-description")

    @property
    def md5(self) -> bytes | None:
        """Content-MD5 as written."""
        return self.fields.get(b"content-md5")

    @property
    def location(self) -> bytes | None:
        """Content-Location as written."""
        return self.fields.get(b"content-location")

    @property
    def language(self) -> tuple[bytes, ...]:
        """Tags of Content-Language."""
        tags = self.fields.get(b"content-language", b"").split(b",")
        return tuple(tag.strip() for tag in tags if tag.strip())

    def disposition(self, limits: MimeLimits = DEFAULT_LIMITS) -> tuple[bytes, Params] | None:
        """Content-Disposition: its value in lower case, and its parameters."""
        raw = self.fields.get(b"content-disposition")
        if not raw:
            return None
        value, params = parse_valued(raw, limits)
        token = _TOKEN.match(value)
        return (token.group(), params) if token else None

    def walk(self) -> Iterator[Part]:
        """Yield this part and all within it, each before what it holds."""
        pending = [self]
        while pending:
            part = pending.pop()
            yield part
            if part.message is not None:
                pending.append(part.message)
            pending.extend(reversed(part.children))


def parse_message(data: bytes, limits: MimeLimits = DEFAULT_LIMITS) -> Part:
    """Return the tree of a message's parts; never raises, whatever the octets are."""
    return _Parser(data, limits).parse()


class _Parser:
    """The state of one parse: what is still to be opened, and how many parts there are."""

    __slots__ = ("_count", "_false_delimiters", "_headers_left", "_limits", "_pending", "_scan")

    def __init__(self, data: bytes, limits: MimeLimits) -> None:
        self._scan = with_line_feeds(data)
        self._limits = limits
        self._count = 0
        self._false_delimiters = limits.max_false_delimiters
        self._headers_left = limits.max_headers_bytes
        self._pending: list[tuple[Part, int]] = []

    def parse(self) -> Part:
        end = len(self._scan)
        top = self._add(0, end, end, depth=0, default=_TEXT)
        while self._pending:
            part, depth = self._pending.pop()
            self._open(part, depth)
        return top

    def _add(
        self,
        start: int,
        header_limit: int,
        body_end: int,
        *,
        depth: int,
        default: tuple[bytes, bytes],
    ) -> Part:
        """Read a part's header; the body is opened later where it holds parts."""
        header_end = find_header_end(self._scan, start, header_limit)
        fields = self._read_fields(start, header_end)
        media, params = self._read_type(fields, default)
        encoding = fields.get(b"content-transfer-encoding")
        token = _TOKEN.match(encoding.lower()) if encoding else None
        part = Part(
            start,
            header_end,
            max(body_end, header_end),
            fields,
            *media,
            params,
            token.group() if token else b"7bit",
        )
        self._count += 1
        if part.type == b"text":
            self._count_lines(part)
        elif part.type == b"multipart" or (
            part.type == b"message" and part.subtype in _MESSAGE_SUBTYPES
        ):
            self._pending.append((part, depth))
        return part

    def _read_fields(self, start: int, end: int) -> dict[bytes, bytes]:
        end = min(end, start + self._headers_left)
        self._headers_left -= min(end - start, self._limits.max_header_bytes)
        return read_fields(self._scan, start, end, self._limits)

    def _read_type(
        self, fields: dict[bytes, bytes], default: tuple[bytes, bytes]
    ) -> tuple[tuple[bytes, bytes], Params]:
        raw = fields.get(b"content-type")
        if raw is None:
            return default, _US_ASCII if default is _TEXT else ()
        value, params = parse_valued(raw, self._limits)
        match = _MEDIA_TYPE.match(value)
        # RFC 2045 §5.2: what cannot be understood is text/plain.
        return ((match[1], match[2]) if match else _TEXT), params

    def _count_lines(self, part: Part) -> None:
        part.body_lines = self._scan.count(b"\n", part.header_end, part.body_end)

    def _open(self, part: Part, depth: int) -> None:
        if depth >= self._limits.max_depth or self._count >= self._limits.max_parts:
            _shut(part)
        elif part.type == b"multipart":
            self._open_multipart(part, depth + 1)
        elif part.encoding not in _TRANSPARENT:
            _shut(part)
        else:
            self._count_lines(part)
            part.message = self._add(
                part.header_end, part.body_end, part.body_end, depth=depth + 1, default=_TEXT
            )

    def _open_multipart(self, part: Part, depth: int) -> None:
        found = get_param(part.params, b"boundary")
        boundary = found[1].rstrip() if found else b""
        default = (b"message", b"rfc822") if part.subtype == b"digest" else _TEXT
        before = len(self._pending)
        if boundary:
            for start, header_limit, body_end in self._split(part, b"--" + boundary):
                child = self._add(start, header_limit, body_end, depth=depth, default=default)
                part.children.append(child)
        # The first part is opened first, so that the limit of parts cuts from the end.
        self._pending[before:] = reversed(self._pending[before:])
        if not part.children:
            part.type, part.subtype = _TEXT
            self._count_lines(part)

    def _split(self, part: Part, delimiter: bytes) -> Iterator[tuple[int, int, int]]:
        """Yield (start, end, body end) of each part between the delimiter's lines.

        The line break before a delimiter belongs to it (RFC 2046 §5.1.1), so the body ends
        there; but it may still be the blank line after the part's header.
        """
        start = -1
        for line, after, closing in self._find_delimiters(part, delimiter):
            if start >= 0:
                yield start, line, self._before_break(start, line)
            start = -1 if closing else after
            if closing or self._count + 1 >= self._limits.max_parts:
                break
        if start >= 0:
            yield start, part.body_end, part.body_end

    def _before_break(self, start: int, line: int) -> int:
        ends = line - 1
        if ends > start and self._scan[ends - 1] == 0x0D:
            ends -= 1
        return max(start, ends)

    def _find_delimiters(self, part: Part, delimiter: bytes) -> Iterator[tuple[int, int, bool]]:
        """Yield (offset, offset of the next line, whether it closes) of each delimiter line."""
        scan, end = self._scan, part.body_end
        needle = b"\n" + delimiter
        if scan.startswith(delimiter, part.header_end, end):
            at = part.header_end - 1
        else:
            at = scan.find(needle, part.header_end, end)
        while at >= 0:
            position = at + len(needle)
            if tail := _DELIMITER_TAIL.match(scan, position, end):
                # The line break may be that of the next delimiter.
                position = tail.end() - 1
                yield at + 1, tail.end(), tail[1] is not None
            else:
                self._false_delimiters -= 1
                if self._false_delimiters < 0:
                    return
            at = scan.find(needle, position, end)


def _shut(part: Part) -> None:
    """Make a leaf of a container; message/global may be one as it is (RFC 6532 §3.7)."""
    if part.subtype != b"global":
        part.type, part.subtype = _OPAQUE
