"""Sections of FETCH BODY[…] as ranges of the stored message (RFC 3501 §6.4.5).

The grammar of sections is the protocol's; here a section is its part numbers and its kind. A
message is delivered as *prefix + blob*: ranges are those of the blob, and say where the prefix
(the trace fields added for one recipient) comes before them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Literal, NamedTuple

from mail.mime.fields import with_line_feeds
from mail.mime.parts import PartsTable

__all__ = [
    "HeaderFields",
    "SectionKind",
    "SectionRange",
    "filter_header_fields",
    "header_filter",
    "resolve_section",
    "split_header_fields",
]

SectionKind = Literal["HEADER", "TEXT", "MIME", "HEADER.FIELDS", "HEADER.FIELDS.NOT"] | None


class SectionRange(NamedTuple):
    """Octets of the blob, end exclusive."""

    start: int
    end: int
    with_prefix: bool
    """Whether the section is the message's own header, or begins with it: the prefix belongs
    before the range. HEADER.FIELDS are to be filtered from both together."""


def resolve_section(
    table: PartsTable, path: tuple[int, ...], kind: SectionKind = None
) -> SectionRange | None:
    """Return where a section lies, None where the message has none such (FETCH answers NIL).

    HEADER.FIELDS and HEADER.FIELDS.NOT give the header to be filtered. A part that only a
    broader reading knows (part 1 of a part that is neither multipart nor message) is None.
    """
    entry = table.get(path)
    if entry is None:
        return None
    if kind is None:
        return SectionRange(entry.header_end, entry.body_end, not path)
    if kind == "MIME":
        return (
            SectionRange(entry.header_start, entry.header_end, with_prefix=False) if path else None
        )
    message = entry.message
    if message is None:
        return None
    if kind == "TEXT":
        return SectionRange(message.header_end, message.body_end, with_prefix=False)
    return SectionRange(message.header_start, message.header_end, not path)


_FIELD = re.compile(
    rb"(?!\Z)(?:(?P<blank>\r*+(?:\n|\Z))|(?P<name>[^\n:]*+)[^\n]*+(?>(?:\n[ \t][^\n]*+)*)\n?)"
)


class HeaderFields(NamedTuple):
    """A header, taken apart to be asked for fields more than once."""

    fields: list[tuple[bytes, bytes]]
    """Lower-case names, and the fields as they stand, folding and line ends included."""
    blank: bytes
    """The blank line; always there, also where the header has none (RFC 3501 §6.4.5)."""

    def choose(self, names: Iterable[bytes], *, negate: bool) -> bytes:
        """Return the fields with (or, negated, without) these names, and the blank line."""
        wanted = {name.strip(b" \t").lower() for name in names}
        return b"".join([raw for name, raw in self.fields if (name in wanted) is not negate]) + (
            self.blank
        )


def split_header_fields(header: bytes) -> HeaderFields:
    """Return the fields of a header, up to its blank line."""
    fields: list[tuple[bytes, bytes]] = []
    lines = with_line_feeds(header)
    for match in _FIELD.finditer(lines):
        raw = header[match.start() : match.end()]
        if match["blank"] is not None:
            return HeaderFields(fields, raw)
        ends = lines.endswith(b"\n", 0, match.end())
        fields.append((match["name"].rstrip(b" \t\r").lower(), raw if ends else raw + b"\r\n"))
    return HeaderFields(fields, b"\r\n")


def filter_header_fields(header: bytes, names: Iterable[bytes], *, negate: bool) -> bytes:
    """Return the fields with (or, negated, without) these names, and the blank line.

    Fields come as they stand; names compare without case.
    """
    return split_header_fields(header).choose(names, negate=negate)


_LONE_CR = re.compile(rb"\r[^\n]")


@lru_cache(maxsize=256)
def header_filter(names: tuple[bytes, ...]) -> Callable[[bytes], bytes]:
    """Return `filter_header_fields` for fields with these names, made for many headers.

    Hot: the usual header is one search of a pattern; what has lone CRs or an end of its own goes
    the slow way. The search looks for line feeds, and behind them for letters in either case:
    neither `^` nor a flag that ignores case would let it pass over the lines between quickly.
    """
    wanted = b"|".join(_in_any_case(name.strip(b" \t")) for name in names)
    find = re.compile(
        rb"\n(?:%b)[ \t\r]*+(?>(?::[^\n]*+)?)(?=\n)(?>(?:\n[ \t][^\n]*+)*)" % wanted
    ).findall

    def keep(header: bytes) -> bytes:
        is_usual = header.endswith(b"\n\r\n") and header.find(b"\n\r\n") == len(header) - 3
        is_usual = is_usual and not _LONE_CR.search(header)
        if not is_usual:
            return filter_header_fields(header, names, negate=False)
        fields = b"".join(find(b"\n" + header))
        return fields[1:] + b"\n\r\n" if fields else b"\r\n"

    return keep


def _in_any_case(name: bytes) -> bytes:
    letters = ((bytes((octet,)).upper(), bytes((octet,)).lower()) for octet in name)
    return b"".join(
        re.escape(upper) if upper == lower else b"[%b%b]" % (upper, lower)
        for upper, lower in letters
    )
