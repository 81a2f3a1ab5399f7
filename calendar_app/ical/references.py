"""Time zones by reference (RFC 7809): objects without the VTIMEZONEs that everybody has. Pure.

Only what is named as in the IANA database is left out, and nothing else is touched: the rest of the
octets stays as it was put.
"""

from __future__ import annotations

import re

from calendar_app.ical.components import (
    BadContentLine,
    BadStructure,
    Component,
    parse_component,
)
from calendar_app.ical.errors import InvalidObject
from calendar_app.ical.rulezones import BadZone, find_zone
from calendar_app.ical.zones import Zone, find_iana_zone
from contacts.vcard.values import unescape_text

__all__ = ["leave_out_zones", "read_zone"]

_BLOCK = re.compile(
    rb"^BEGIN:VTIMEZONE[ \t]*\r?\n.*?^END:VTIMEZONE[ \t]*\r?\n",
    re.MULTILINE | re.DOTALL | re.IGNORECASE,
)
_TZID = re.compile(rb"^TZID(?:;[^:\r\n]*)?:([^\r\n]*)\r?\n(?![ \t])", re.MULTILINE | re.IGNORECASE)


def leave_out_zones(data: bytes) -> bytes:
    """Return an object without the VTIMEZONEs of zones that are known by their names.

    Hot where clients ask for it: nothing is parsed.
    """
    return _BLOCK.sub(_kept, data)


def _kept(block: re.Match[bytes]) -> bytes:
    found = _TZID.search(block[0])
    name = unescape_text(found[1].decode("utf-8", "replace")).strip() if found else ""
    zone = find_iana_zone(name) if name else None
    return b"" if zone is not None and zone.name == name else block[0]


def read_zone(data: bytes) -> Zone:
    """Return the zone of an iCalendar object with one VTIMEZONE (RFC 4791 §9.8).

    Raises `InvalidObject`.
    """
    try:
        calendar = parse_component(data)
        component = _only_zone(calendar)
        zone = find_zone(unescape_text(component.value("TZID").strip()), component)
    except (BadContentLine, BadStructure, BadZone) as error:
        raise InvalidObject("valid-calendar-data", str(error)) from None
    assert zone is not None  # a component always leads to one
    return zone


def _only_zone(calendar: Component) -> Component:
    found = calendar.children_named("VTIMEZONE")
    if calendar.name != "VCALENDAR" or len(found) != 1:
        text = "A time zone is given as one VCALENDAR with one VTIMEZONE."
        raise InvalidObject("valid-calendar-data", text)
    return found[0]
