"""Times of an object: moments, the clocks that they are read by, and the zones that TZIDs name.

RFC 5545 asks for one kind of value in DTSTART, DTEND, RECURRENCE-ID, EXDATE and RDATE. Programs
write others; what is meant is taken: a floating time beside a zoned DTSTART is read in its zone,
a time beside a date is its day, a date beside times stands for all of that day, and a date with a Z
is a date.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from calendar_app.ical.components import Component, Line
from calendar_app.ical.errors import InvalidObject
from calendar_app.ical.rulezones import BadZone, find_zone
from calendar_app.ical.values import (
    DATE,
    DAY,
    FLOATING,
    ZONED,
    parse_date,
    parse_local,
    serialize_date,
    serialize_local,
    serialize_utc,
)
from calendar_app.ical.zones import UTC, Zone
from contacts.vcard.values import unescape_text

__all__ = ["Clock", "Moment", "Zones", "read_moment", "read_moments"]


class Clock(NamedTuple):
    """What times are read by: a zone's clock (z), the wall's (f), or the calendar alone (d)."""

    kind: str
    zone: Zone

    def to_key(self, local: int) -> int:
        """Return a local time as it is compared: zoned ones by UTC."""
        return self.zone.to_utc(local) if self.kind == ZONED else local

    def to_local(self, key: int) -> int:
        """Return the local time of what is compared."""
        return self.zone.to_local(key) if self.kind == ZONED else key

    def serialize(self, key: int) -> str:
        """Write what is compared as a RECURRENCE-ID: zoned ones in UTC."""
        if self.kind == ZONED:
            return serialize_utc(key)
        return serialize_date(key) if self.kind == DATE else serialize_local(key)


UTC_CLOCK, FLOATING_CLOCK, DATE_CLOCK = Clock(ZONED, UTC), Clock(FLOATING, UTC), Clock(DATE, UTC)


class Moment(NamedTuple):
    """A local time on a clock."""

    local: int
    clock: Clock

    @property
    def key(self) -> int:
        """The moment as it is compared with others on the same kind of clock."""
        return self.clock.to_key(self.local)

    def key_on(self, clock: Clock) -> int:
        """Return the key of what is meant on another clock."""
        if clock.kind == ZONED and self.clock.kind == ZONED:
            return self.key
        if clock.kind == DATE:
            return self.local - self.local % DAY
        return clock.to_key(self.local)

    def local_on(self, clock: Clock) -> int:
        """Return the local time of what is meant on another clock."""
        if clock == self.clock:
            return self.local
        return clock.to_local(self.key_on(clock))


class Zones:
    """The zones of an object, by TZID; each is looked for once."""

    __slots__ = ("_clocks", "_components")

    def __init__(self, components: Iterable[Component]) -> None:
        self._components: dict[str, Component] = {}
        for component in components:
            tzid = unescape_text(component.value("TZID").strip())
            self._components.setdefault(tzid, component)
        self._clocks: dict[str, Clock] = {}

    def clock(self, tzid: str) -> Clock:
        """Return the clock of a TZID, floating for an empty one; raises `InvalidObject`."""
        found = self._clocks.get(tzid)
        if found is None:
            found = self._clocks[tzid] = self._find(tzid)
        return found

    def _find(self, tzid: str) -> Clock:
        try:
            zone = find_zone(tzid, self._components.get(tzid))
        except BadZone as error:
            raise InvalidObject("valid-calendar-data", str(error)) from None
        if zone is not None:
            return Clock(ZONED, zone)
        if not tzid:
            return FLOATING_CLOCK
        raise InvalidObject(
            "valid-calendar-object-resource",
            f"The time zone {tzid[:60]!r} is unknown: add its VTIMEZONE, or use an IANA name.",
        )


def read_moment(line: Line, zones: Zones, value: str | None = None) -> Moment:
    """Read a DATE or DATE-TIME; raises `BadValue`, and `InvalidObject` for an unknown zone."""
    text = (line.value if value is None else value).strip()
    if len(text) == 8 or (len(text) == 9 and text[-1] in "Zz"):
        return Moment(parse_date(text[:8]), DATE_CLOCK)
    if text[-1:] in {"Z", "z"}:
        return Moment(parse_local(text[:-1]), UTC_CLOCK)
    local = parse_local(text)
    if line.params.get("VALUE", ("",))[0].upper() == "DATE":
        return Moment(local - local % DAY, DATE_CLOCK)
    tzid = line.params.get("TZID")
    return Moment(local, zones.clock(tzid[0].strip()) if tzid else FLOATING_CLOCK)


def read_moments(lines: Iterable[Line], zones: Zones) -> Iterator[Moment]:
    """Read the moments of an EXDATE or the like, which may be lists."""
    for line in lines:
        for value in line.value.split(","):
            if value.strip():
                yield read_moment(line, zones, value)
