"""CALDAV:calendar-query (RFC 4791 §7.8): the objects of a calendar that a filter finds.

Hot: what usual clients ask, the events of a time-range with entity tags or data, is one query of
the occurrence table, one of the bytes, and one template. What no index decides is read and held
against the filter, page by page. Without a Depth header the objects are asked for: at depth 0
there are none.
"""

import xml.etree.ElementTree as ET
from collections.abc import Iterator, Sequence
from functools import cache, partial

from calendar_app.ical.errors import InvalidObject
from calendar_app.ical.filters import CompFilter, matches
from calendar_app.ical.objects import read_object
from calendar_app.ical.recurrence import Fuel, OutOfFuel
from calendar_app.ical.zones import Zone
from calendar_app.queries.spans import FUEL_OF_A_QUERY
from calendar_app.services.objects import object_limits
from groupware.core import limits
from groupware.core.errors import LimitExceeded
from groupware.core.resources.queries import Stored
from groupware.dav.errors import DavError
from groupware.dav.reports.answers import (
    WITHIN_LIMITS,
    data_of,
    room_of_an_answer,
    tell_rows,
    tell_stored,
)
from groupware.dav.reports.asked import Asked, parse_asked
from groupware.dav.reports.calendar_filters import parse_calendar_filter
from groupware.dav.reports.candidates import find_objects
from groupware.dav.reports.times import zone_of
from groupware.dav.request import Request
from groupware.dav.resources import Kind, Resource
from groupware.dav.responses import Multistatus, Response

PAGE = 500
"""Objects that are read at once."""


def handle(request: Request, place: Resource, root: ET.Element) -> Response:
    """Answer a calendar-query; raises `DavError`."""
    find_zone = cache(partial(zone_of, place, root))
    asked = parse_asked(root, data_of(place, request, find_zone))
    wanted = parse_calendar_filter(root)
    answer = Multistatus()
    if place.kind is Kind.OBJECT or request.depth("1") != "0":
        try:
            _answer(answer, place, request, asked, _Search(wanted, find_zone()))
        except (LimitExceeded, OutOfFuel) as error:
            text = "Too much repeats or is compared: ask for a shorter or an earlier time, or for less."
            raise _too_much(text) from error
    return answer.finish(headers=request.applied())


class _Search:
    """What is looked for, and what looking for it may cost."""

    def __init__(self, wanted: CompFilter, zone: Zone) -> None:
        self.wanted = wanted
        self.zone = zone
        self._fuel = Fuel(FUEL_OF_A_QUERY)
        self._limits = object_limits()

    def finds(self, stored: Stored) -> bool:
        """Tell whether an object is what is looked for; raises `OutOfFuel`."""
        try:
            found = read_object(stored.data, self._limits)
        except InvalidObject:  # put before a limit was lowered
            return False
        return matches(found, self.wanted, zone=self.zone, fuel=self._fuel)


def _answer(
    answer: Multistatus, place: Resource, request: Request, asked: Asked, search: _Search
) -> None:
    members, info = place.members, place.info
    assert info is not None
    if place.kind is Kind.OBJECT:
        stored = members.read(place.segment)
        found = [stored] if stored is not None and search.finds(stored) else []
        tell_stored(answer, place, found, asked, request)
        return
    held = find_objects(info.collection_id, search.wanted, search.zone, by_content=members.is_whole)
    if held.is_exact and not asked.has_data:
        _check_number(len(held.resource_ids))
        tell_rows(answer, place, members.find_by_ids(held.resource_ids), asked, request)
        return
    total = 0
    for page in _pages(place, held.resource_ids):
        found = page if held.is_exact else [stored for stored in page if search.finds(stored)]
        total += len(found)
        _check_number(total)
        tell_stored(answer, place, found, asked, request)


def _pages(place: Resource, resource_ids: Sequence[int]) -> Iterator[list[Stored]]:
    """Yield objects with their bytes: no more in all than one answer may hold."""
    room = room_of_an_answer()
    for start in range(0, len(resource_ids), PAGE):
        yield place.members.read_by_ids(resource_ids[start : start + PAGE], room)
        if room.is_full:
            raise _too_much("More data is looked through than one answer holds: ask for less.")


def _check_number(found: int) -> None:
    if found > (most := limits.DAV_RESULTS.value):
        raise _too_much(f"More than {most} objects are found: ask for less.")


def _too_much(text: str) -> DavError:
    return DavError(403, text, WITHIN_LIMITS)
