"""A file of calendars, cut into the objects that a calendar holds (RFC 4791 §4.1)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from calendar_app.ical.components import (
    DEFAULT_LIMITS,
    Component,
    ComponentLimits,
    parse_calendars,
)
from calendar_app.ical.objects import KNOWN_COMPONENTS
from calendar_app.ical.serialize import plain_line, serialize_component
from contacts.vcard.values import unescape_text

__all__ = ["split_calendars"]

_OF_FILES = frozenset(
    {"METHOD", "NAME", "DESCRIPTION", "COLOR", "IMAGE", "SOURCE", "REFRESH-INTERVAL"}
)


def split_calendars(data: bytes, limits: ComponentLimits = DEFAULT_LIMITS) -> Iterator[bytes]:
    """Yield the objects of a file as octets, in its order; they are not checked.

    Components of one kind and UID are one object, with the VTIMEZONEs that it names. One without
    UID gets one that follows from what it says, so that it is the same when the file is read again.
    What describes the file as a whole is left out. Raises `BadContentLine` and `BadStructure`.
    """
    for calendar in parse_calendars(data, limits):
        yield from _split(calendar)


def _split(calendar: Component) -> Iterator[bytes]:
    groups: dict[tuple[str, str], list[Component]] = {}
    for child in calendar.children:
        if child.name in KNOWN_COMPONENTS:
            named = _with_uid(child)
            groups.setdefault((named.name, named.value("UID").strip()), []).append(named)
    zones = {
        unescape_text(zone.value("TZID").strip()): zone
        for zone in calendar.children_named("VTIMEZONE")
    }
    lines = [
        line
        for line in calendar.lines
        if line.name not in _OF_FILES and not line.name.startswith("X-")
    ]
    for components in groups.values():
        named_zones = {tzid for component in components for tzid in _tzids(component)}
        wanted = [zone for tzid, zone in zones.items() if tzid in named_zones]
        yield serialize_component(Component("VCALENDAR", lines, [*wanted, *components]))


def _with_uid(component: Component) -> Component:
    if component.value("UID").strip():
        return component
    ical_uid = hashlib.sha256(serialize_component(component)).hexdigest()[:32]
    lines = [line for line in component.lines if line.name != "UID"]
    return Component(component.name, [plain_line("UID", ical_uid), *lines], component.children)


def _tzids(component: Component) -> Iterator[str]:
    for line in component.lines:
        for tzid in line.params.get("TZID", ()):
            yield tzid.strip()
    for child in component.children:
        yield from _tzids(child)
