"""What of time a component takes for a time-range (RFC 4791 §9.9).

Seconds are whole, so that every row of the tables there is one form: an instance is in the range
where `low < end of the range` and `high > start of the range`. Where a table says `start <=`, high
is a second later; where it says `end >=`, low is a second earlier.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from calendar_app.ical.components import Component
from calendar_app.ical.entries import Entry
from calendar_app.ical.values import (
    BUSY,
    DATE,
    DAY,
    FREE,
    TENTATIVE,
    UNAVAILABLE,
    ZONED,
    BadValue,
    parse_duration,
    parse_local,
)

__all__ = [
    "BUSY",
    "FOREVER",
    "FREE",
    "NEVER",
    "TENTATIVE",
    "UNAVAILABLE",
    "Span",
    "span_of",
    "timeless_spans",
    "told_periods",
]

NEVER, FOREVER = -(1 << 40), 1 << 40
"""Before and after every time: what begins or ends at no time."""

_BUSY_TYPES = {"FREE": FREE, "BUSY-TENTATIVE": TENTATIVE, "BUSY-UNAVAILABLE": UNAVAILABLE}


class Span(NamedTuple):
    """A stretch of time on a kind of clock, as keys, and what it does to free/busy."""

    kind: str
    low: int
    high: int
    busy: str


def span_of(entry: Entry, kind: str, start: int, end: int) -> tuple[int, int]:
    """Return low and high of an instance by the keys of its start and end.

    Of a task without DTSTART both are those of its DUE.
    """
    name = entry.component.name
    if name == "VTODO":
        return _span_of_task(entry, start, end)
    if name == "VJOURNAL":
        return start, start + (DAY if kind == DATE else 1)
    if name == "VFREEBUSY":
        return start, end + 1
    return start, max(end, start + 1)


def _span_of_task(entry: Entry, start: int, end: int) -> tuple[int, int]:
    if entry.start is None:
        return end - 1, end
    if entry.end is None and entry.duration is None:
        return start, start + 1
    if start == end:
        return start - 1, end + 1
    return start, end if entry.duration is None else end + 1


def timeless_spans(entry: Entry) -> Iterator[Span]:
    """Yield the spans of what has no time of its own; a journal without one has none."""
    name = entry.component.name
    if name == "VTODO":
        yield _span_of_timeless_task(entry.component)
    elif name == "VAVAILABILITY":
        bound = entry.start or entry.end
        low = NEVER if entry.start is None else entry.start.key
        high = FOREVER if entry.end is None else entry.end.key
        yield Span(ZONED if bound is None else bound.clock.kind, low, high, FREE)


def _span_of_timeless_task(component: Component) -> Span:
    created, completed = _read_utc(component, "CREATED"), _read_utc(component, "COMPLETED")
    if completed is None:
        return Span(ZONED, NEVER if created is None else created, FOREVER, FREE)
    if created is None:
        created = completed
    return Span(ZONED, min(created, completed) - 1, max(created, completed) + 1, FREE)


def _read_utc(component: Component, name: str) -> int | None:
    """Return a time that is UTC by its definition; one that cannot be read is none."""
    try:
        return parse_local(component.value(name).strip()[:15])
    except BadValue:
        return None


def told_periods(component: Component) -> Iterator[Span]:
    """Yield the periods of a VFREEBUSY, free ones too; those that cannot be read are left out."""
    for line in component.all("FREEBUSY"):
        busy = _BUSY_TYPES.get(line.params.get("FBTYPE", ("BUSY",))[0].upper(), BUSY)
        for value in line.value.split(","):
            begin, _, end = value.strip().partition("/")
            try:
                low = parse_local(begin[:15])
                if end[:1] in {"P", "p"}:
                    high = low + parse_duration(end).total
                else:
                    high = parse_local(end[:15])
            except BadValue:
                continue
            if low < high:
                yield Span(ZONED, low, high, busy)
