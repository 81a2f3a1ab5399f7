"""CALDAV:calendar-data (RFC 4791 §9.6): which components, properties and instances are asked for.

Objects are told octet for octet where nothing of that kind is asked. By `CalDAV-Timezones: F` they
come without the VTIMEZONEs of zones that are known by name, by `T` with all (RFC 7809 §7.1).
"""

import xml.etree.ElementTree as ET
from collections.abc import Callable
from functools import partial
from typing import Final

from calendar_app.ical.errors import InvalidObject
from calendar_app.ical.filters import TimeRange
from calendar_app.ical.objects import read_object
from calendar_app.ical.partial import CompSelection, DataRequest, select_data
from calendar_app.ical.recurrence import Fuel, OutOfFuel
from calendar_app.ical.references import zoned
from calendar_app.ical.zones import Zone
from calendar_app.queries.spans import FUEL_OF_A_QUERY
from calendar_app.services.objects import object_limits
from groupware.core import limits
from groupware.dav.errors import DavError
from groupware.dav.names import caldav
from groupware.dav.reports.asked import Render, Unconvertible
from groupware.dav.reports.elements import find_all, read_yes
from groupware.dav.reports.times import read_bounded_range
from groupware.dav.request import Request

NAME: Final = caldav("calendar-data")
SUPPORTED: Final = caldav("supported-calendar-data")
_EXPAND, _LIMIT, _BUSY = map(caldav, ("expand", "limit-recurrence-set", "limit-freebusy-set"))
_COMP, _PROP = caldav("comp"), caldav("prop")
_NOTHING: Final = DataRequest()


def parse_calendar_data(
    asked: ET.Element, request: Request, find_zone: Callable[[], Zone]
) -> Render | None:
    """Return what makes of a stored object what is asked for; None for the object as it is."""
    kind = asked.get("content-type", "text/calendar").strip().lower()
    if kind != "text/calendar" or asked.get("version", "2.0") != "2.0":
        text = "Calendar objects are told as text/calendar of version 2.0."
        raise DavError(403, text, SUPPORTED)
    wanted = _parse_wanted(asked)
    zones = request.header("CalDAV-Timezones").strip()
    if wanted == _NOTHING:
        return partial(zoned, wanted=zones) if zones else None
    return _Selection(wanted, find_zone(), zones)


class _Selection:
    """Cuts the objects of one answer, as long as the answer has room for them."""

    def __init__(self, wanted: DataRequest, zone: Zone, zones: str) -> None:
        self._wanted = wanted
        self._zone = zone
        self._zones = zones
        self._fuel = Fuel(FUEL_OF_A_QUERY)
        self._left = limits.DAV_ANSWER.value

    def __call__(self, data: bytes) -> bytes:
        """Return what is asked for of an object; raises `DavError` and `Unconvertible`."""
        selected = self._select(data)
        self._left -= len(selected)
        if self._left < 0:
            raise _too_much()
        return zoned(selected, self._zones)

    def _select(self, data: bytes) -> bytes:
        most = max(self._left // max(len(data), 1), 1)
        try:
            found = read_object(data, object_limits())
            return select_data(found, self._wanted, zone=self._zone, fuel=self._fuel, most=most)
        except InvalidObject as error:  # put before a limit was lowered
            raise Unconvertible(SUPPORTED, error.text) from error
        except OutOfFuel as error:
            raise _too_much() from error


def _too_much() -> DavError:
    text = "Too many instances would be told: ask for a shorter time."
    return DavError(403, text, caldav("max-instances"))


def _parse_wanted(asked: ET.Element) -> DataRequest:
    ranges = [child for child in asked if child.tag in (_EXPAND, _LIMIT)]
    if len(ranges) > 1:
        raise DavError(400, "A calendar-data has one of expand and limit-recurrence-set.")
    comps = find_all(asked, _COMP)
    if len(comps) > 1:
        raise DavError(400, "A calendar-data has one comp, for VCALENDAR.")
    return DataRequest(
        _parse_comp(comps[0]) if comps else None,
        _parse_range(asked, _EXPAND),
        _parse_range(asked, _LIMIT),
        _parse_range(asked, _BUSY),
    )


def _parse_range(asked: ET.Element, name: str) -> TimeRange | None:
    found = asked.find(name)
    return None if found is None else read_bounded_range(found)


def _parse_comp(found: ET.Element) -> CompSelection:
    """Read a comp (§9.6.1): for all that a component has, if it is empty (§7.8.1), or some of it."""
    if not len(found):
        return CompSelection(_name(found))
    props: dict[str, bool] | None = {
        _name(prop): not read_yes(prop, "novalue") for prop in find_all(found, _PROP)
    }
    comps: tuple[CompSelection, ...] | None = tuple(map(_parse_comp, find_all(found, _COMP)))
    if found.find(caldav("allprop")) is not None:
        props = None
    if found.find(caldav("allcomp")) is not None:
        comps = None
    return CompSelection(_name(found), props, comps)


def _name(found: ET.Element) -> str:
    name = found.get("name", "").strip().upper()
    if not name:
        raise DavError(400, "A comp or prop of calendar-data has a name.")
    return name
