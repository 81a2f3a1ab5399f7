"""Content lines with the octets they were written in, so that an edit leaves all others alone. Pure.

    b"".join(raw.octets for raw in raw_lines(data)) == data

for all data that `contentlines` reads, and the lines are the same. Empty lines, a byte order mark
and folds belong to the octets of a line beside them.
"""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from contacts.vcard.contentlines import Line, content_lines
from contacts.vcard.serialize import serialize_line

_RAW = re.compile(rb"(?>(?:[^\r\n]++|(?:\r++\n?+|\n)[ \t])*)(?:\r++\n?+|\n|\Z)")


class RawLine(NamedTuple):
    """A content line, and the octets that say it."""

    octets: bytes
    line: Line


def raw_lines(data: bytes) -> Iterator[RawLine]:
    """Yield the lines of data; raises `BadContentLine`, whose number is not of the whole data."""
    before = b""
    held: RawLine | None = None
    for found in _RAW.finditer(data):
        octets = found[0]
        for line in content_lines(octets):
            if held is not None:
                yield held
            held = RawLine(before + octets, line)
            before = b""
            break
        else:
            if held is None:
                before += octets
            else:
                held = held._replace(octets=held.octets + octets)
    if held is not None:
        yield held


def written(line: Line) -> RawLine:
    """Return a line of our own with its octets."""
    return RawLine(serialize_line(line), line)


def reuse(held: Iterable[RawLine], wanted: Iterable[Line]) -> list[RawLine]:
    """Return the wanted lines; those that were held already, with the octets that they had."""
    known = list(held)
    found = []
    for line in wanted:
        same = next((raw for raw in known if raw.line == line), None)
        if same is not None:
            known.remove(same)
        found.append(same or written(line))
    return found
