"""What calendar-query asks for (RFC 4791 §9.7), and whether an object is it.

    matches(obj: CalendarObject, asked: CompFilter, *, zone: Zone = UTC,
            fuel: Fuel | None = None) -> bool

`asked` is the outermost comp-filter, of VCALENDAR. Floating times and dates are read in `zone`.
Raises `OutOfFuel`. Who reads the request puts names in upper case and knows the collations
(`contacts.vcard.matching`; CalDAV's default is i;ascii-casemap).

A component is what is asked for where one of its own instances is in the time range, and it has
the properties: the master's in one place and an override's time in another do not make a match.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from calendar_app.ical.alarms import goes_off
from calendar_app.ical.components import Component, Line
from calendar_app.ical.errors import InvalidObject
from calendar_app.ical.objects import CalendarObject
from calendar_app.ical.recurrence import (
    DEFAULT_FUEL,
    Fuel,
    Occurrence,
    iterate_occurrences,
    overlaps,
)
from calendar_app.ical.spans import FOREVER, NEVER
from calendar_app.ical.times import read_moment
from calendar_app.ical.values import DATE, DAY, ZONED, BadValue
from calendar_app.ical.zones import UTC, Zone
from contacts.vcard.matching import TextMatch
from contacts.vcard.values import unescape_text

_FREE = 8
"""Of how many lines or components each is a unit of fuel."""
_OCTETS_OF_A_UNIT = 256
"""Of values that are compared."""

__all__ = ["CompFilter", "ParamFilter", "PropFilter", "TextMatch", "TimeRange", "matches"]


@dataclass(frozen=True, slots=True)
class TimeRange:
    """A time-range in UTC seconds; an edge that is not given is `NEVER` or `FOREVER`."""

    start: int = NEVER
    end: int = FOREVER


@dataclass(frozen=True, slots=True)
class ParamFilter:
    """A param-filter."""

    name: str
    is_not_defined: bool = False
    text_match: TextMatch | None = None


@dataclass(frozen=True, slots=True)
class PropFilter:
    """A prop-filter."""

    name: str
    is_not_defined: bool = False
    time_range: TimeRange | None = None
    text_match: TextMatch | None = None
    params: tuple[ParamFilter, ...] = ()


@dataclass(frozen=True, slots=True)
class CompFilter:
    """A comp-filter."""

    name: str
    is_not_defined: bool = False
    time_range: TimeRange | None = None
    props: tuple[PropFilter, ...] = ()
    comps: tuple[CompFilter, ...] = ()


def matches(
    obj: CalendarObject, asked: CompFilter, *, zone: Zone = UTC, fuel: Fuel | None = None
) -> bool:
    """Tell whether an object is what a filter asks for."""
    if asked.name != obj.calendar.name:
        return asked.is_not_defined
    matcher = _Matcher(obj, zone, fuel or Fuel(DEFAULT_FUEL))
    return not asked.is_not_defined and matcher.is_component(obj.calendar, asked, None)


class _Matcher:
    """Compares one object with a filter."""

    def __init__(self, obj: CalendarObject, zone: Zone, fuel: Fuel) -> None:
        self._obj = obj
        self._zone = zone
        self._fuel = fuel

    def is_component(
        self, component: Component, asked: CompFilter, parent: Component | None
    ) -> bool:
        """Tell whether a component, within its parent, is what is asked for."""
        return (
            all(self._has_property(component, prop) for prop in asked.props)
            and all(self._has_component(component, comp) for comp in asked.comps)
            and (asked.time_range is None or self._takes_place(component, asked.time_range, parent))
        )

    def _has_component(self, parent: Component, asked: CompFilter) -> bool:
        found = parent.children_named(asked.name)
        # Usual objects have few of anything, and pay nothing: what costs is very many.
        self._fuel.spend(len(found) // _FREE * (1 + len(asked.props)))
        if asked.is_not_defined:
            return not found
        return any(self.is_component(child, asked, parent) for child in found)

    def _takes_place(
        self, component: Component, asked: TimeRange, parent: Component | None
    ) -> bool:
        if component.name == "VALARM" and parent is not None:
            return goes_off(
                component,
                asked.start,
                asked.end,
                lambda start, end: self._occurrences(parent, start, end),
                self._zone,
            )
        return any(True for _ in self._occurrences(component, asked.start, asked.end))

    def _occurrences(self, component: Component, start: int, end: int) -> Iterator[Occurrence]:
        """Yield those occurrences in a range that the component describes."""
        return (
            seen
            for seen in iterate_occurrences(self._obj, start, end, self._fuel)
            if seen.component is component and overlaps(seen, start, end, self._zone)
        )

    def _has_property(self, component: Component, asked: PropFilter) -> bool:
        lines = component.all(asked.name)
        if asked.is_not_defined:
            return not lines
        octets = sum(len(line.value) for line in lines) // _OCTETS_OF_A_UNIT
        self._fuel.spend((len(lines) // _FREE + octets) * (1 + len(asked.params)))
        return any(self._is_property(line, asked) for line in lines)

    def _is_property(self, line: Line, asked: PropFilter) -> bool:
        if asked.time_range is not None and not self._is_at(line, asked.time_range):
            return False
        if asked.text_match is not None and not asked.text_match.matches(unescape_text(line.value)):
            return False
        return all(_has_param(line, param) for param in asked.params)

    def _is_at(self, line: Line, asked: TimeRange) -> bool:
        """Tell whether a property's date or time is in a range; other values never are."""
        try:
            moment = read_moment(line, self._obj.zones)
        except (BadValue, InvalidObject):
            return False
        kind = moment.clock.kind
        start = moment.key if kind == ZONED else self._zone.to_utc(moment.local)
        length = DAY if kind == DATE else 1
        return start < asked.end and start + length > asked.start


def _has_param(line: Line, asked: ParamFilter) -> bool:
    values = line.params.get(asked.name)
    if values is None or asked.is_not_defined:
        return values is None and asked.is_not_defined
    return asked.text_match is None or any(map(asked.text_match.matches, values))
