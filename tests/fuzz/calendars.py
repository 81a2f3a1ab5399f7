"""The calendar objects that are fuzzed: read, expanded and written with little fuel."""

import io
import random

from calendar_app.ical.components import Component, parse_component
from calendar_app.ical.files import BrokenPart, FoundObject, split_file, to_utf8
from calendar_app.ical.filters import CompFilter, TimeRange, matches
from calendar_app.ical.indexing import index_object
from calendar_app.ical.objects import CalendarObject, InvalidObject, read_object
from calendar_app.ical.partial import DataRequest, select_data
from calendar_app.ical.privacy import veil
from calendar_app.ical.recurrence import Fuel, OutOfFuel, expand
from calendar_app.ical.serialize import serialize_component
from calendar_app.ical.values import parse_date
from calendar_app.ical.zones import find_iana_zone

FUEL = 20_000
MOST_OCTETS = 1 << 20
START, END = parse_date("20260101"), parse_date("20270101")
PRECONDITIONS = {
    *("valid-calendar-data", "valid-calendar-object-resource", "supported-calendar-component"),
    *("supported-calendar-data", "supported-rscale", "max-resource-size", "min-date-time"),
    *("max-date-time", "max-instances", "max-attendees-per-instance"),
}


def take_calendar(data: bytes, chance: random.Random) -> object:
    """An object or a reason; what is expanded ends when its fuel does; what is written is read."""
    try:
        obj = read_object(data)
    except InvalidObject as refused:
        return _reason(refused)
    written = serialize_component(obj.calendar)
    assert _shape(parse_component(written)) == _shape(obj.calendar)
    veil(obj)
    return (
        obj.component,
        frozenset(line.name for entry in obj.entries for line in entry.component.lines[:20]),
        _expand(obj, chance),
    )


def take_file(data: bytes, _chance: random.Random) -> object:
    """Objects and broken parts; what is an object of a file is one when it stands alone, too."""
    traits: list[str] = []
    for part in split_file(io.BytesIO(data), MOST_OCTETS):
        if isinstance(part, BrokenPart):
            assert part.line > 0
            traits.append(part.reason[:20])
            continue
        assert 0 < part.share <= 1
        octets = to_utf8(part.data)
        try:
            obj = read_object(octets)
        except InvalidObject as refused:
            traits.append(_reason(refused)[1])
            continue
        alone = list(split_file(io.BytesIO(octets), MOST_OCTETS))
        whole = [held for held in alone if isinstance(held, FoundObject)]
        assert [read_object(held.data).ical_uid for held in whole] == [obj.ical_uid]
        traits.append(obj.component)
    return tuple(traits[:4])


def _reason(refused: InvalidObject) -> tuple[str, str]:
    assert refused.precondition in PRECONDITIONS
    assert refused.text
    return refused.precondition, refused.text[:20]


def _expand(obj: CalendarObject, chance: random.Random) -> str:
    start = chance.choice((START, parse_date("19700101"), parse_date("99990101")))
    end = chance.choice((start + 1, start + 86_400 * 60, END, parse_date("99991231")))
    zone = find_iana_zone(chance.choice(("UTC", "Europe/Paris", "Pacific/Apia")))
    assert zone is not None
    asked = CompFilter(
        "VCALENDAR", comps=(CompFilter(obj.component, time_range=TimeRange(start, end)),)
    )
    try:
        found = expand(obj, start, end, zone=zone, fuel=Fuel(FUEL))
        assert len(found) <= FUEL
        assert matches(obj, asked, zone=zone, fuel=Fuel(FUEL * 2)) is bool(found)
        select_data(obj, DataRequest(expand=TimeRange(start, end)), zone=zone, fuel=Fuel(FUEL))
        index = index_object(obj, END, max_instances=1_000, fuel=Fuel(FUEL))
    except OutOfFuel:
        return "out of fuel"
    except InvalidObject as refused:
        return _reason(refused)[0]
    assert list(index.rows) == sorted(index.rows)
    return f"{min(len(index.rows), 5)} {index.until}"


