"""Time zones by reference (RFC 7809): objects without the VTIMEZONEs that everybody has, or with.

Only what is named as in the IANA database is left out, and what has such a name, put in. Nothing
else is touched: the rest of the octets stays as it was put. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from calendar_app.ical.components import (
    BadContentLine,
    BadStructure,
    Component,
    parse_component,
)
from calendar_app.ical.errors import InvalidObject
from calendar_app.ical.rulezones import BadZone, find_zone
from calendar_app.ical.timezones import make_timezone
from calendar_app.ical.zones import Zone, find_iana_zone
from contacts.vcard.values import unescape_text

__all__ = ["leave_out_zones", "put_in_zones", "read_zone", "zoned"]

_BLOCK = re.compile(
    rb"^BEGIN:VTIMEZONE[ \t]*\r?\n.*?^END:VTIMEZONE[ \t]*\r?\n",
    re.MULTILINE | re.DOTALL | re.IGNORECASE,
)
_TZID = re.compile(rb"^TZID(?:;[^:\r\n]*)?:([^\r\n]*)\r?\n(?![ \t])", re.MULTILINE | re.IGNORECASE)
_USED = re.compile(rb"^[A-Z-]+(?:;[^:;]*)*?;TZID=\"?([^\":;,\r\n]+)", re.MULTILINE | re.IGNORECASE)
_FIRST = re.compile(rb"^BEGIN:(?!VCALENDAR)", re.MULTILINE | re.IGNORECASE)


def zoned(data: bytes, wanted: str) -> bytes:
    """Return an object as the header CalDAV-Timezones asks for it (§7.1): T, F, or as it is."""
    said = wanted.strip().upper()
    if said == "F":
        return leave_out_zones(data)
    return put_in_zones(data) if said == "T" else data


def leave_out_zones(data: bytes) -> bytes:
    """Return an object without the VTIMEZONEs of zones that are known by their names.

    Hot where clients ask for it: nothing is parsed.
    """
    return _BLOCK.sub(_kept, data)


def put_in_zones(data: bytes) -> bytes:
    """Return an object with a VTIMEZONE for each zone that it names and does not describe."""
    if b"TZID=" not in data.upper():
        return data
    described = {_name(block) for block in _BLOCK.findall(data)}
    used = dict.fromkeys(name.decode("utf-8", "replace").strip() for name in _USED.findall(data))
    missing = b"".join(_described(name) for name in used if name not in described)
    first = _FIRST.search(data)
    if not missing or first is None:
        return data
    return data[: first.start()] + missing + data[first.start() :]


@lru_cache(maxsize=64)
def _described(name: str) -> bytes:
    """Return the VTIMEZONE of a zone that is known by name, under that name; else nothing."""
    zone = find_iana_zone(name)
    if zone is None or any(char < " " for char in name):
        return b""
    try:
        made = make_timezone(zone.name).encode()
    except InvalidObject:
        return b""
    block = b"".join(_blocks(made))
    tzid = b"TZID:" + name.encode("utf-8", "replace")
    return _TZID.sub(lambda _: tzid + b"\r\n", block, count=1)


def _blocks(data: bytes) -> Iterator[bytes]:
    return (found[0] for found in _BLOCK.finditer(data))


def _name(block: bytes) -> str:
    found = _TZID.search(block)
    return unescape_text(found[1].decode("utf-8", "replace")).strip() if found else ""


def _kept(block: re.Match[bytes]) -> bytes:
    name = _name(block[0])
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
