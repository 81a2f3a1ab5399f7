"""What calendar-data asks for of an object (RFC 4791 §9.6): some properties, or instances.

    select_data(obj: CalendarObject, asked: DataRequest, *, zone: Zone = UTC,
                fuel: Fuel | None = None, most: int | None = None) -> bytes

raises `OutOfFuel`, also where it would be more than `most` instances. Where nothing is asked for in particular, the octets as they were put are the
answer, not what is written here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from calendar_app.ical.components import Component, Line
from calendar_app.ical.entries import Entry
from calendar_app.ical.errors import InvalidObject
from calendar_app.ical.filters import TimeRange
from calendar_app.ical.objects import CalendarObject
from calendar_app.ical.recurrence import (
    Fuel,
    Occurrence,
    OutOfFuel,
    expand,
    iterate_series,
    overlaps,
)
from calendar_app.ical.serialize import serialize_component, time_line
from calendar_app.ical.spans import told_periods
from calendar_app.ical.times import Zones, read_moment
from calendar_app.ical.values import ZONED, BadValue, serialize_utc
from calendar_app.ical.zones import UTC, Zone

__all__ = ["CompSelection", "DataRequest", "select_data"]

_OF_SERIES = frozenset({"RRULE", "EXRULE", "RDATE", "EXDATE", "RECURRENCE-ID"})
# What the others say of time is in the properties and components within them.
_REPEATING = frozenset({"VEVENT", "VTODO", "VJOURNAL"})
_END_NAMES = {"VTODO": "DUE"}


@dataclass(frozen=True, slots=True)
class CompSelection:
    """A comp element: which properties and components of one are wanted; None for all.

    A property leads to whether its value is wanted too (`novalue` says no).
    """

    name: str
    props: dict[str, bool] | None = None
    comps: tuple[CompSelection, ...] | None = None


@dataclass(frozen=True, slots=True)
class DataRequest:
    """A calendar-data element; at most one of `expand` and `limit_recurrence_set` is given."""

    selection: CompSelection | None = None
    expand: TimeRange | None = None
    limit_recurrence_set: TimeRange | None = None
    limit_freebusy_set: TimeRange | None = None


def select_data(
    obj: CalendarObject,
    asked: DataRequest,
    *,
    zone: Zone = UTC,
    fuel: Fuel | None = None,
    most: int | None = None,
) -> bytes:
    """Return the data of an object that is asked for."""
    calendar = obj.calendar
    if asked.expand is not None and obj.component in _REPEATING:
        seen = expand(obj, asked.expand.start, asked.expand.end, zone=zone, fuel=fuel)
        if most is not None and len(seen) > most:
            raise OutOfFuel
        calendar = Component(calendar.name, calendar.lines, [_instance(one, obj) for one in seen])
    elif asked.limit_recurrence_set is not None:
        calendar = _limit_overrides(obj, asked.limit_recurrence_set, zone)
    if asked.limit_freebusy_set is not None:
        calendar = _limit_periods(calendar, asked.limit_freebusy_set)
    if asked.selection is not None:
        calendar = _select(calendar, asked.selection)
    return serialize_component(calendar)


def _select(component: Component, asked: CompSelection) -> Component:
    lines = component.lines
    if asked.props is not None:
        lines = [
            line if asked.props[line.name] else line._replace(value="")
            for line in lines
            if line.name in asked.props
        ]
    children = component.children
    if asked.comps is not None:
        wanted = {comp.name: comp for comp in asked.comps}
        children = [
            _select(child, wanted[child.name]) for child in children if child.name in wanted
        ]
    return Component(component.name, lines, children)


# Instances (§9.6.5).


def _instance(seen: Occurrence, obj: CalendarObject) -> Component:
    """Return a component of its own for an instance: zoned times in UTC, and no rule."""
    component = seen.component
    times = list(_times(seen))
    named = {line.name for line in times} | _OF_SERIES | {"DURATION"}
    rest = [_in_utc(line, obj.zones) for line in component.lines if line.name not in named]
    return Component(component.name, [*times, *rest], component.children)


def _times(seen: Occurrence) -> Iterator[Line]:
    entry = seen.entry
    if entry.start is not None:
        yield time_line("DTSTART", seen.kind, seen.start)
    has_end = entry.end is not None or entry.duration is not None or seen.end > seen.start
    if entry.anchor is not None and has_end and entry.component.name != "VJOURNAL":
        yield time_line(_END_NAMES.get(entry.component.name, "DTEND"), seen.kind, seen.end)
    if seen.recurrence_id:
        yield _recurrence_line(seen.recurrence_id)


def _recurrence_line(recurrence_id: str) -> Line:
    params = {"VALUE": ("DATE",)} if len(recurrence_id) == 8 else {}
    return Line("RECURRENCE-ID", "", params, recurrence_id)


def _in_utc(line: Line, zones: Zones) -> Line:
    """Return a line whose time, if it has one in a zone, is in UTC."""
    if "TZID" not in line.params:
        return line
    try:
        moment = read_moment(line, zones)
    except (BadValue, InvalidObject):
        return line
    if moment.clock.kind != ZONED:
        return line
    params = {name: values for name, values in line.params.items() if name != "TZID"}
    return Line(line.name, line.group, params, serialize_utc(moment.key))


# Overrides (§9.6.6).


def _limit_overrides(obj: CalendarObject, asked: TimeRange, zone: Zone) -> Component:
    left_out = {
        id(entry.component) for entry in obj.overrides if not _affects(entry, obj, asked, zone)
    }
    children = [child for child in obj.calendar.children if id(child) not in left_out]
    return Component(obj.calendar.name, obj.calendar.lines, children)


def _affects(entry: Entry, obj: CalendarObject, asked: TimeRange, zone: Zone) -> bool:
    """Tell whether an override is in the range, or was before it was moved."""
    own = entry.recurrence_id
    assert own is not None
    was = own.key if own.clock.kind == ZONED else zone.to_utc(own.local)
    if entry.is_this_and_future:
        return was < asked.end
    described = obj.master or entry
    length = max(described.length, described.duration.total if described.duration else 0, 1)
    if was < asked.end and was + length > asked.start:
        return True
    instances = iterate_series(None, (entry,), (asked.start, asked.end), Fuel(1))
    return any(overlaps(seen, asked.start, asked.end, zone) for seen in instances)


# Free/busy periods (§9.6.7).


def _limit_periods(calendar: Component, asked: TimeRange) -> Component:
    children = [
        Component(child.name, list(_lines_within(child.lines, asked)), child.children)
        if child.name == "VFREEBUSY"
        else child
        for child in calendar.children
    ]
    return Component(calendar.name, calendar.lines, children)


def _lines_within(lines: Iterable[Line], asked: TimeRange) -> Iterator[Line]:
    for line in lines:
        if line.name != "FREEBUSY":
            yield line
            continue
        kept = [value for value in line.value.split(",") if _is_within(line, value, asked)]
        if kept:
            yield line._replace(value=",".join(kept))


def _is_within(line: Line, value: str, asked: TimeRange) -> bool:
    alone = Component("VFREEBUSY", [line._replace(value=value)], [])
    return any(span.low < asked.end and span.high > asked.start for span in told_periods(alone))
