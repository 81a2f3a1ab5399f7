"""How reports tell members, with their data where that is asked for.

Hot: members that are told as they are stored are one template; iCalendar and vCard are not read.
"""

import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from http import HTTPStatus
from typing import Any, Final

from calendar_app.ical.zones import Zone
from groupware.core import db, limits
from groupware.core.resources.queries import ResourceRow, Stored, room_for_data
from groupware.dav.errors import DavError
from groupware.dav.handlers.propfind import Wanted, read_properties
from groupware.dav.names import dav, element
from groupware.dav.properties.dead import dead_of_members
from groupware.dav.queries import Dead
from groupware.dav.reports.address_data import NAME as ADDRESS_DATA
from groupware.dav.reports.address_data import parse_address_data
from groupware.dav.reports.asked import Asked, ReadData, Unconvertible
from groupware.dav.reports.calendar_data import NAME as CALENDAR_DATA
from groupware.dav.reports.calendar_data import parse_calendar_data
from groupware.dav.reports.times import zone_of
from groupware.dav.request import Request
from groupware.dav.resources import Resource
from groupware.dav.responses import Multistatus, quote_path, quote_segment
from groupware.dav.telling import (
    ROWS,
    STORED,
    Shape,
    as_resource,
    base_of,
    refuse_too_much,
    varies,
    write_members,
)
from groupware.dav.xmltext import escape_data

_NOTHING: Final = ET.Element("nothing")
WITHIN_LIMITS: Final = dav("number-of-matches-within-limits")


def data_of(
    place: Resource, request: Request, find_zone: Callable[[], Zone] | None = None
) -> Mapping[str, ReadData]:
    """Return the property that is the data of a collection's members, with what reads it.

    `find_zone` tells the zone of floating times, where that is not the calendar's.
    """
    if place.is_address_book:
        return {ADDRESS_DATA: parse_address_data}
    zone = find_zone or partial(zone_of, place, _NOTHING)
    return {CALENDAR_DATA: lambda asked: parse_calendar_data(asked, request, zone)}


def room_of_an_answer() -> db.Room:
    """Return the room that the data of one answer has."""
    return room_for_data(limits.DAV_ANSWER.value)


def too_many(text: str) -> DavError:
    """Return the refusal of what finds more than is told at once (RFC 4791 §7.8)."""
    return DavError(507, text, WITHIN_LIMITS)


def add_truncation(answer: Multistatus, place: Resource) -> None:
    """Add that there is more (RFC 6578 §3.6, RFC 6352 §8.6.1)."""
    answer.add_status(quote_path(place.path), HTTPStatus.INSUFFICIENT_STORAGE, WITHIN_LIMITS)


def is_template(asked: Asked) -> bool:
    """Tell whether members are told by one template; otherwise each is a resource of its own."""
    return not asked.names_only and not varies(asked.names)


def tell_rows(
    answer: Multistatus,
    place: Resource,
    rows: Sequence[Any],
    asked: Asked,
    request: Request,
    *,
    shape: Shape = ROWS,
) -> None:
    """Add members by rows without data. Hot."""
    _tell(answer, place, rows, asked, request, shape=shape)


def tell_stored(
    answer: Multistatus, place: Resource, rows: Sequence[Stored], asked: Asked, request: Request
) -> None:
    """Add members with their data. Hot: REPORT of events or cards, one write for each call."""
    if asked.render is not None:
        rows = list(_rendered(answer, place, rows, asked))
    shape = STORED.having(asked.data_name, _data) if asked.has_data else STORED
    _tell(answer, place, rows, asked, request, shape=shape)


def _data(rows: Sequence[Any]) -> list[bytes]:
    return [escape_data(row.data) for row in rows]


def _rendered(
    answer: Multistatus, place: Resource, rows: Sequence[Stored], asked: Asked
) -> Iterable[Stored]:
    """Yield the rows with what is asked of their data; add what became of the others."""
    assert asked.render is not None
    for row in rows:
        try:
            yield row._replace(data=asked.render(row.data))
        except Unconvertible as error:
            href = base_of(place) + quote_segment(row.href)
            answer.add_status(href, HTTPStatus.UNSUPPORTED_MEDIA_TYPE, error.condition)


def _tell(
    answer: Multistatus,
    place: Resource,
    rows: Sequence[Any],
    asked: Asked,
    request: Request,
    *,
    shape: Shape,
) -> None:
    if not is_template(asked):
        dead = dead_of_members(place)
        for row in rows:
            _tell_one(answer, place, row, (asked, dead.get(row.href, {})), request)
            refuse_too_much(answer.octets)
        return
    members = write_members(
        place, rows, asked.names, shape, request, tells_missing=not asked.is_all
    )
    answer.add_raw(members)


def _tell_one(
    answer: Multistatus, place: Resource, row: Any, what: tuple[Asked, Dead], request: Request
) -> None:
    """Add one member with properties that differ between members."""
    asked, dead = what
    member = as_resource(place, _without_data(row))
    wanted = Wanted(asked.other_names, asked.names_only, asked.is_all)
    found = read_properties(member, request, wanted, dead)
    if asked.has_data:
        found[HTTPStatus.OK].append(element(asked.data_name, escape_data(row.data)))
    answer.add_properties(quote_path(member.path), found)


def _without_data(row: Any) -> ResourceRow:
    if isinstance(row, ResourceRow):
        return row
    return ResourceRow(
        0, row.href, row.etag, row.component, None, len(row.data), 0, row.created_at, row.changed_at
    )
