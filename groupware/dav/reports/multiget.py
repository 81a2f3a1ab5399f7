"""calendar-multiget (RFC 4791 §7.9) and addressbook-multiget (RFC 6352 §8.7): members by href.

An href outside of the collection is told as 403, whatever is there. Hot: one query for five
hundred hrefs, one template.
"""

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Final, TypeVar
from urllib.parse import urljoin

from groupware.core.errors import Invalid
from groupware.core.resources.items import check_href
from groupware.dav.errors import DavError
from groupware.dav.names import dav
from groupware.dav.properties.getter import text
from groupware.dav.reports.answers import (
    WITHIN_LIMITS,
    data_of,
    room_of_an_answer,
    tell_rows,
    tell_stored,
)
from groupware.dav.reports.asked import parse_asked
from groupware.dav.reports.elements import find_all
from groupware.dav.request import Request
from groupware.dav.resources import Resource
from groupware.dav.responses import PREFIX, Multistatus, Response, quote_segment
from groupware.dav.telling import base_of

_Found = TypeVar("_Found")
_PLAIN: Final = re.compile(r"[A-Za-z0-9_~@-][A-Za-z0-9._~@-]{0,250}")
"""Segments that nothing needs to be done to."""


def handle(request: Request, place: Resource, root: ET.Element) -> Response:
    """Answer a multiget report; raises `DavError`."""
    asked = parse_asked(root, data_of(place, request))
    urls = [(found.text or "").strip() for found in find_all(root, dav("href"))]
    if not urls:
        raise DavError(400, "A multiget report names at least one href.")
    answer = Multistatus()
    hrefs = _members(answer, request, place, urls)
    if not asked.has_data:
        rows = place.members.find_many(hrefs)
        tell_rows(answer, place, _in_order(hrefs, rows), asked, request)
        _tell_absent(answer, place, [href for href in hrefs if href not in rows])
        return answer.finish(headers=request.applied())
    room = room_of_an_answer()
    found = place.members.read_many(hrefs, room)
    tell_stored(answer, place, _in_order(hrefs, found), asked, request)
    _tell_absent(answer, place, [href for href in hrefs if href not in found], full=room.is_full)
    return answer.finish(headers=request.applied())


def _in_order(hrefs: Iterable[str], found: Mapping[str, _Found]) -> list[_Found]:
    return [found[href] for href in hrefs if href in found]


def _members(
    answer: Multistatus, request: Request, place: Resource, urls: Iterable[str]
) -> list[str]:
    """Return the hrefs of members, each once; add what is none and what can be none."""
    hrefs: dict[str, None] = {}
    usual = request.url_of(place.collection_path)
    for url in dict.fromkeys(urls):
        rest = url.removeprefix(usual) if place.row is None and url.startswith(usual) else ""
        if _PLAIN.fullmatch(rest):
            hrefs[rest] = None
            continue
        href = _member(request, place, url)
        if href is None:
            answer.add_status(text(url), HTTPStatus.FORBIDDEN)
            continue
        try:
            check_href(href)
        except Invalid:
            answer.add_status(text(url), HTTPStatus.NOT_FOUND)
            continue
        hrefs[href] = None
    return list(hrefs)


def _member(request: Request, place: Resource, url: str) -> str | None:
    """Return the last segment of a member's URL; None for what is no member of the place."""
    base = place.collection_path
    try:
        path = request.any_path(urljoin(PREFIX + place.path, url))
    except (DavError, ValueError):
        return None
    href = path.removeprefix(base)
    if not path.startswith(base) or not href or "/" in href:
        return None
    return href if place.row is None or href == place.segment else None


def _tell_absent(
    answer: Multistatus, place: Resource, hrefs: Sequence[str], *, full: bool = False
) -> None:
    """Add members that are not there, or that an answer that is full has no room for."""
    base = base_of(place)
    for href in hrefs:
        if full:
            status, condition = HTTPStatus.INSUFFICIENT_STORAGE, WITHIN_LIMITS
        else:
            status, condition = HTTPStatus.NOT_FOUND, ""
        answer.add_status(base + quote_segment(href), status, condition)
