"""MKCALENDAR (RFC 4791 §5.3.1) and MKCOL, extended (RFC 5689): calendars and address books.

Both take a description of the collection and make it as described, or not at all.
"""

import xml.etree.ElementTree as ET
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from groupware.core import db, limits
from groupware.core.errors import AlreadyExists, Invalid
from groupware.core.models import CollectionKind
from groupware.dav import resources
from groupware.dav.access import BIND
from groupware.dav.errors import XML, DavError, need_privileges
from groupware.dav.handlers.proppatch import Patch, read_patch, refuse
from groupware.dav.names import DECLARATIONS, caldav, calserver, carddav, dav
from groupware.dav.properties import wishes
from groupware.dav.properties.wishes import Refused, Table
from groupware.dav.request import Request, parse_xml
from groupware.dav.resources import Kind, Resource, principal_path
from groupware.dav.responses import Multistatus, Response, quote_path
from groupware.dav.services.collections import make_collection

TYPE_REFUSED: Final = dav("valid-resourcetype")
_COLLECTION: Final = dav("collection")
_XML_TYPES: Final = frozenset({"", "application/xml", "text/xml", "application/octet-stream"})
_CREATED: Final[Mapping[str, str]] = {"Cache-Control": "no-cache"}


@dataclass(frozen=True, slots=True)
class Made:
    """A kind of collection: by which types it is asked for, and what can be set in it."""

    kind: str
    types: frozenset[str]
    table: Table


CALENDAR: Final = Made(
    CollectionKind.CALENDAR,
    frozenset({_COLLECTION, caldav("calendar")}),
    {**wishes.OF_CALENDAR, **wishes.WHEN_MADE},
)
SUBSCRIPTION: Final = Made(
    CollectionKind.CALENDAR,
    frozenset({_COLLECTION, calserver("subscribed")}),
    CALENDAR.table,
)
"""As calendarserver.org has it; here it is a calendar whose events the server fetches."""
ADDRESS_BOOK: Final = Made(
    CollectionKind.ADDRESS_BOOK,
    frozenset({_COLLECTION, carddav("addressbook")}),
    {**wishes.OF_ADDRESS_BOOK, dav("resourcetype"): wishes.WHEN_MADE[dav("resourcetype")]},
)


def handle_mkcalendar(request: Request) -> Response:
    """Make a calendar; what cannot be set is told as of a PROPPATCH (RFC 4791 §5.3.1.1)."""
    root = _read_xml(request)
    if root is not None and root.tag != caldav("mkcalendar"):
        raise DavError(400, "The body of a MKCALENDAR is a CALDAV:mkcalendar element.")
    place = find_place(request)
    patch = read_patch(root, CALENDAR.table) if root is not None else Patch()
    types = patch.wishes.types
    if types and types != CALENDAR.types:
        refuse(patch, [dav("resourcetype")], Refused(403, "It is a calendar.", TYPE_REFUSED))
    if not patch.refused:
        _make(place, CALENDAR, patch)
    if not patch.refused:
        return Response(201, b"", _CREATED)
    answer = Multistatus()
    answer.add_propstats(quote_path(f"{place.path}/"), patch.propstats())
    return answer.finish()


def handle_mkcol(request: Request) -> Response:
    """Make what the types say; what cannot be set is told by DAV:mkcol-response (RFC 5689 §3.3)."""
    root = _read_xml(request)
    if root is not None and root.tag != dav("mkcol"):
        raise DavError(415, "The body of a MKCOL is a DAV:mkcol element.")
    place = find_place(request)
    made = _find_kind(root)
    assert root is not None
    patch = read_patch(root, made.table)
    if made is SUBSCRIPTION and not patch.wishes.settings.get("source"):
        why = Refused(409, "A subscribed calendar comes from an address: set CS:source.")
        patch.refused.setdefault(calserver("source"), why)
    if not patch.refused:
        _make(place, made, patch)
    if not patch.refused:
        return Response(201, b"", _CREATED)
    body = b'<?xml version="1.0" encoding="utf-8"?>\n<D:mkcol-response %b>%b</D:mkcol-response>'
    told = body % (DECLARATIONS, patch.propstats())
    return Response(403, told, {"Content-Type": XML, **_CREATED})


def _read_xml(request: Request) -> ET.Element | None:
    body = request.body(limits.DAV_REQUEST.value)
    if not body.strip():
        return None
    media_type = request.content_type.partition(";")[0].strip().lower()
    if media_type not in _XML_TYPES:
        raise DavError(415, "The body that describes a collection is XML.")
    return parse_xml(body)


def find_place(request: Request) -> Resource:
    """Return where a collection is to be made; raises `DavError` where none can be."""
    with db.read_snapshot():
        place = resources.find(request.path, request.account_id)
        if place is None:
            raise refuse_place(request.path, request.account_id)
    if place.kind is not Kind.MISSING:
        raise DavError(405, "There is something at this address.", dav("resource-must-be-null"))
    if place.info is not None:
        condition = caldav("calendar-collection-location-ok")
        raise DavError(403, "There are no collections in calendars and address books.", condition)
    return place


def refuse_place(path: str, account_id: int) -> DavError:
    """Return why no collection comes where nothing is known to be (RFC 4918 §9.3.1)."""
    first, *others = (segment for segment in path.split("/") if segment)
    owner = resources.find_owner(first)
    is_own = owner is not None and owner.account_id == account_id
    is_known = owner is not None and resources.principal_of(owner, account_id) is not None
    if len(others) == 1 and not is_own and is_known and owner is not None:
        return need_privileges(principal_path(owner.account_id), BIND)
    if len(others) <= 1:
        return DavError(403, "Calendars and address books are made in your home.")
    return DavError(409, "There is nothing at the address above: make that first.")


def _find_kind(root: ET.Element | None) -> Made:
    """Return what is to be made; raises `DavError` for what the server has not."""
    types: frozenset[str] = frozenset()
    for prop, is_set in wishes.instructions(root) if root is not None else ():
        if prop.tag == dav("resourcetype") and is_set:
            types = frozenset(str(child.tag) for child in prop)
    for made in (CALENDAR, SUBSCRIPTION, ADDRESS_BOOK):
        if types == made.types:
            return made
    text = (
        "A home holds calendars and address books: say which by DAV:resourcetype"
        " (RFC 5689), or use MKCALENDAR."
    )
    raise DavError(403, text, TYPE_REFUSED)


def _make(place: Resource, made: Made, patch: Patch) -> None:
    assert place.owner is not None
    try:
        make_collection(place.owner.account_id, made.kind, place.segment, patch.wishes)
    except AlreadyExists as error:
        raise DavError(405, error.message, dav("resource-must-be-null")) from error
    except Invalid as error:
        raise DavError(403, error.message) from error
