"""Zones as a VTIMEZONE describes them (RFC 5545 §3.6.5), and which zone a TZID means.

A name of the IANA database wins over the VTIMEZONE beside it, which may be years old; so does the
one that X-LIC-LOCATION gives to a name of the writer's own. Everything else follows its rules.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from calendar_app.ical.components import Component
from calendar_app.ical.iteration import Fuel, OutOfFuel, iterate_rule
from calendar_app.ical.rules import Rule, parse_rule
from calendar_app.ical.values import (
    DATE,
    DAY,
    ZONED,
    BadValue,
    parse_date,
    parse_local,
    parse_offset,
)
from calendar_app.ical.zones import Zone, find_iana_zone

__all__ = ["BadZone", "RuleZone", "find_zone"]

# The calendar of the year 2500 is that of 2100: weekdays and leap years come again after 400 years.
_CYCLE = 146_097 * DAY
_SOON, _LATE = parse_date("20400101"), parse_date("25000101")
_FUEL = 400_000
_MOST_ONSETS = 4_000
_LONGEST_REMEMBERED = 32_768


class BadZone(BadValue):
    """A VTIMEZONE from which no zone can be made."""


class _Observance(NamedTuple):
    """STANDARD or DAYLIGHT: when it begins, by a clock that is `before` off from UTC."""

    start: int
    before: int
    after: int
    rules: tuple[Rule, ...]
    dates: tuple[int, ...]


class _Table(NamedTuple):
    """Changes of the clock, in order: by UTC, and by the local time from which they count."""

    utc: list[int]
    local: list[int]
    offsets: list[int]
    whole_until: int


class RuleZone(Zone):
    """A zone that follows the rules of a VTIMEZONE; raises `BadZone` where it has none."""

    __slots__ = ("_endless", "_observances", "_table")

    def __init__(self, component: Component) -> None:
        super().__init__(component.value("TZID"))
        self._observances = [
            _read_observance(child)
            for child in component.children
            if child.name in {"STANDARD", "DAYLIGHT"}
        ]
        if not self._observances:
            raise BadZone(f"The VTIMEZONE {self.name[:60]!r} has neither STANDARD nor DAYLIGHT.")
        self._endless = any(seen.rules for seen in self._observances)
        self._table = self._tabulate(_SOON)

    def to_utc(self, local: int) -> int:
        """Return the UTC of a local time."""
        table, seen = self._reach(local)
        return local - table.offsets[bisect_right(table.local, seen)]

    def to_local(self, utc: int) -> int:
        """Return the local time at a moment."""
        table, seen = self._reach(utc)
        return utc + table.offsets[bisect_right(table.utc, seen)]

    def _reach(self, moment: int) -> tuple[_Table, int]:
        """Return a table that covers the moment, or one whose calendar is the same."""
        if not self._endless or moment < self._table.whole_until - DAY:
            return self._table, moment
        if self._table.whole_until == _SOON:
            self._table = self._tabulate(_LATE)
        return self._table, moment - _CYCLE * max(-((_LATE - DAY - moment) // _CYCLE), 0)

    def _tabulate(self, before: int) -> _Table:
        fuel = Fuel(_FUEL)
        try:
            changes = {
                onset - observance.before: observance.after
                for observance in self._observances
                for onset in _onsets(observance, before, fuel)
            }
        except OutOfFuel:
            raise BadZone(f"The VTIMEZONE {self.name[:60]!r} changes too often.") from None
        utc = sorted(changes)
        offsets = [min(self._observances).before, *(changes[onset] for onset in utc)]
        # Local time counts with the new offset from the later of the two readings of the clock:
        # what is left out is read by the old one, what comes twice is the first.
        local = [onset + max(offsets[index], offsets[index + 1]) for index, onset in enumerate(utc)]
        return _Table(utc, local, offsets, before)


def _read_observance(component: Component) -> _Observance:
    after = parse_offset(component.value("TZOFFSETTO").strip())
    before = component.value("TZOFFSETFROM").strip()
    return _Observance(
        _parse_onset(component.value("DTSTART")),
        parse_offset(before) if before else after,
        after,
        tuple(parse_rule(line.value) for line in component.all("RRULE")),
        tuple(
            _parse_onset(value)
            for line in component.all("RDATE")
            for value in line.value.split(",")
        ),
    )


def _parse_onset(text: str) -> int:
    text = text.strip().partition("/")[0].removesuffix("Z")
    return parse_date(text) if len(text) == 8 else parse_local(text)


def _onsets(observance: _Observance, before: int, fuel: Fuel) -> Iterator[int]:
    """Yield the local times at which an observance begins; each costs as much as many days."""
    fuel.spend(len(observance.dates) * _FUEL // _MOST_ONSETS)
    yield observance.start
    yield from observance.dates
    for rule in observance.rules:
        for onset in iterate_rule(rule, observance.start, observance.start, before, fuel):
            if rule.until is not None and _clock(rule, onset, observance) > rule.until:
                break
            fuel.spend(_FUEL // _MOST_ONSETS)
            yield onset


def _clock(rule: Rule, onset: int, observance: _Observance) -> int:
    """Return an onset on the clock of the rule's UNTIL."""
    if rule.until_kind == ZONED:
        return onset - observance.before
    return onset - onset % DAY if rule.until_kind == DATE else onset


def find_zone(tzid: str, component: Component | None = None) -> Zone | None:
    """Return the zone of a TZID and the VTIMEZONE beside it, None where neither leads to one.

    Raises `BadZone`.
    """
    found = find_iana_zone(tzid)
    if found is not None or component is None:
        return found
    location = component.value("X-LIC-LOCATION")
    return (find_iana_zone(location) if location else None) or _rule_zone(component)


class _Source(str):
    """The text of a VTIMEZONE, by which zones are remembered, and its component."""

    __slots__ = ("component",)
    component: Component


def _rule_zone(component: Component) -> RuleZone:
    """Make a zone, or take the one that was made of the same text."""
    source = _Source("\n".join(_texts([component])))
    source.component = component
    return _remembered(source) if len(source) <= _LONGEST_REMEMBERED else _make_zone(source)


def _make_zone(source: _Source) -> RuleZone:
    try:
        return RuleZone(source.component)
    except BadZone:
        raise
    except BadValue as error:
        name = source.component.value("TZID")[:60]
        raise BadZone(f"The VTIMEZONE {name!r} cannot be read. {error}") from None


_remembered = lru_cache(maxsize=128)(_make_zone)


def _texts(components: Iterable[Component]) -> Iterator[str]:
    for component in components:
        yield component.name
        for line in component.lines:
            yield f"{line.name}:{line.value}"
        yield from _texts(component.children)
