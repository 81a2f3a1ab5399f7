"""Single instances of a series: changed into an override, or taken out.

    change_instance(data, obj, recurrence_id, changes, now)  -> octets
    remove_instance(data, obj, recurrence_id, now)           -> octets

`recurrence_id` names one as `recurrence.Occurrence` does. What the master says of it, and the form
does not know, is copied into a new override byte for byte.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from calendar_app.ical.components import parse_component
from calendar_app.ical.entries import Entry, read_entry
from calendar_app.ical.forms.editing import change_entry, stamp
from calendar_app.ical.forms.reading import read_fields, recurrence_id_of
from calendar_app.ical.forms.times import Style, moment_line, serialize_time, style_of
from calendar_app.ical.nodes import Node, parse_nodes
from calendar_app.ical.objects import CalendarObject
from calendar_app.ical.recurrence import Fuel, Occurrence, OutOfFuel, iterate_occurrences
from calendar_app.ical.references import put_in_zones
from calendar_app.ical.times import Clock
from calendar_app.ical.values import DAY, ZONED, BadValue, parse_date, parse_local

__all__ = ["NoInstance", "change_instance", "find_instance", "read_instance", "remove_instance"]

_OF_SERIES = frozenset(
    {"RRULE", "RDATE", "EXDATE", "EXRULE", "DTSTART", "DTEND", "DUE", "DURATION"}
)
_FUEL = 100_000


class NoInstance(ValueError):
    """A series has no such instance, or the object does not repeat."""


def find_instance(obj: CalendarObject, recurrence_id: str) -> Occurrence:
    """Return an instance by its name; raises `NoInstance`."""
    key = _key_of(recurrence_id)
    try:
        for seen in iterate_occurrences(obj, key - DAY, key + 2 * DAY, Fuel(_FUEL)):
            if seen.recurrence_id == recurrence_id:
                return seen
    except OutOfFuel:
        raise NoInstance("Its rule takes too long to be followed to that time.") from None
    raise NoInstance(f"It does not take place at {recurrence_id[:40]}.")


def _key_of(recurrence_id: str) -> int:
    text = recurrence_id.removesuffix("Z")
    try:
        return parse_date(text) if len(text) == 8 else parse_local(text)
    except BadValue:
        text = "An instance is named as 20260131T090000Z, 20260131T100000 or 20260131."
        raise NoInstance(text) from None


def read_instance(obj: CalendarObject, recurrence_id: str) -> dict[str, Any]:
    """Return what an instance says, itself or by its series, at its own times."""
    seen = find_instance(obj, recurrence_id)
    clock = _style(seen.entry).clock
    times = {
        name: serialize_time(clock.to_local(key), clock.kind)
        for name, key in (("start", seen.start), ("end", seen.end))
    }
    return {"recurrence_id": recurrence_id, **read_fields(seen.entry), **times}


def change_instance(
    data: bytes, obj: CalendarObject, recurrence_id: str, changes: Mapping[str, Any], now: int
) -> bytes:
    """Return the octets of an object of which one instance was changed.

    Raises `NoInstance`, and `BadField` for what cannot be, or is the series' to say.
    """
    seen = find_instance(obj, recurrence_id)
    calendar = parse_nodes(data)
    held = _find_override(obj, recurrence_id)
    if held is not None:
        node = calendar.children(obj.component)[_place(obj, held)]
        if not change_entry(node, held, changes, now):
            return data
        return _octets(calendar, changes)
    node, entry = _make_override(calendar, obj, seen)
    if not change_entry(node, entry, changes, now):
        return data
    last = [part for part in calendar.parts if isinstance(part, Node)][-1]
    place = next(i for i, part in enumerate(calendar.parts) if part is last)
    calendar.parts.insert(place + 1, node)
    return _octets(calendar, changes)


def _octets(calendar: Node, changes: Mapping[str, Any]) -> bytes:
    octets = calendar.octets()
    return put_in_zones(octets) if "time_zone" in changes else octets


def remove_instance(data: bytes, obj: CalendarObject, recurrence_id: str, now: int) -> bytes:
    """Return the octets of an object without an instance; raises `NoInstance`."""
    seen = find_instance(obj, recurrence_id)
    master = obj.master
    if master is None or master.anchor is None:
        raise NoInstance("The series is not here: remove the event itself.")
    calendar = parse_nodes(data)
    nodes = calendar.children(obj.component)
    held = _find_override(obj, recurrence_id)
    node = nodes[_place(obj, master)]
    if held is not None:
        gone = nodes[_place(obj, held)]
        calendar.parts = [part for part in calendar.parts if part is not gone]
    style = _style(master)
    local = _instance_local(seen, style.clock)
    lines = [raw.line for raw in node.lines("EXDATE")]
    node.put("EXDATE", [*lines, moment_line("EXDATE", style, local)])
    stamp(node, now, is_rescheduled=True)
    return calendar.octets()


def _style(entry: Entry) -> Style:
    assert entry.anchor is not None
    line = entry.component.first("DTSTART") or entry.component.first("DUE")
    return style_of(line, entry.anchor.clock)


def _instance_local(seen: Occurrence, clock: Clock) -> int:
    """Return the time that the rule makes an instance at, on the clock of the series."""
    key = _key_of(seen.recurrence_id)
    return clock.to_local(key) if clock.kind == ZONED else key


def _find_override(obj: CalendarObject, recurrence_id: str) -> Entry | None:
    return next(
        (held for held in obj.overrides if recurrence_id_of(obj, held) == recurrence_id), None
    )


def _place(obj: CalendarObject, entry: Entry) -> int:
    components = obj.calendar.children_named(obj.component)
    return next(index for index, found in enumerate(components) if found is entry.component)


def _make_override(calendar: Node, obj: CalendarObject, seen: Occurrence) -> tuple[Node, Entry]:
    """Return a component for an instance that says what its series says, and what it says."""
    source = seen.entry
    master = obj.master
    assert master is not None  # without one every instance is an override
    held = calendar.children(obj.component)[_place(obj, source)]
    parts = [
        part
        for part in held.parts
        if isinstance(part, Node) or part.line.name not in {*_OF_SERIES, "RECURRENCE-ID"}
    ]
    node = Node(held.name, held.begin, parts, held.end)
    style, own = _style(master), _style(source)
    named = moment_line("RECURRENCE-ID", style, _instance_local(seen, style.clock))
    node.put("RECURRENCE-ID", [named])
    start, end = own.clock.to_local(seen.start), own.clock.to_local(seen.end)
    is_task = node.name == "VTODO"
    if source.start is not None:
        node.put("DTSTART", [moment_line("DTSTART", own, start)])
    if not is_task or source.end is not None or source.duration is not None:
        name = "DUE" if is_task else "DTEND"
        node.put(name, [moment_line(name, own, end)])
    return node, read_entry(parse_component(node.octets()), obj.zones)
