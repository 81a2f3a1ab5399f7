"""Sequence sets and UID sets (RFC 3501 §9 `sequence-set`, RFC 4315 §4 `uid-set`).

Sets are kept as ranges, never expanded: `1:4294967295` is two numbers here.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, NewType

from mail.uidset import normalize

Uid = NewType("Uid", int)
Seq = NewType("Seq", int)

MAX_NUMBER: Final = 2**32 - 1
STAR: Final = 0
"""Stands for `*` in a range; no message has the number 0."""

SET = re.compile(
    rb"(?:[0-9]{1,10}|\*)(?::(?:[0-9]{1,10}|\*))?(?>(?:,(?:[0-9]{1,10}|\*)(?::(?:[0-9]{1,10}|\*))?)*)"
)


@dataclass(frozen=True, slots=True)
class SequenceSet:
    """The ranges as the client wrote them, in its order; either end may be STAR."""

    ranges: tuple[tuple[int, int], ...]

    def resolve(self, largest: int) -> list[tuple[int, int]]:
        """Return ascending, disjoint ranges in which `*` is the largest number in use.

        `5:*` holds the last message even when that is number 3 (RFC 3501 §9).
        """
        return normalize((low or largest, high or largest) for low, high in self.ranges)

    @property
    def is_saved(self) -> bool:
        """Tell whether it is `$`, the result of the last search that was saved."""
        return not self.ranges

    def serialize(self) -> bytes:
        """Return the set as it stands on the wire."""
        if self.is_saved:
            return b"$"
        return b",".join(
            _number(low) if low == high else _number(low) + b":" + _number(high)
            for low, high in self.ranges
        )


SAVED: Final = SequenceSet(())
"""`$` (RFC 5182): what it holds is known to the selected mailbox."""


def parse_sequence_set(text: bytes) -> SequenceSet | None:
    """Return the set that the whole of the text spells, or None if it spells none."""
    if not SET.fullmatch(text):
        return None
    ranges = []
    for part in text.split(b","):
        low, colon, high = part.partition(b":")
        first = _parse_number(low)
        last = _parse_number(high) if colon else first
        if first is None or last is None:
            return None
        ranges.append((first, last))
    return SequenceSet(tuple(ranges))


def serialize_numbers(numbers: Iterable[int]) -> bytes:
    """Return the numbers in their order, rising runs written as ranges (`1:3,7`).

    The order is kept because COPYUID pairs its two sets position by position (RFC 4315 §3).
    Hot: a single run, as of a whole mailbox, is one comparison.
    """
    ordered = list(numbers)
    if not ordered:
        return b""
    first, last = ordered[0], ordered[-1]
    if last - first == len(ordered) - 1 and ordered == list(range(first, last + 1)):
        return SequenceSet(((first, last),)).serialize()
    starts = [0, *(i + 1 for i, (a, b) in enumerate(pairwise(ordered)) if b != a + 1)]
    ends = [*(start - 1 for start in starts[1:]), len(ordered) - 1]
    return SequenceSet(
        tuple((ordered[start], ordered[end]) for start, end in zip(starts, ends, strict=True))
    ).serialize()


def _number(value: int) -> bytes:
    return b"*" if value == STAR else b"%d" % value


def _parse_number(text: bytes) -> int | None:
    if text == b"*":
        return STAR
    value = int(text)
    return value if 0 < value <= MAX_NUMBER else None
