"""VAVAILABILITY (RFC 7953): when somebody is not to be had, whatever the events say. Pure.

    unavailable_periods(objects: Iterable[CalendarObject], start: int, end: int, *,
                        zone: Zone, fuel: Fuel) -> list[Period]

raises `OutOfFuel`. Those of a higher priority are painted over those of a lower (§4, §5): each is
its BUSYTYPE from end to end, and free where an AVAILABLE in it takes place.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress

from calendar_app.ical.components import Component
from calendar_app.ical.entries import Entry, read_entry
from calendar_app.ical.errors import InvalidObject
from calendar_app.ical.freebusy import Period
from calendar_app.ical.objects import CalendarObject
from calendar_app.ical.recurrence import Fuel, iterate_series
from calendar_app.ical.spans import BUSY, FREE, TENTATIVE, UNAVAILABLE
from calendar_app.ical.times import Moment, Zones
from calendar_app.ical.values import ZONED
from calendar_app.ical.zones import Zone

__all__ = ["unavailable_periods"]

_BUSY_TYPES = {"BUSY": BUSY, "BUSY-TENTATIVE": TENTATIVE}
_LOWEST_PRIORITY = 10


def unavailable_periods(
    objects: Iterable[CalendarObject], start: int, end: int, *, zone: Zone, fuel: Fuel
) -> list[Period]:
    """Return when availabilities say busy within a range, in order; none overlaps another."""
    found = [
        (_priority(component), component, obj.zones)
        for obj in objects
        for component in obj.calendar.children_named("VAVAILABILITY")
    ]
    found.sort(key=lambda held: -held[0])
    periods = [Period(start, end, FREE)]
    for _, component, zones in found:
        fuel.spend(len(periods))
        whole = _whole(component, zones, (start, end), zone)
        free = sorted(_available(component, zones, whole, zone, fuel))
        periods = [*_outside(periods, whole), *_inside(whole, free)]
    return sorted(period for period in periods if period.busy)


def _priority(component: Component) -> int:
    """Return the priority, 1 the highest; what has none comes after all others (§3.2)."""
    text = component.value("PRIORITY").strip()
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 4 else 0
    return number if 0 < number < _LOWEST_PRIORITY else _LOWEST_PRIORITY


def _whole(component: Component, zones: Zones, span: tuple[int, int], zone: Zone) -> Period:
    """Return what an availability says something about, as far as it lies in a span."""
    entry = read_entry(component, zones)
    low, high = span
    if entry.start is not None:
        low = max(low, _utc(entry.start, zone))
        if entry.duration is not None:
            clock = entry.start.clock
            last = entry.end_of(clock, entry.start.local, entry.start.key)
            high = min(high, last if clock.kind == ZONED else zone.to_utc(last))
    if entry.end is not None:
        high = min(high, _utc(entry.end, zone))
    busy = _BUSY_TYPES.get(component.value("BUSYTYPE").strip().upper(), UNAVAILABLE)
    return Period(low, max(low, high), busy)


def _utc(moment: Moment, zone: Zone) -> int:
    return moment.key if moment.clock.kind == ZONED else zone.to_utc(moment.local)


def _available(
    component: Component, zones: Zones, whole: Period, zone: Zone, fuel: Fuel
) -> Iterator[Period]:
    """Yield the free times in an availability (§3.1: AVAILABLE, which may repeat)."""
    by_uid: dict[str, list[Entry]] = {}
    for child in component.children_named("AVAILABLE"):
        # What cannot be read makes nobody free.
        with suppress(InvalidObject):
            by_uid.setdefault(child.value("UID").strip(), []).append(read_entry(child, zones))
    for entries in by_uid.values():
        overrides = tuple(entry for entry in entries if entry.recurrence_id is not None)
        masters: list[Entry | None] = [held for held in entries if held.recurrence_id is None]
        for master in masters or [None]:
            for seen in iterate_series(master, overrides, (whole.start, whole.end), fuel):
                zoned = seen.kind == ZONED
                low = seen.start if zoned else zone.to_utc(seen.start)
                high = seen.end if zoned else zone.to_utc(seen.end)
                low, high = max(low, whole.start), min(high, whole.end)
                if low < high:
                    yield Period(low, high, FREE)


def _outside(periods: Iterable[Period], whole: Period) -> Iterator[Period]:
    """Yield what of the periods lies outside of another."""
    for period in periods:
        if period.end <= whole.start or period.start >= whole.end:
            yield period
            continue
        if period.start < whole.start:
            yield period._replace(end=whole.start)
        if period.end > whole.end:
            yield period._replace(start=whole.end)


def _inside(whole: Period, free: Iterable[Period]) -> Iterator[Period]:
    """Yield an availability as busy periods and the free ones in it, which come by their starts."""
    at = whole.start
    for period in free:
        if period.start > at:
            yield Period(at, period.start, whole.busy)
        if period.end > at:
            yield Period(max(at, period.start), period.end, FREE)
            at = period.end
    if at < whole.end:
        yield Period(at, whole.end, whole.busy)
