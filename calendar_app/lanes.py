"""Lanes: how the occurrence table is cut so that a time-range is a few ranges of one index.

An index by start alone does not tell when an occurrence ends. A lane holds occurrences of one kind
that last at most so long: those that overlap a query begin in one range, whose first is the query's
start less that length. Zoned times are exact. Floating times and dates are looked for wider, by the
most that a zone is away from UTC, and then held against the query in its zone (`overlaps`).
"""

from collections.abc import Callable
from typing import NamedTuple

from calendar_app.ical.spans import FOREVER, NEVER
from calendar_app.ical.values import DATE, DAY, FLOATING, ZONED

KINDS = (ZONED, FLOATING, DATE)
LENGTHS = (DAY, 8 * DAY, 35 * DAY, 400 * DAY)
"""What the occurrences of a lane last at most; a further lane holds what lasts longer."""
LANES_OF_A_KIND = len(LENGTHS) + 1
UNEXPANDED = LANES_OF_A_KIND * len(KINDS)
"""The lane of notes that an object has no rows from `start_at` on: it is expanded on demand."""
SPREAD = 16 * 3600
"""Seconds that no zone's clock is away from UTC."""
_LOWEST = -(1 << 62)

ToUtc = Callable[[int], int]
"""Tells the UTC of a local time."""


class LaneRange(NamedTuple):
    """A lane, the first and last `start_at` of what may overlap a query, and what it ends after."""

    lane: int
    first: int
    last: int
    after: int


class Span(NamedTuple):
    """A query's time-range: `start` belongs to it, `end` does not (RFC 4791 §9.9)."""

    start: int
    end: int


def make_span(start: int | None, end: int | None) -> Span:
    """Return the span of a time-range, of which either end may be left open."""
    return Span(NEVER if start is None else start, FOREVER if end is None else end)


def lane_of(kind: str, length: int) -> int:
    """Return the lane of an occurrence of this kind and length."""
    within = sum(length > longest for longest in LENGTHS)
    return KINDS.index(kind) * LANES_OF_A_KIND + within


def kind_of(lane: int) -> str:
    """Return the kind of the occurrences in a lane that is not `UNEXPANDED`."""
    return KINDS[lane // LANES_OF_A_KIND]


def list_ranges(span: Span) -> list[LaneRange]:
    """Return where everything lies that may overlap a span, `UNEXPANDED` included."""
    ranges = []
    for lane in range(UNEXPANDED):
        spread = 0 if kind_of(lane) == ZONED else SPREAD
        ranges.append(
            LaneRange(
                lane, _first(lane, span.start - spread), span.end - 1 + spread, span.start - spread
            )
        )
    return [*ranges, LaneRange(UNEXPANDED, _LOWEST, span.end - 1 + SPREAD, _LOWEST)]


def _first(lane: int, start: int) -> int:
    within = lane % LANES_OF_A_KIND
    return start - LENGTHS[within] if within < len(LENGTHS) else _LOWEST


def overlaps(start_at: int, end_at: int, span: Span, to_utc: ToUtc) -> bool:
    """Tell whether a floating time or a date, from start to end, meets a span in its zone."""
    if start_at - SPREAD >= span.start and end_at + SPREAD <= span.end:
        return True
    return to_utc(start_at) < span.end and to_utc(end_at) > span.start
