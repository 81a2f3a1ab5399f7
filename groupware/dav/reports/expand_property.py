"""DAV:expand-property (RFC 3253 §3.8): properties whose hrefs are told with properties of theirs.

Apple's clients ask so for delegates and groups.
"""

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape
from http import HTTPStatus
from typing import Final

from groupware.dav import resources
from groupware.dav.errors import DavError
from groupware.dav.names import dav, element
from groupware.dav.properties import LIVE
from groupware.dav.reports.answers import too_many
from groupware.dav.reports.elements import find_all
from groupware.dav.request import Request, check_number
from groupware.dav.resources import Kind, Resource
from groupware.dav.responses import Multistatus, Response, quote_path, status_line

MAX_TOLD: Final = 20_000
"""Properties that one report tells, of all resources together."""
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_DECLARING: Final = "http://www.w3.org/2000/xmlns/"
"""No element is in this namespace (Namespaces in XML §3)."""
_HREF: Final = re.compile(rb"<D:href>([^<]*)</D:href>")


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A property, and which ones are told of what its hrefs lead to."""

    name: str
    inner: tuple["_Wanted", ...]


@dataclass(slots=True)
class _Expansion:
    """One report as it is answered."""

    request: Request
    left: int = field(default_factory=lambda: MAX_TOLD)

    def propstats(self, resource: Resource, wanted: tuple[_Wanted, ...]) -> dict[int, list[bytes]]:
        """Return a resource's properties as elements, by status."""
        self.left -= len(wanted) + 1
        if self.left < 0:
            raise too_many(f"More than {MAX_TOLD} properties would be told: ask for less.")
        found: dict[int, list[bytes]] = {HTTPStatus.OK: [], HTTPStatus.NOT_FOUND: []}
        for prop in wanted:
            get = LIVE.get(prop.name)
            value = get(resource, self.request) if get is not None else None
            if value is None:
                found[HTTPStatus.NOT_FOUND].append(element(prop.name))
            else:
                found[HTTPStatus.OK].append(element(prop.name, self._expand(value, prop.inner)))
        if self.request.is_minimal:
            del found[HTTPStatus.NOT_FOUND]
        return found

    def _expand(self, value: bytes, inner: tuple[_Wanted, ...]) -> bytes:
        if not inner:
            return value
        return _HREF.sub(lambda found: self._response(found, inner), value)

    def _response(self, found: re.Match[bytes], inner: tuple[_Wanted, ...]) -> bytes:
        """Return the DAV:response that stands for an href; one that leads outside stays."""
        try:
            path = self.request.inner_path(unescape(found[1].decode()))
        except (DavError, ValueError):
            return found[0]
        resource = resources.find(path, self.request.account_id)
        if resource is None or resource.kind is Kind.MISSING:
            status = element(dav("status"), status_line(HTTPStatus.NOT_FOUND))
            return element(dav("response"), found[0] + status)
        propstats = self.propstats(resource, inner)
        return element(dav("response"), found[0] + b"".join(_write(propstats)))


def handle(request: Request, place: Resource, root: ET.Element) -> Response:
    """Answer an expand-property report; raises `DavError`."""
    if request.depth("0") != "0":
        raise DavError(400, "An expand-property report has Depth 0.")
    check_number(sum(1 for _ in root.iter(dav("property"))))
    wanted = tuple(map(_parse, find_all(root, dav("property"))))
    answer = Multistatus()
    found = _Expansion(request).propstats(place, wanted)
    answer.add_properties(quote_path(place.path), found)
    return answer.finish(headers=request.applied())


def _parse(found: ET.Element) -> _Wanted:
    name, namespace = found.get("name", ""), found.get("namespace", "DAV:")
    if not _NAME.fullmatch(name) or "}" in namespace or namespace == _DECLARING:
        raise DavError(400, "The name of a DAV:property is that of an element.")
    inner = tuple(map(_parse, find_all(found, dav("property"))))
    return _Wanted(f"{{{namespace}}}{name}" if namespace else name, inner)


def _write(propstats: dict[int, list[bytes]]) -> Iterator[bytes]:
    for status, elements in propstats.items():
        if elements or status == HTTPStatus.OK:
            prop = element(dav("prop"), b"".join(elements))
            yield element(dav("propstat"), prop + element(dav("status"), status_line(status)))
