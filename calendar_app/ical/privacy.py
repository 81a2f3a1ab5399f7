"""What a reader may see who has no right to private details (RFC 5545 §3.8.1.3).

An object of class private is not there at all; of a confidential one the reader sees its times,
and "Busy". What either does to free/busy counts as any other's.
"""

from __future__ import annotations

from calendar_app.ical.components import Component, Line
from calendar_app.ical.objects import KNOWN_COMPONENTS, CalendarObject
from calendar_app.ical.serialize import serialize_component, text_line

__all__ = ["BUSY_SUMMARY", "is_hidden", "is_veiled", "veil"]

BUSY_SUMMARY = "Busy"
_SHOWN = frozenset(
    {
        *("UID", "DTSTAMP", "DTSTART", "DTEND", "DUE", "DURATION", "RRULE", "EXRULE", "RDATE"),
        *("EXDATE", "RECURRENCE-ID", "SEQUENCE", "STATUS", "TRANSP", "CLASS", "CREATED"),
        *("LAST-MODIFIED", "COMPLETED", "FREEBUSY", "BUSYTYPE", "PRIORITY"),
    }
)
_OF_ZONES = frozenset({"TZID", "DTSTART", "TZOFFSETFROM", "TZOFFSETTO", "RRULE", "RDATE", "EXDATE"})


def is_hidden(classification: str) -> bool:
    """Tell whether objects of a class (a column of the store) are not there for such a reader."""
    return classification == "private"


def is_veiled(classification: str) -> bool:
    """Tell whether such a reader sees `veil` in the place of the object."""
    return classification == "confidential"


def veil(obj: CalendarObject) -> bytes:
    """Return an object of the same times that says nothing else."""
    calendar = obj.calendar
    lines = [line for line in calendar.lines if line.name in {"VERSION", "PRODID", "CALSCALE"}]
    children = [
        _veil_component(child) if child.name in KNOWN_COMPONENTS else _veil_zone(child)
        for child in calendar.children
        if child.name in KNOWN_COMPONENTS or child.name == "VTIMEZONE"
    ]
    return serialize_component(Component(calendar.name, lines, children))


def _veil_component(component: Component) -> Component:
    lines = [_without_texts(line) for line in component.lines if line.name in _SHOWN]
    return Component(component.name, [*lines, text_line("SUMMARY", BUSY_SUMMARY)], [])


def _veil_zone(zone: Component) -> Component:
    """Return what a zone's clock does, without comments and what else a program wrote there."""
    lines = [_without_texts(line) for line in zone.lines if line.name in _OF_ZONES]
    return Component(zone.name, lines, [_veil_zone(child) for child in zone.children])


def _without_texts(line: Line) -> Line:
    """Leave only the parameters that a time needs."""
    params = {
        name: values
        for name, values in line.params.items()
        if name in {"TZID", "VALUE", "RANGE", "FBTYPE"}
    }
    return Line(line.name, "", params, line.value)
