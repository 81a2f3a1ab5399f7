"""calendar-multiget (RFC 4791 §7.9) and addressbook-multiget (RFC 6352 §8.7): members by href.

An href outside of the collection is told as 403, whatever is there. Hot: one query for five
hundred hrefs, one template.
"""

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Final, TypeVar
from urllib.parse import unquote, urljoin

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
"""Segments that can be names without a closer look."""
_ODD: Final = re.compile(r"[:\s\x00-\x1f]")
_DOTS: Final = frozenset({"", ".", ".."})
"""What means more in the last segment of a URL than itself (RFC 3986 §4, §5)."""


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
    addresses = _Addresses(request, place)
    for url in dict.fromkeys(urls):
        href = addresses.find_member(url)
        if href is None:
            answer.add_status(text(url), HTTPStatus.FORBIDDEN)
        elif _is_name(href):
            hrefs[href] = None
        else:
            answer.add_status(text(url), HTTPStatus.NOT_FOUND)
    return list(hrefs)


def _is_name(href: str) -> bool:
    if _PLAIN.fullmatch(href):
        return True
    try:
        check_href(href)
    except Invalid:
        return False
    return True


class _Addresses:
    """Finds members of a place by their URLs.

    What comes before a URL's last slash is mostly the same in all of them, and looked at once.
    """

    def __init__(self, request: Request, place: Resource) -> None:
        self._request = request
        self._place = place
        self._leads_here: dict[str, bool] = {}

    def find_member(self, url: str) -> str | None:
        """Return the last segment of a member's URL; None for what is no member of the place."""
        start = url.rfind("/") + 1
        head, last = url[:start] or "./", url[start:]
        if "?" in url or "#" in url or _ODD.search(last) or last in _DOTS:
            href = self._behind_collection(url)
        else:
            href = unquote(last, errors="surrogateescape") if self._is_collection(head) else None
        if not href or "/" in href:
            return None
        return href if self._place.row is None or href == self._place.segment else None

    def _is_collection(self, head: str) -> bool:
        if head not in self._leads_here:
            self._leads_here[head] = self._behind_collection(head) == ""
        return self._leads_here[head]

    def _behind_collection(self, url: str) -> str | None:
        """Return what a path has behind that of the collection; None for one elsewhere."""
        base = self._place.collection_path
        try:
            path = self._request.any_path(urljoin(PREFIX + self._place.path, url))
        except (DavError, ValueError):
            return None
        return path.removeprefix(base) if path.startswith(base) else None


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
