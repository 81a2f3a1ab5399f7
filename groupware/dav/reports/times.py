"""Times of reports: time-range and its like, and the zone in which floating times are read."""

import re
import xml.etree.ElementTree as ET
from typing import Final

from calendar_app.ical.errors import InvalidObject
from calendar_app.ical.filters import TimeRange
from calendar_app.ical.references import read_zone
from calendar_app.ical.spans import FOREVER, NEVER
from calendar_app.ical.values import BadValue, parse_local
from calendar_app.ical.zones import UTC, Zone, find_iana_zone
from calendar_app.queries import CalendarInfo, find_calendar
from groupware.dav.errors import DavError
from groupware.dav.names import caldav
from groupware.dav.resources import Resource

_UTC_TIME: Final = re.compile(r"[0-9]{4}[0-9]{4}T[0-9]{6}Z")
_LATER: Final = re.compile(r"[0-9]{9,}T[0-9]{6}Z")


def read_time_range(found: ET.Element, condition: str = "") -> TimeRange:
    """Read the start and end of a time-range (RFC 4791 §9.9), one of which may be left out.

    Raises `DavError`: with the `condition` for what is none, and min-date-time or max-date-time for
    what is before the year 1 or after 9999 (§7.8).
    """
    start = _read_time(found, "start", condition)
    end = _read_time(found, "end", condition)
    if start is None and end is None:
        raise _bad("A time range has a start or an end.", condition)
    asked = TimeRange(NEVER if start is None else start, FOREVER if end is None else end)
    if asked.start >= asked.end:
        raise _bad("A time range ends after its start.", condition)
    return asked


def read_bounded_range(found: ET.Element) -> TimeRange:
    """Read a time range of which both ends are given (RFC 4791 §9.6.5); raises `DavError`."""
    if found.get("start") is None or found.get("end") is None:
        raise _bad("Both start and end are given here, as 20260131T000000Z.", "")
    return read_time_range(found)


def _read_time(found: ET.Element, attribute: str, condition: str) -> int | None:
    text = found.get(attribute)
    if text is None:
        return None
    text = text.strip()
    if text.startswith("0000"):
        raise DavError(403, "A time is of the year 1 or later.", caldav("min-date-time"))
    if _LATER.fullmatch(text):
        raise DavError(403, "The calendar ends with the year 9999.", caldav("max-date-time"))
    if not _UTC_TIME.fullmatch(text):
        raise _bad(f"The {attribute} is a time in UTC, as 20260131T000000Z.", condition)
    try:
        return parse_local(text[:-1])
    except BadValue as error:
        raise _bad(str(error), condition) from error


def _bad(text: str, condition: str) -> DavError:
    return DavError(403 if condition else 400, text, condition)


def zone_of(place: Resource, root: ET.Element) -> Zone:
    """Return the zone of floating times: the request's, else the calendar's, else UTC.

    Raises `DavError` for one that is none (RFC 4791 §7.8, RFC 7809 §5).
    """
    named = root.find(caldav("timezone-id"))
    if named is not None:
        return _by_name((named.text or "").strip())
    given = root.find(caldav("timezone"))
    if given is not None and (given.text or "").strip():
        try:
            return read_zone((given.text or "").strip().encode())
        except InvalidObject as error:
            raise DavError(403, error.text, caldav("valid-calendar-data")) from error
    held = find_calendar(place.info.collection_id) if place.info is not None else None
    return UTC if held is None else zone_of_calendar(held)


def _by_name(name: str) -> Zone:
    zone = find_iana_zone(name) if name else None
    if zone is None:
        text = f"{name[:60]} is no time zone of the IANA database."
        raise DavError(403, text, caldav("valid-timezone"))
    return zone


def zone_of_calendar(held: CalendarInfo) -> Zone:
    """Return the zone in which the floating times of a calendar are read."""
    if held.tzid and (zone := find_iana_zone(held.tzid)) is not None:
        return zone
    try:
        return read_zone(held.timezone.encode()) if held.timezone else UTC
    except InvalidObject:  # put before it was looked at
        return UTC
