"""Calendar objects (RFC 4791 §4.1): read, checked, and what the store keeps of them in columns.

    read_object(data: bytes, limits: ObjectLimits = DEFAULT_LIMITS) -> CalendarObject

raises `InvalidObject(precondition, text)` and nothing else, whatever the octets are.

Taken though RFC 5545 forbids it: no PRODID or VERSION, what `entries` and `times` name, components
that are neither known nor wanted (they are kept and not looked at), and a TZID without its
VTIMEZONE where it is a name of the IANA database (RFC 7809).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from calendar_app.ical.components import DEFAULT_LIMITS as DEFAULT_COMPONENT_LIMITS
from calendar_app.ical.components import (
    BadContentLine,
    BadStructure,
    Component,
    ComponentLimits,
    parse_component,
)
from calendar_app.ical.entries import Entry, read_entry
from calendar_app.ical.errors import InvalidObject
from calendar_app.ical.times import Zones
from contacts.vcard.values import unescape_text
from mail.mime.text import fold_search

__all__ = [
    "DEFAULT_LIMITS",
    "KNOWN_COMPONENTS",
    "CalendarObject",
    "InvalidObject",
    "ObjectLimits",
    "read_object",
]

KNOWN_COMPONENTS = ("VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY", "VAVAILABILITY")
_SEARCHED = ("SUMMARY", "LOCATION", "DESCRIPTION", "CATEGORIES", "COMMENT", "CONTACT", "RESOURCES")


@dataclass(frozen=True, slots=True)
class ObjectLimits:
    """What an object may have; the services take these from the installation's limits."""

    max_octets: int = 10 << 20
    max_overrides: int = 10_000
    max_attendees: int = 1_000
    max_text: int = 64 << 10
    components: ComponentLimits = DEFAULT_COMPONENT_LIMITS


DEFAULT_LIMITS = ObjectLimits()


