"""Entries: the times, rules and exceptions of one VEVENT, VTODO, VJOURNAL or the like.

What programs write beyond RFC 5545 and is taken: an end beside a start of another kind (`times`),
DUE without DTSTART in a task that repeats, several RRULEs, EXRULE of RFC 2445. An event whose date
has no length lasts its day, and hours in the DURATION of a date end with theirs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from calendar_app.ical.components import Component, Line
from calendar_app.ical.errors import InvalidObject
from calendar_app.ical.rules import Rule, UnsupportedScale, parse_rule
from calendar_app.ical.times import Clock, Moment, Zones, read_moment, read_moments
from calendar_app.ical.values import (
    BUSY,
    DATE,
    DAY,
    FREE,
    TENTATIVE,
    BadValue,
    Duration,
    parse_date,
    parse_duration,
)

__all__ = ["EARLIEST", "LATEST", "AddedDate", "Entry", "read_entry"]

EARLIEST, LATEST = parse_date("00020101"), parse_date("99991231") + DAY - 1
# What one entry may list: reading it takes some 2 µs for each.
MOST_RULES, MOST_DATES = 50, 20_000
# Where a date without an end, or one that ends as it begins, lasts its day (§3.6.1).
_OF_DAYS = frozenset({"VEVENT", "AVAILABLE"})


class AddedDate(NamedTuple):
    """An RDATE; a PERIOD has an end of its own, in seconds from its start."""

    moment: Moment
    length: int | None


@dataclass(frozen=True, slots=True)
class Entry:
    """A component with its times; a task or journal may have none.

    `end` is DTEND or DUE, `length` the exact seconds from DTSTART to it. `recurrence_id` is None
    in the one that describes the whole series. `busy` is what an instance does to free/busy.
    """

    component: Component
    recurrence_id: Moment | None
    is_this_and_future: bool
    start: Moment | None
    end: Moment | None
    duration: Duration | None
    length: int
    busy: str
    rules: tuple[Rule, ...]
    excluded_rules: tuple[Rule, ...]
    added: tuple[AddedDate, ...]
    excluded: tuple[Moment, ...]

    @property
    def anchor(self) -> Moment | None:
        """The time that repeats: DTSTART, or DUE where there is none."""
        return self.start or self.end

    @property
    def is_recurring(self) -> bool:
        """Tell whether there may be more than one instance."""
        return bool(self.rules or self.added)

    def end_of(self, clock: Clock, local: int, key: int) -> int:
        """Return the key of the end of an instance by its start, local and key, on the clock.

        The length is exact where DTEND or DUE gives it, and nominal by DURATION, whose days end at
        the same time of the clock (RFC 5545 §3.8.5.3).
        """
        if self.duration is not None and self.start is not None:
            return clock.to_key(local + self.duration.days * DAY) + self.duration.seconds
        return key + self.length


def read_entry(component: Component, zones: Zones) -> Entry:
    """Read the times of a component; raises `InvalidObject`."""
    recurrence_id = component.first("RECURRENCE-ID")
    start = _read_moment(component, "DTSTART", zones)
    end = _read_moment(component, "DUE" if component.name == "VTODO" else "DTEND", zones)
    duration = _read_duration(component)
    _check_length(component, start, end, duration)
    if duration is not None and start is not None and start.clock.kind == DATE:
        duration = _in_days(component, duration)
    return Entry(
        component,
        _read_moment(component, "RECURRENCE-ID", zones),
        recurrence_id is not None
        and recurrence_id.params.get("RANGE", ("",))[0].upper() == "THISANDFUTURE",
        start,
        end,
        duration,
        _length(component, start, end),
        _busy(component, start),
        _read_rules(component, "RRULE"),
        _read_rules(component, "EXRULE"),
        _read_added(component, zones),
        _read_excluded(component, zones),
    )


def _in_days(component: Component, duration: Duration) -> Duration | None:
    """Return the duration of a date in whole days, None for one without any."""
    days = -(-duration.total // DAY)
    return Duration(days, 0) if days or component.name not in _OF_DAYS else None


def _length(component: Component, start: Moment | None, end: Moment | None) -> int:
    """Return the exact length of an instance: a date lasts its day, a time an instant."""
    if start is None:
        return 0
    length = end.key_on(start.clock) - start.key if end is not None else 0
    is_day = start.clock.kind == DATE and component.name in _OF_DAYS
    return DAY if length == 0 and is_day else length


def _busy(component: Component, start: Moment | None) -> str:
    """Return what the instances of an event do to free/busy (RFC 4791 §7.10)."""
    if component.name != "VEVENT" or start is None:
        return FREE
    status = component.value("STATUS").strip().upper()
    if status == "CANCELLED" or component.value("TRANSP").strip().upper() == "TRANSPARENT":
        return FREE
    return TENTATIVE if status == "TENTATIVE" else BUSY


def _check_length(
    component: Component, start: Moment | None, end: Moment | None, duration: Duration | None
) -> None:
    if duration is not None:
        if end is not None:
            raise _invalid(component, "has an end and a DURATION; leave one out.")
        if duration.total < 0:
            raise _invalid(component, "has a negative DURATION.")
    if start is None or end is None:
        return
    if (start.clock.kind == DATE) != (end.clock.kind == DATE):
        raise _invalid(component, "begins with a date and ends with a time, or the reverse.")
    if end.key_on(start.clock) < start.key:
        raise _invalid(component, "ends before it begins.")


def _read_moment(component: Component, name: str, zones: Zones) -> Moment | None:
    lines = component.all(name)
    if not lines:
        return None
    if len(lines) > 1:
        raise _invalid(component, f"has more than one {name}.")
    try:
        moment = read_moment(lines[0], zones)
    except BadValue as error:
        raise _invalid(component, f"has a bad {name}: {error}") from None
    if not EARLIEST <= moment.local <= LATEST:
        limit = "min-date-time" if moment.local < EARLIEST else "max-date-time"
        raise InvalidObject(
            limit, f"{name} of the {component.name} is outside the years 2 to 9999."
        )
    return moment


def _read_duration(component: Component) -> Duration | None:
    line = component.first("DURATION")
    if line is None:
        return None
    try:
        return parse_duration(line.value.strip())
    except BadValue as error:
        raise _invalid(component, f"has a bad DURATION: {error}") from None


def _read_rules(component: Component, name: str) -> tuple[Rule, ...]:
    if len(component.all(name)) > MOST_RULES:
        raise _invalid(component, f"has more than {MOST_RULES} {name}s.")
    try:
        return tuple(parse_rule(line.value) for line in component.all(name))
    except UnsupportedScale as error:
        raise InvalidObject("supported-rscale", str(error)) from None
    except BadValue as error:
        raise _invalid(component, f"has a bad {name}: {error}") from None


def _check_number(component: Component, name: str) -> None:
    lines = component.all(name)
    if lines and sum(line.value.count(",") + 1 for line in lines) > MOST_DATES:
        text = f"The {component.name} has more than {MOST_DATES} dates as {name}."
        raise InvalidObject("max-instances", text)


def _read_excluded(component: Component, zones: Zones) -> tuple[Moment, ...]:
    _check_number(component, "EXDATE")
    try:
        return tuple(read_moments(component.all("EXDATE"), zones))
    except BadValue as error:
        raise _invalid(component, f"has a bad EXDATE: {error}") from None


def _read_added(component: Component, zones: Zones) -> tuple[AddedDate, ...]:
    _check_number(component, "RDATE")
    try:
        return tuple(
            _read_added_date(line, value.strip(), zones)
            for line in component.all("RDATE")
            for value in line.value.split(",")
            if value.strip()
        )
    except BadValue as error:
        raise _invalid(component, f"has a bad RDATE: {error}") from None


def _read_added_date(line: Line, value: str, zones: Zones) -> AddedDate:
    begin, slash, end = value.partition("/")
    moment = read_moment(line, zones, begin)
    if not slash:
        return AddedDate(moment, None)
    if end[:1] in {"P", "p", "+", "-"}:
        length = parse_duration(end).total
    else:
        length = read_moment(line, zones, end).key_on(moment.clock) - moment.key
    if length < 0:
        raise BadValue(f"the period {value[:60]!r} ends before it begins.")
    return AddedDate(moment, length)


def _invalid(component: Component, text: str) -> InvalidObject:
    return InvalidObject("valid-calendar-data", f"The {component.name[:40]} {text}")
