"""Free and busy time (RFC 4791 §7.10, RFC 5545 §3.6.4): periods, merged, and written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from calendar_app.ical.components import Component, Line
from calendar_app.ical.indexing import Row
from calendar_app.ical.serialize import make_calendar, plain_line, serialize_component, time_line
from calendar_app.ical.spans import BUSY, FREE, TENTATIVE, UNAVAILABLE
from calendar_app.ical.values import ZONED, serialize_utc
from calendar_app.ical.zones import Zone

__all__ = ["Period", "busy_periods", "merge_periods", "serialize_free_busy"]

_STRONGEST = (BUSY, UNAVAILABLE, TENTATIVE)
_TYPES = {BUSY: "BUSY", UNAVAILABLE: "BUSY-UNAVAILABLE", TENTATIVE: "BUSY-TENTATIVE"}
_MOST_IN_LINE = 100


class Period(NamedTuple):
    """A stretch of UTC time, and how busy it is: B, T or U."""

    start: int
    end: int
    busy: str


def busy_periods(rows: Iterable[Row], zone: Zone) -> Iterator[Period]:
    """Yield what rows of the index do to free/busy, local times read in a zone."""
    for row in rows:
        if row.busy == FREE:
            continue
        if row.kind == ZONED:
            yield Period(row.start, row.end, row.busy)
        else:
            yield Period(zone.to_utc(row.start), zone.to_utc(row.end), row.busy)


def merge_periods(periods: Iterable[Period], start: int, end: int) -> list[Period]:
    """Return periods that neither touch nor overlap, within a range, in order.

    Where several overlap, busy hides unavailable, and that tentative. Hot: a free/busy query pays
    for it.
    """
    edges: list[tuple[int, int, str]] = []
    for period in periods:
        low, high = max(period.start, start), min(period.end, end)
        if low < high and period.busy:
            edges += ((low, 1, period.busy), (high, -1, period.busy))
    edges.sort()
    open_now = dict.fromkeys(_STRONGEST, 0)
    found: list[Period] = []
    since, current = start, FREE
    for at, step, busy in edges:
        open_now[busy] += step
        strongest = next((kind for kind in _STRONGEST if open_now[kind]), FREE)
        if strongest != current:
            _close(found, Period(since, at, current))
            since, current = at, strongest
    return found


def _close(found: list[Period], period: Period) -> None:
    """Add a period; one that goes on where the last of its kind ended makes that longer."""
    if not period.busy or period.start == period.end:
        return
    if found and found[-1].end == period.start and found[-1].busy == period.busy:
        found[-1] = Period(found[-1].start, period.end, period.busy)
    else:
        found.append(period)


def serialize_free_busy(
    periods: Iterable[Period],
    start: int,
    end: int,
    *,
    ical_uid: str,
    now: int,
    lines: Iterable[Line] = (),
) -> bytes:
    """Return a VCALENDAR with a VFREEBUSY; `lines` are ORGANIZER, ATTENDEE and the like."""
    head = [
        plain_line("UID", ical_uid),
        time_line("DTSTAMP", ZONED, now),
        time_line("DTSTART", ZONED, start),
        time_line("DTEND", ZONED, end),
        *lines,
    ]
    by_type: dict[str, list[str]] = {}
    for period in periods:
        text = f"{serialize_utc(period.start)}/{serialize_utc(period.end)}"
        by_type.setdefault(period.busy, []).append(text)
    for busy, texts in by_type.items():
        for index in range(0, len(texts), _MOST_IN_LINE):
            value = ",".join(texts[index : index + _MOST_IN_LINE])
            head.append(Line("FREEBUSY", "", {"FBTYPE": (_TYPES[busy],)}, value))
    return serialize_component(make_calendar([Component("VFREEBUSY", head, [])]))
