"""Sets of UIDs as ascending, disjoint ranges (first, last). Pure but for the SQL text."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence

Ranges = Sequence[tuple[int, int]]

EVERY_UID: Ranges = [(1, 2**63 - 1)]
CHUNK_BITS = 8
"""UIDs that agree but for so many bits are a chunk (`mail.models.MessageChunk`)."""
MAX_SQL_RANGES = 200
"""Ranges up to which a condition spells them out; more go as a list of the UIDs between."""


def to_ranges(uids: Iterable[int]) -> list[tuple[int, int]]:
    """Return the ranges of ascending UIDs; adjacent ones are joined."""
    ranges: list[tuple[int, int]] = []
    first = last = 0
    for uid in uids:
        if last and uid == last + 1:
            last = uid
            continue
        if last:
            ranges.append((first, last))
        first = last = uid
    if last:
        ranges.append((first, last))
    return ranges


def list_uids(ranges: Ranges) -> list[int]:
    """Return the UIDs of ranges, in their order."""
    return [uid for first, last in ranges for uid in range(first, last + 1)]


def absent_ranges(uids: Iterable[int], end: int) -> list[tuple[int, int]]:
    """Return the ranges of what ascending UIDs leave out, from 1 to below `end`."""
    ranges: list[tuple[int, int]] = []
    expected = 1
    for uid in uids:
        if uid > expected:
            ranges.append((expected, uid - 1))
        expected = uid + 1
    if expected < end:
        ranges.append((expected, end - 1))
    return ranges


def normalize(ranges: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return ascending, disjoint ranges that cover the same UIDs."""
    merged: list[tuple[int, int]] = []
    for low, high in sorted((min(pair), max(pair)) for pair in ranges):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(merged[-1][1], high))
        else:
            merged.append((low, high))
    return merged


def clip(ranges: Ranges, low: int, high: int) -> list[tuple[int, int]]:
    """Return what of ascending, disjoint ranges lies between two UIDs."""
    clipped: list[tuple[int, int]] = []
    for place in range(max(bisect_right(ranges, (low, high)) - 1, 0), len(ranges)):
        first, last = ranges[place]
        if first > high:
            break
        if last >= low:
            clipped.append((max(first, low), min(last, high)))
    return clipped


def sql_condition(column: str, ranges: Ranges) -> tuple[str, list[int]]:
    """Return (condition, parameters) for at most `MAX_SQL_RANGES` ranges."""
    if not ranges:
        return "1 = 0", []
    if len(ranges) > MAX_SQL_RANGES:
        raise ValueError("too many ranges for one condition")
    pieces: list[str] = []
    params: list[int] = []
    for first, last in ranges:
        if first == last:
            pieces.append(f"{column} = %s")
            params.append(first)
        else:
            pieces.append(f"{column} BETWEEN %s AND %s")
            params += (first, last)
    return f"({' OR '.join(pieces)})", params


def chunks(ranges: Ranges) -> Iterable[list[tuple[int, int]]]:
    """Cut ranges into groups that one condition may hold, in order."""
    for start in range(0, len(ranges), MAX_SQL_RANGES):
        yield list(ranges[start : start + MAX_SQL_RANGES])
