"""What is when: time-ranges and free/busy, from the occurrence table.

Where an endless series has no rows up to the end of a query, it is expanded from its bytes.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import NamedTuple

from calendar_app.ical.errors import InvalidObject
from calendar_app.ical.objects import CalendarObject, read_object
from calendar_app.ical.recurrence import Fuel, Occurrence, OutOfFuel, iterate_occurrences
from calendar_app.ical.recurrence import overlaps as occurs_in
from calendar_app.ical.zones import Zone
from calendar_app.lanes import LANES_OF_A_KIND, UNEXPANDED, Span, list_ranges, overlaps
from calendar_app.services.objects import object_limits
from groupware.core import db, limits
from groupware.core.errors import LimitExceeded

FUEL_OF_A_QUERY = 1_000_000
"""Days and instances that one query considers beyond the horizon: about two seconds."""
BATCH = 50
"""Objects whose bytes are read at once."""
LEAD = 2 * 86_400
"""Seconds before the end of its rows from which on a series is expanded."""
_ZONED = range(LANES_OF_A_KIND)


class BusyPeriod(NamedTuple):
    """A time in UTC at which somebody is busy (B), perhaps (T), or not to be had (U)."""

    start: int
    end: int
    busy: str


class _Row(NamedTuple):
    resource_id: int
    lane: int
    start_at: int
    end_at: int
    busy: str


def find_in_span(
    collection_ids: Sequence[int], span: Span, zone: Zone, *, component: str = ""
) -> list[int]:
    """Return the ids of the objects that are in a time-range (RFC 4791 §9.9), in ascending order.

    Exact: nothing needs to be held against the range again. Floating times are in `zone`. Hot: one
    index range for each lane. Raises `LimitExceeded` where too much is found, or beyond the horizon.
    """
    condition = " AND component = %s" if component else ""
    rows = _read_rows(collection_ids, span, condition, [component[1:2]] if component else [])
    found: set[int] = set()
    unexpanded: dict[int, int] = {}
    for row in rows:
        if row.lane == UNEXPANDED:
            unexpanded[row.resource_id] = row.start_at
        elif row.resource_id not in found and _is_in(row, span, zone):
            found.add(row.resource_id)
    if later := {held: until for held, until in unexpanded.items() if held not in found}:
        found.update(held for held, _ in _expand(later, span, zone))
    return sorted(found)


def busy_periods(collection_ids: Sequence[int], span: Span, zone: Zone) -> list[BusyPeriod]:
    """Return when somebody is busy within a span, by start; periods may overlap each other.

    Hot: straight from the occurrence table. Floating times are in `zone`. Raises `LimitExceeded`
    where too much lies beyond the horizon.
    """
    condition = " AND (busy <> '' OR lane = %s)"
    rows = _read_rows(collection_ids, span, condition, [UNEXPANDED])
    found: set[BusyPeriod] = set()
    unexpanded: dict[int, int] = {}
    for row in rows:
        if row.lane in _ZONED:
            found.add(BusyPeriod(row.start_at, row.end_at, row.busy))
        elif row.lane == UNEXPANDED:
            unexpanded[row.resource_id] = row.start_at
        elif _is_in(row, span, zone):
            found.add(BusyPeriod(zone.to_utc(row.start_at), zone.to_utc(row.end_at), row.busy))
    if unexpanded:
        for _, seen in _expand(unexpanded, span, zone, busy=True):
            found.add(_period(seen, zone))
    return sorted(found)


def _read_rows(
    collection_ids: Sequence[int], span: Span, condition: str, params: list[str] | list[int]
) -> list[_Row]:
    """Return what lies in the lanes' ranges: one arm for each, whose bounds the planner knows."""
    within, keys = db.in_list("collection_id", collection_ids)
    if len(collection_ids) == 1:
        within, keys = "collection_id = %s", list(collection_ids)
    arm = (
        "SELECT resource_id, lane, start_at, end_at, busy FROM calendar_app_occurrence"
        f" WHERE {within} AND lane = %s AND start_at BETWEEN %s AND %s AND end_at > %s{condition}"
    )
    ranges, most = list_ranges(span), limits.CALENDAR_FOUND.value
    values = [value for held in ranges for value in (*keys, *held, *params)]
    rows = db.fetch_rows(f"{' UNION ALL '.join([arm] * len(ranges))} LIMIT {most + 1:d}", values)
    if len(rows) > most:
        raise LimitExceeded("Too much takes place in that time: ask for a shorter one.")
    return list(map(_Row._make, rows))


def _is_in(row: _Row, span: Span, zone: Zone) -> bool:
    return row.lane in _ZONED or overlaps(row.start_at, row.end_at, span, zone.to_utc)


def _expand(
    unexpanded: dict[int, int], span: Span, zone: Zone, *, busy: bool = False
) -> Iterator[tuple[int, Occurrence]]:
    """Yield what of series lies in a span beyond their rows: one of each, or all that are busy."""
    fuel = Fuel(FUEL_OF_A_QUERY)
    try:
        for resource_id, found in read_objects(sorted(unexpanded)):
            start = max(span.start, unexpanded[resource_id] - LEAD)
            for seen in iterate_occurrences(found, start, span.end, fuel):
                if (seen.busy or not busy) and occurs_in(seen, *span, zone):
                    yield resource_id, seen
                    if not busy:
                        break
    except OutOfFuel:
        text = "Too much repeats beyond what is kept ready: ask for an earlier time."
        raise LimitExceeded(text) from None


def read_objects(resource_ids: Sequence[int]) -> Iterator[tuple[int, CalendarObject]]:
    """Yield what can be read of stored objects, a few at once; `doctor` tells of the others."""
    for start in range(0, len(resource_ids), BATCH):
        condition, params = db.in_list("resource_id", resource_ids[start : start + BATCH])
        rows = db.fetch_rows(
            f"SELECT resource_id, data FROM core_resourcedata WHERE {condition}", params
        )
        for resource_id, data in rows:
            with suppress(InvalidObject):
                yield resource_id, read_object(bytes(data), object_limits())


def _period(seen: Occurrence, zone: Zone) -> BusyPeriod:
    if seen.kind == "z":
        return BusyPeriod(seen.start, seen.end, seen.busy)
    return BusyPeriod(zone.to_utc(seen.start), zone.to_utc(seen.end), seen.busy)