@dataclass(frozen=True, slots=True)
class CalendarObject:
    """An object as it is understood; the octets themselves are the caller's.

    `component` is the name of its kind. `master` describes the series, or the only instance; it is
    None where somebody was invited to single instances. `overrides` are the others, each with a
    `recurrence_id`, in the order of the data. `text` is folded, for search. `classification` is ""
    (public), "private" or "confidential" (RFC 5545 §3.8.1.3: what is unknown is private).
    """

    calendar: Component
    ical_uid: str
    component: str
    master: Entry | None
    overrides: tuple[Entry, ...]
    zones: Zones
    summary: str
    text: str
    classification: str
    has_alarm: bool
    organizer: str

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Master and overrides."""
        return self.overrides if self.master is None else (self.master, *self.overrides)

    @property
    def first(self) -> Entry:
        """The master, or the first override where there is none."""
        return self.overrides[0] if self.master is None else self.master

    @property
    def is_recurring(self) -> bool:
        """Tell whether there may be more than one instance."""
        return bool(self.overrides) or (self.master is not None and self.master.is_recurring)


def read_object(data: bytes, limits: ObjectLimits = DEFAULT_LIMITS) -> CalendarObject:
    """Read an object; raises `InvalidObject`. Hot: each PUT pays for it."""
    if len(data) > limits.max_octets:
        text = f"The object has {len(data)} octets; {limits.max_octets} are allowed."
        raise InvalidObject("max-resource-size", text)
    try:
        calendar = parse_component(data, limits.components)
    except (BadContentLine, BadStructure) as error:
        raise InvalidObject("valid-calendar-data", str(error)) from None
    return understand(calendar, limits)


def understand(calendar: Component, limits: ObjectLimits = DEFAULT_LIMITS) -> CalendarObject:
    """Return the object that a VCALENDAR is; raises `InvalidObject`."""
    _check_calendar(calendar)
    components = _choose_components(calendar)
    kind, ical_uid = _check_identity(components)
    zones = Zones(calendar.children_named("VTIMEZONE"))
    entries = [read_entry(component, zones) for component in components]
    master, overrides = _sort_entries(entries, limits)
    for component in components:
        _check_component(component, limits)
    first = components[0] if master is None else master.component
    return CalendarObject(
        calendar,
        ical_uid,
        kind,
        master,
        overrides,
        zones,
        unescape_text(first.value("SUMMARY")),
        fold_search("\n".join(_texts(components))[: limits.max_text]),
        _classify(components),
        any(child.name == "VALARM" for component in components for child in component.children),
        first.value("ORGANIZER").strip(),
    )


def _check_calendar(calendar: Component) -> None:
    if calendar.name != "VCALENDAR":
        text = f"One VCALENDAR was expected, not {calendar.name[:40]!r}."
        raise InvalidObject("valid-calendar-data", text)
    version = calendar.value("VERSION").strip()
    if version not in {"", "2.0"}:
        text = f"iCalendar 2.0 is supported, not version {version[:40]!r}."
        raise InvalidObject("supported-calendar-data", text)
    if calendar.first("METHOD") is not None:
        text = "An object in a calendar has no METHOD (RFC 4791 §4.1): leave it out."
        raise InvalidObject("valid-calendar-object-resource", text)


def _choose_components(calendar: Component) -> list[Component]:
    found = [child for child in calendar.children if child.name in KNOWN_COMPONENTS]
    if not found:
        others = sorted({child.name[:40] for child in calendar.children} - {"VTIMEZONE"})
        if others:
            text = f"Components of the kind {', '.join(others[:5])} are not supported."
            raise InvalidObject("supported-calendar-component", text)
        text = "The VCALENDAR holds nothing: a VEVENT, VTODO or VJOURNAL was expected."
        raise InvalidObject("valid-calendar-object-resource", text)
    return found


def _check_identity(components: list[Component]) -> tuple[str, str]:
    kinds = {component.name for component in components}
    if len(kinds) > 1:
        text = f"An object holds one kind of component, not {' and '.join(sorted(kinds))}."
        raise InvalidObject("valid-calendar-object-resource", text)
    ical_uids = {component.value("UID").strip() for component in components}
    if len(ical_uids) > 1:
        text = "An object has one UID: put each event into an object of its own."
        raise InvalidObject("valid-calendar-object-resource", text)
    ical_uid = ical_uids.pop()
    if not ical_uid:
        text = f"The {kinds.pop()} has no UID."
        raise InvalidObject("valid-calendar-object-resource", text)
    return components[0].name, unescape_text(ical_uid)


def _sort_entries(
    entries: list[Entry], limits: ObjectLimits
) -> tuple[Entry | None, tuple[Entry, ...]]:
    """Tell the master from the overrides, of which each has an id of its own."""
    masters = [entry for entry in entries if entry.recurrence_id is None]
    if len(masters) > 1:
        text = f"The object has {len(masters)} components without a RECURRENCE-ID; one may be."
        raise InvalidObject("valid-calendar-object-resource", text)
    overrides = tuple(entry for entry in entries if entry.recurrence_id is not None)
    if len(overrides) > limits.max_overrides:
        text = f"The series has {len(overrides)} overrides; {limits.max_overrides} are allowed."
        raise InvalidObject("max-instances", text)
    ids = {entry.recurrence_id.key for entry in overrides if entry.recurrence_id is not None}
    if len(ids) < len(overrides):
        text = "Two components have the same RECURRENCE-ID."
        raise InvalidObject("valid-calendar-object-resource", text)
    return (masters[0] if masters else None), overrides


def _check_component(component: Component, limits: ObjectLimits) -> None:
    if component.name == "VEVENT" and component.first("DTSTART") is None:
        raise InvalidObject("valid-calendar-data", "The VEVENT has no DTSTART.")
    if component.first("RRULE") is not None and not (
        component.first("DTSTART") or component.first("DUE")
    ):
        text = f"The {component.name} has an RRULE and no DTSTART from which it would count."
        raise InvalidObject("valid-calendar-data", text)
    attendees = len(component.all("ATTENDEE"))
    if attendees > limits.max_attendees:
        text = f"The {component.name} has {attendees} attendees; {limits.max_attendees} may be."
        raise InvalidObject("max-attendees-per-instance", text)


def _classify(components: list[Component]) -> str:
    """Return the strictest class of an object's components."""
    found = {component.value("CLASS").strip().upper() or "PUBLIC" for component in components}
    if found <= {"PUBLIC"}:
        return ""
    return "confidential" if found <= {"PUBLIC", "CONFIDENTIAL"} else "private"


def _texts(components: list[Component]) -> Iterator[str]:
    for component in components:
        for name in _SEARCHED:
            for line in component.all(name):
                yield unescape_text(line.value)
        for name in ("ORGANIZER", "ATTENDEE"):
            for line in component.all(name):
                yield " ".join((*line.params.get("CN", ()), line.value.partition(":")[2]))