def _shape(found: Component) -> object:
    lines = [(line.name, line.group, dict(line.params), line.value) for line in found.lines]
    return found.name, lines, [_shape(child) for child in found.children]


def _calendar(*lines: str) -> bytes:
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", *lines, "END:VCALENDAR", ""]).encode()


def calendars() -> list[bytes]:
    """Return small objects of each kind; mutations put them together."""
    zone = (
        *("BEGIN:VTIMEZONE", "TZID:A", "BEGIN:DAYLIGHT", "TZOFFSETFROM:+0100", "TZOFFSETTO:+0200"),
        *("DTSTART:19960331T020000", "RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU", "END:DAYLIGHT"),
        *("BEGIN:STANDARD", "TZOFFSETFROM:+0200", "TZOFFSETTO:+0100", "DTSTART:19961027T030000"),
        *("RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU", "END:STANDARD", "END:VTIMEZONE"),
    )
    series = (
        *("BEGIN:VEVENT", "UID:1", "DTSTART;TZID=A:20260320T090000", "DURATION:PT1H"),
        *("RRULE:FREQ=WEEKLY;COUNT=9", "EXDATE;TZID=A:20260327T090000", "SUMMARY:a\\, b"),
        *("RDATE;VALUE=PERIOD:20260401T090000Z/PT2H", "BEGIN:VALARM", "TRIGGER:-PT15M"),
        *("END:VALARM", "END:VEVENT"),
    )
    moved = (
        *("BEGIN:VEVENT", "UID:1", "RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=A:20260403T090000"),
        *("DTSTART;TZID=A:20260403T110000", "DTEND;TZID=A:20260403T120000", "END:VEVENT"),
    )
    return [
        _calendar(*zone, *series, *moved),
        _calendar("BEGIN:VEVENT", "UID:1", "DTSTART;VALUE=DATE:20260101", "END:VEVENT"),
        _calendar("BEGIN:VTODO", "UID:1", "DUE:20260101T090000", "RRULE:FREQ=DAILY", "END:VTODO"),
        _calendar("BEGIN:VJOURNAL", "UID:1", "CLASS:PRIVATE", "END:VJOURNAL"),
        _calendar("BEGIN:VFREEBUSY", "UID:1", "FREEBUSY:20260101T090000Z/PT1H", "END:VFREEBUSY"),
        _calendar("BEGIN:VAVAILABILITY", "UID:1", "DTSTART:20260101T090000Z", "END:VAVAILABILITY"),
    ]


def files() -> list[bytes]:
    """Return files of many objects."""
    objects = calendars()
    several = b"".join(objects)
    together = several.replace(b"END:VCALENDAR\r\nBEGIN:VCALENDAR\r\nVERSION:2.0\r\n", b"")
    return [several, together, several.replace(b"\r\n", b"\n"), together.replace(b"UID:1\r\n", b"")]


CALENDAR_WORDS = (
    *(b"\r\n", b"\n ", b":", b";", b",", b"=", b'"', b"\\", b"Z", b"T", b"-", b"/", b"\xc3\xa9"),
    *(b"BEGIN:VEVENT\r\n", b"END:VEVENT\r\n", b"BEGIN:VALARM\r\nEND:VALARM\r\n", b"\r\nUID:1\r\n"),
    *(b"RRULE:FREQ=SECONDLY\r\n", b"RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30\r\n", b"INTERVAL=9"),
    *(b";BYSETPOS=-1", b";BYDAY=MO,5TU", b";BYWEEKNO=53", b";BYYEARDAY=366", b";COUNT=99999"),
    *(b";UNTIL=99991231", b";BYHOUR=1,2", b";WKST=SU", b";VALUE=DATE", b";TZID=Asia/Tokyo"),
    *(b"EXRULE:FREQ=DAILY\r\n", b"99991231T235959Z", b"00020101", b"P9999W", b"-PT1S", b"20240229"),
    *(b"RECURRENCE-ID:20260327T080000Z\r\n", b";RANGE=THISANDFUTURE", b"METHOD:REQUEST\r\n"),
)
