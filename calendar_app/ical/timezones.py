"""The time zone of a calendar (RFC 4791 §5.2.2, RFC 7809 §5.2): as iCalendar, and by name. Pure."""

from datetime import date

from calendar_app.ical.components import BadContentLine, BadStructure, parse_component
from calendar_app.ical.errors import InvalidObject
from calendar_app.ical.rulezones import BadZone, find_zone
from calendar_app.ical.zones import find_iana_zone

FIRST, LAST = date(1970, 1, 1), date(2050, 1, 1)
"""What a made VTIMEZONE covers; programs that know the name read nothing of it."""


def read_timezone(data: bytes) -> str:
    """Return the TZID of an iCalendar object with one VTIMEZONE and nothing else.

    Raises `InvalidObject`.
    """
    try:
        calendar = parse_component(data)
        zones = calendar.children_named("VTIMEZONE")
        if calendar.name != "VCALENDAR" or len(zones) != 1 or len(calendar.children) != 1:
            text = "A calendar's time zone is a VCALENDAR with one VTIMEZONE and nothing else."
            raise InvalidObject("valid-calendar-data", text)
        tzid = zones[0].value("TZID")
        if find_zone(tzid, zones[0]) is None:
            text = f"The time zone {tzid[:60]} has no rules and no known name."
            raise InvalidObject("valid-calendar-data", text)
    except (BadContentLine, BadStructure, BadZone) as error:
        raise InvalidObject("valid-calendar-data", str(error)) from None
    return tzid


def make_timezone(tzid: str) -> str:
    """Return an iCalendar object with the VTIMEZONE of a zone of IANA's.

    Raises `InvalidObject` for a name that is none.
    """
    # Imported here: it takes 50 ms to load, and few processes need it.
    from icalendar import Calendar, Timezone

    if find_iana_zone(tzid) is None:
        text = f"{tzid[:60]} is no time zone of IANA's."
        raise InvalidObject("valid-timezone", text)
    try:
        zone = Timezone.from_tzid(tzid, first_date=FIRST, last_date=LAST)
    except ValueError as error:
        raise InvalidObject("valid-timezone", f"{tzid[:60]} cannot be described.") from error
    zone.pop("COMMENT", None)
    calendar = Calendar.new(prodid="-//groupware//groupware//EN", subcomponents=[zone])
    made: bytes = calendar.to_ical()
    return made.decode()
