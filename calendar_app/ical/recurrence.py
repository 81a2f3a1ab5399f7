"""Instances of calendar objects: RRULE, RDATE, EXDATE, RECURRENCE-ID, THISANDFUTURE (RFC 5545).

    expand(obj: CalendarObject, start: int, end: int, *, zone: Zone = UTC,
           fuel: Fuel | None = None) -> list[Occurrence]

returns what lies in the time range [start, end) (UTC, seconds since 1970) by RFC 4791 §9.9, sorted;
floating times and dates are read in `zone`. Raises `OutOfFuel` where it took more than it may: a
`Fuel(n)` pays for n days and instances considered, about 2 µs each.

An `Occurrence` has the keys of `values`: UTC for kind z, local time as if it were UTC for f and d.
"""

from __future__ import annotations

import heapq
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from operator import itemgetter
from typing import NamedTuple

from calendar_app.ical.components import Component
from calendar_app.ical.entries import Entry
from calendar_app.ical.iteration import Fuel, OutOfFuel, iterate_rule
from calendar_app.ical.objects import CalendarObject
from calendar_app.ical.rules import Rule, without_hours
from calendar_app.ical.spans import span_of, timeless_spans, told_periods
from calendar_app.ical.times import Clock, Moment
from calendar_app.ical.values import DATE, DAY, ZONED
from calendar_app.ical.zones import UTC, Zone

__all__ = [
    "DEFAULT_FUEL",
    "Fuel",
    "Occurrence",
    "OutOfFuel",
    "expand",
    "iterate_occurrences",
    "iterate_series",
    "overlaps",
]

DEFAULT_FUEL = 200_000
# How far local times may be from UTC, and lengths from what they are where no clock changes.
_MARGIN = 2 * DAY

_Instance = tuple[int, int, int | None]
"""The key of an instance, its local time, and the length that an RDATE gives it."""


class Occurrence(NamedTuple):
    """One instance.

    `recurrence_id` names it among those of its object, zoned ones in UTC: "" where there is only
    one. `low` and `high` are its span for time ranges (`spans`), `busy` what it does to free/busy.
    A task without times, or an availability without end, begins `NEVER` and ends `FOREVER`.
    """

    kind: str
    start: int
    end: int
    recurrence_id: str
    entry: Entry
    low: int
    high: int
    busy: str

    @property
    def component(self) -> Component:
        """The component that describes the instance: an override's, or the master's."""
        return self.entry.component


def expand(
    obj: CalendarObject, start: int, end: int, *, zone: Zone = UTC, fuel: Fuel | None = None
) -> list[Occurrence]:
    """Return the occurrences in a time range, in the order of their starts."""
    found = iterate_occurrences(obj, start, end, fuel or Fuel(DEFAULT_FUEL))
    return sorted(
        (seen for seen in found if overlaps(seen, start, end, zone)),
        key=lambda seen: (_utc(seen.kind, seen.start, zone), seen.recurrence_id),
    )


def overlaps(seen: Occurrence, start: int, end: int, zone: Zone) -> bool:
    """Tell whether an occurrence is in a time range (RFC 4791 §9.9)."""
    return _utc(seen.kind, seen.low, zone) < end and _utc(seen.kind, seen.high, zone) > start


def _utc(kind: str, key: int, zone: Zone) -> int:
    return key if kind == ZONED else zone.to_utc(key)


def iterate_occurrences(
    obj: CalendarObject, after: int, before: int, fuel: Fuel
) -> Iterator[Occurrence]:
    """Yield, in no order, all that overlaps [after, before) in any zone, and perhaps more."""
    yield from iterate_series(obj.master, obj.overrides, (after, before), fuel)


def iterate_series(
    master: Entry | None, overrides: tuple[Entry, ...], window: tuple[int, int], fuel: Fuel
) -> Iterator[Occurrence]:
    """Yield what `iterate_occurrences` does, of entries that belong to each other.

    Overrides come first: whoever looks for one need not go through an endless rule.
    """
    anchor = master.anchor if master is not None else None
    for override in overrides:
        fuel.spend()
        assert override.recurrence_id is not None
        clock = anchor.clock if anchor is not None else override.recurrence_id.clock
        yield from _of_one(override, clock.serialize(override.recurrence_id.key_on(clock)))
    if master is None:
        return
    if anchor is None or not (master.is_recurring or overrides):
        yield from _of_one(master, "")
        return
    series = _Series(master, anchor, overrides)
    for key, local, length in series.instances(window, fuel):
        yield series.describe(key, local, length)


def _of_one(entry: Entry, recurrence_id: str) -> Iterator[Occurrence]:
    """Yield the one instance of an entry that does not repeat."""
    anchor = entry.anchor
    if entry.component.name == "VFREEBUSY":
        for span in told_periods(entry.component):
            yield Occurrence(span.kind, span.low, span.high, recurrence_id, entry, *span[1:])
    if anchor is not None and not _is_without_end(entry):
        yield _occurrence(entry, anchor.clock, anchor.local, recurrence_id)
        return
    for span in timeless_spans(entry):
        yield Occurrence(span.kind, span.low, span.high, recurrence_id, entry, *span[1:])


