"""GET and HEAD (RFC 4918 §9.4): members octet for octet, collections as one file of all of them."""

from hashlib import sha256
from typing import Final

from calendar_app.ical.references import zoned
from contacts.vcard.cards import read_card
from contacts.vcard.limits import NO_LIMITS
from contacts.vcard.versions import convert
from groupware.core import db
from groupware.core.resources.queries import Stored
from groupware.dav import bundles, resources
from groupware.dav.access import READ
from groupware.dav.conditions import Conditions, read_conditions
from groupware.dav.errors import DavError, need_privileges, not_found
from groupware.dav.negotiation import wanted_version
from groupware.dav.properties.getter import http_date
from groupware.dav.properties.webdav import CONTENT_TYPES, content_type
from groupware.dav.request import Request
from groupware.dav.resources import Kind, Resource
from groupware.dav.responses import Response

_TEXT: Final = {"Content-Type": "text/plain; charset=utf-8"}
_CARD_TYPE: Final = CONTENT_TYPES["VCARD"]
_ETAG_DIGITS: Final = 32


def handle(request: Request) -> Response:
    """Send what is at a path, or 304 where the client has it."""
    conditions = read_conditions(request.header)
    with db.read_snapshot():
        found = resources.find(request.path, request.account_id)
        if found is None or found.kind is Kind.MISSING:
            raise not_found()
        if found.kind is Kind.OBJECT:
            response = read_member(found, request)
            if response is None:
                raise not_found()
            assert found.row is not None
            is_wanted = conditions.check_read(found.row.etag, found.row.changed_at)
        elif found.kind is Kind.COLLECTION:
            response, is_wanted = _read_collection(found, conditions)
        else:
            text = "Here is CalDAV and CardDAV: give this address to a calendar program.\n"
            return Response(200, text.encode(), _TEXT)
    return response if is_wanted else _not_modified(response)


def read_member(member: Resource, request: Request) -> Response | None:
    """Return a member as a response; None where it is gone or not for the requester."""
    stored = member.members.read(member.segment)
    if stored is None or member.row is None:
        return None
    headers = {
        "ETag": f'"{stored.etag}"',
        "Last-Modified": http_date(member.row.changed_at).decode(),
        "Content-Type": content_type(stored.component),
    }
    if not member.is_address_book:
        data = zoned(stored.data, request.header("CalDAV-Timezones"))
        return Response(200, data, {**headers, "Vary": "CalDAV-Timezones"})
    return _negotiate(stored, headers, request.header("Accept"))


def _negotiate(stored: Stored, headers: dict[str, str], accept: str) -> Response:
    """Return a card in the version that the client asks for (RFC 6352 §5.1, §10.4)."""
    headers["Vary"] = "Accept"
    wanted = wanted_version(accept)
    if not wanted:
        return Response(200, stored.data, headers)
    card = read_card(stored.data, NO_LIMITS)
    if card.version == wanted:
        return Response(200, stored.data, headers)
    # Not what is stored octet for octet, so that its tag is no condition for writing it.
    headers["ETag"] = f'W/"{stored.etag}"'
    headers["Content-Type"] = f"{_CARD_TYPE}; version={wanted}"
    return Response(200, convert(card, wanted), headers)


def _read_collection(collection: Resource, conditions: Conditions) -> tuple[Response, bool]:
    """Return all members as one file, and whether the client lacks it."""
    info = collection.info
    assert info is not None
    if not collection.access.reads:
        raise need_privileges(collection.path, READ)
    seen = repr((collection.members.sync_token(), info.display_name, info.description)).encode()
    etag = sha256(seen).hexdigest()[:_ETAG_DIGITS]
    headers = {
        "ETag": f'"{etag}"',
        "Content-Type": "text/calendar; charset=utf-8" if collection.is_calendar else _CARD_TYPE,
        "Content-Disposition": f'attachment; filename="{bundles.file_name(info)}"',
    }
    if not conditions.check_read(etag, None):
        return Response(200, b"", headers), False
    most = bundles.most_octets(info)
    if most is not None:
        raise DavError(507, f"The collection has more than {most} octets: use a report.")
    return Response(200, bundles.read_all(collection), headers), True


def _not_modified(response: Response) -> Response:
    """Return 304 with the fields that RFC 9110 §15.4.5 asks for."""
    kept = ("ETag", "Last-Modified", "Vary")
    headers = {name: value for name, value in response.headers.items() if name in kept}
    return Response(304, b"", headers)
