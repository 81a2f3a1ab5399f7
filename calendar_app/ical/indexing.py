"""Rows for the table of occurrences: the work of expansion, done once, when an object is put.

    index_object(obj: CalendarObject, horizon: int, *, max_instances: int = 20_000,
                 fuel: Fuel | None = None) -> Index

raises `InvalidObject("max-instances", …)` where there are more rows than allowed before the horizon
(UTC seconds), or where it takes too long to find them.

A row is in the time range [start, end) where `row.start < end and row.end > start`: that is the
whole of RFC 4791 §9.9, what it says about instants included (see `spans`; there is no flag to look
at, and a row's end may be a second after the event's). Both are UTC for kind z. For kinds f and d
they are local times as if UTC: fetch those 16 hours wide, then ask `row_overlaps` with the zone of
the query.
"""

from __future__ import annotations

from typing import NamedTuple

from calendar_app.ical.errors import InvalidObject
from calendar_app.ical.objects import CalendarObject
from calendar_app.ical.recurrence import (
    DEFAULT_FUEL,
    Fuel,
    OutOfFuel,
    iterate_occurrences,
)
from calendar_app.ical.spans import FOREVER, NEVER
from calendar_app.ical.values import ZONED
from calendar_app.ical.zones import Zone

__all__ = ["FOREVER", "LOCAL_MARGIN", "NEVER", "Index", "Row", "index_object", "row_overlaps"]

LOCAL_MARGIN = 16 * 3_600
"""How far a local time may be from UTC at most, in seconds."""


class Row(NamedTuple):
    """One row of the table of occurrences.

    `kind`: z zoned, f floating, d date. `recurrence_id` names the instance among those of its
    object (zoned ones in UTC), "" where there is only one. `busy`: "" free, B busy, T tentative,
    U unavailable.
    """

    kind: str
    start: int
    end: int
    recurrence_id: str
    busy: str


class Index(NamedTuple):
    """The rows of an object, sorted, and up to which UTC time they are whole.

    `until` is 0 where there are no others at whatever time; else it is the horizon, and a few of
    the rows may lie beyond it.
    """

    rows: tuple[Row, ...]
    until: int


def index_object(
    obj: CalendarObject, horizon: int, *, max_instances: int = 20_000, fuel: Fuel | None = None
) -> Index:
    """Return the rows of what begins before the horizon. Hot: each PUT pays for it."""
    fuel = fuel or Fuel(DEFAULT_FUEL)
    rows = []
    try:
        for seen in iterate_occurrences(obj, NEVER, horizon, fuel):
            rows.append(Row(seen.kind, seen.low, seen.high, seen.recurrence_id, seen.busy))
            if len(rows) > max_instances:
                text = f"The series has more than {max_instances} instances: give it an end."
                raise InvalidObject("max-instances", text)
    except OutOfFuel:
        text = "The rule takes too long to expand: leave out parts, or give it an end."
        raise InvalidObject("max-instances", text) from None
    rows.sort()
    return Index(tuple(rows), horizon if fuel.is_cut else 0)


def row_overlaps(row: Row, start: int, end: int, zone: Zone) -> bool:
    """Tell whether a row is in a time range, local times read in the zone."""
    if row.kind == ZONED:
        return row.start < end and row.end > start
    return zone.to_utc(row.start) < end and zone.to_utc(row.end) > start