def _is_without_end(entry: Entry) -> bool:
    """Tell whether an entry lacks an end, or a beginning, and does not mean an instant by it."""
    if entry.component.name == "VFREEBUSY":
        return entry.start is None or entry.end is None
    has_end = entry.end is not None or entry.duration is not None
    return entry.component.name == "VAVAILABILITY" and (entry.start is None or not has_end)


def _occurrence(
    entry: Entry, clock: Clock, local: int, recurrence_id: str, length: int | None = None
) -> Occurrence:
    start = clock.to_key(local)
    end = entry.end_of(clock, local, start) if length is None else start + length
    low, high = span_of(entry, clock.kind, start, end)
    busy = entry.busy if end > start else ""
    return Occurrence(clock.kind, start, end, recurrence_id, entry, low, high, busy)


class _Series:
    """A master, what is taken out of its recurrence set, and what changes from some time on."""

    def __init__(self, master: Entry, anchor: Moment, overrides: Iterable[Entry]) -> None:
        self._master = master
        self._anchor = anchor
        self._clock = anchor.clock
        self._keys: set[int] = set()
        self._days: set[int] = set()
        futures: list[tuple[int, Entry]] = []
        for override in overrides:
            assert override.recurrence_id is not None
            self._take_out(override.recurrence_id)
            if override.is_this_and_future and override.start is not None:
                futures.append((override.recurrence_id.key_on(self._clock), override))
        for moment in master.excluded:
            self._take_out(moment)
        self._futures = sorted(futures, key=itemgetter(0))

    def _take_out(self, moment: Moment) -> None:
        if moment.clock.kind == DATE and self._clock.kind != DATE:
            self._days.add(moment.local // DAY)
        else:
            self._keys.add(moment.key_on(self._clock))

    def instances(self, window: tuple[int, int], fuel: Fuel) -> Iterator[_Instance]:
        """Yield the instances that the master describes, or a change from some time on."""
        earlier, later = self._reach()
        after = self._clock.to_local(window[0]) - earlier - _MARGIN
        before = self._clock.to_local(window[1]) + later + _MARGIN
        seen = self._keys.union(
            instance[0]
            for rule in self._master.excluded_rules
            for instance in self._of_rule(rule, after, before, fuel, is_exclusion=True)
        )
        first = (self._anchor.key, self._anchor.local, None)
        sources: list[Iterable[_Instance]] = [[first], sorted(self._added(), key=itemgetter(0))]
        sources += [self._of_rule(rule, after, before, fuel) for rule in self._master.rules]
        for instance in heapq.merge(*sources, key=itemgetter(0)):
            fuel.spend()
            if instance[0] in seen or instance[1] // DAY in self._days:
                continue
            seen.add(instance[0])
            if instance[1] >= after or instance[2] is not None:
                yield instance

    def _reach(self) -> tuple[int, int]:
        """Return how much earlier, and later, than its instance an occurrence may lie."""
        lengths = [self._master.length, self._master.duration.total if self._master.duration else 0]
        shifts = [0]
        for _, entry in self._futures:
            assert entry.recurrence_id is not None
            assert entry.start is not None
            lengths += [entry.length, entry.duration.total if entry.duration else 0]
            shifts.append(entry.start.local - entry.recurrence_id.local_on(entry.start.clock))
        return max(lengths) + max(shifts), -min(shifts)

    def _of_rule(
        self, rule: Rule, after: int, before: int, fuel: Fuel, *, is_exclusion: bool = False
    ) -> Iterator[_Instance]:
        clock, start = self._clock, self._anchor.local
        is_of_days = clock.kind == DATE
        rule = without_hours(rule) if is_of_days else rule
        by_utc, last = _last(rule, clock)
        for instance in iterate_rule(rule, start, after, before, fuel, includes_start=is_exclusion):
            local = instance - instance % DAY if is_of_days else instance
            key = clock.to_key(local)
            if last is not None and (key if by_utc else local) > last:
                return
            yield key, local, None

    def _added(self) -> Iterator[_Instance]:
        for moment, length in self._master.added:
            key = moment.key_on(self._clock)
            yield key, self._clock.to_local(key), length

    def describe(self, key: int, local: int, length: int | None) -> Occurrence:
        """Return an instance as the master describes it, or the last change before it."""
        recurrence_id = self._clock.serialize(key)
        index = bisect_right(self._futures, key, key=itemgetter(0)) if self._futures else 0
        if index == 0:
            return _occurrence(self._master, self._clock, local, recurrence_id, length)
        entry = self._futures[index - 1][1]
        assert entry.recurrence_id is not None
        assert entry.start is not None
        clock = entry.start.clock
        shift = entry.start.local - entry.recurrence_id.local_on(clock)
        moved = Moment(local, self._clock).local_on(clock) + shift
        return _occurrence(entry, clock, moved, recurrence_id)


def _last(rule: Rule, clock: Clock) -> tuple[bool, int | None]:
    """Return the last time that UNTIL allows, and whether it is UTC or local.

    Its kind should be that of DTSTART (RFC 5545 §3.3.10). A date beside times ends with its day,
    a time beside dates on its day.
    """
    if rule.until is not None and rule.until_kind == DATE:
        return False, rule.until + DAY - 1
    return rule.until_kind == ZONED == clock.kind, rule.until
