"""CALDAV:free-busy-query (RFC 4791 §7.10): when the owner of a calendar is busy, and nothing else.

Hot: read from the occurrence table alone, which knows TRANSP and STATUS of each instance; only a
VAVAILABILITY (RFC 7953 §7.2.3) is read. Who holds CALDAV:read-free-busy may ask without reading.
A calendar that is transparent (RFC 6638 §9.1) leaves its owner free.
"""

import xml.etree.ElementTree as ET
from collections.abc import Iterator
from hashlib import sha256

from calendar_app.ical.availability import unavailable_periods
from calendar_app.ical.errors import InvalidObject
from calendar_app.ical.filters import TimeRange
from calendar_app.ical.freebusy import Period, merge_periods, serialize_free_busy
from calendar_app.ical.objects import CalendarObject, read_object
from calendar_app.ical.recurrence import Fuel, OutOfFuel
from calendar_app.lanes import Span
from calendar_app.queries import busy_periods, find_calendar, find_in_span
from calendar_app.queries.spans import FUEL_OF_A_QUERY
from calendar_app.services.objects import object_limits
from groupware.core.clock import epoch
from groupware.core.errors import LimitExceeded
from groupware.core.resources.queries import read_by_ids
from groupware.dav.errors import DavError
from groupware.dav.names import caldav
from groupware.dav.reports.answers import WITHIN_LIMITS, room_of_an_answer
from groupware.dav.reports.times import read_time_range, zone_of_calendar
from groupware.dav.request import Request
from groupware.dav.resources import Resource
from groupware.dav.responses import Response

_HEADERS = {"Content-Type": "text/calendar; charset=utf-8; component=VFREEBUSY"}


def handle(_request: Request, place: Resource, root: ET.Element) -> Response:
    """Answer a free-busy-query with a VFREEBUSY; raises `DavError`."""
    found = root.find(caldav("time-range"))
    if found is None or found.get("start") is None or found.get("end") is None:
        raise DavError(400, "A free-busy-query has a time-range with start and end.")
    asked = read_time_range(found)
    try:
        periods = _find_periods(place, asked)
    except (LimitExceeded, OutOfFuel) as error:
        text = "Too much is looked through, or repeats: ask for a shorter or an earlier time."
        raise DavError(403, text, WITHIN_LIMITS) from error
    merged = merge_periods(periods, asked.start, asked.end)
    ical_uid = sha256(f"{place.path} {asked.start} {asked.end}".encode()).hexdigest()[:32]
    body = serialize_free_busy(merged, asked.start, asked.end, ical_uid=ical_uid, now=epoch())
    return Response(200, body, _HEADERS)


def _find_periods(place: Resource, asked: TimeRange) -> list[Period]:
    assert place.info is not None
    collection_id = place.info.collection_id
    held = find_calendar(collection_id)
    if held is None or held.is_transparent:
        return []
    zone = zone_of_calendar(held)
    span = Span(asked.start, asked.end)
    periods = [Period(*period) for period in busy_periods([collection_id], span, zone)]
    if "VAVAILABILITY" not in held.components:
        return periods
    ids = find_in_span([collection_id], span, zone, component="VAVAILABILITY")
    fuel = Fuel(FUEL_OF_A_QUERY)
    periods += unavailable_periods(_read(ids), asked.start, asked.end, zone=zone, fuel=fuel)
    return periods


def _read(resource_ids: list[int]) -> Iterator[CalendarObject]:
    room = room_of_an_answer()
    found = read_by_ids(resource_ids, room)
    if room.is_full:
        raise LimitExceeded("There is more data than one answer is made of.")
    for stored in found:
        try:
            yield read_object(stored.data, object_limits())
        except InvalidObject:  # put before a limit was lowered
            continue
