"""PUT (RFC 4918 §9.7, RFC 4791 §5.3.2, RFC 6352 §6.3.2): what came is stored octet for octet.

Hot: the benchmarks of PUT. What came is read before any lock is taken.
"""

from typing import Final

from groupware.core import db, limits
from groupware.core.resources.items import Written
from groupware.dav import resources
from groupware.dav.access import BIND, WRITE_CONTENT
from groupware.dav.conditions import failed
from groupware.dav.errors import DavError
from groupware.dav.guards import require, write_guard
from groupware.dav.handlers.get import read_member
from groupware.dav.request import Request
from groupware.dav.resources import Kind, Resource
from groupware.dav.responses import Response
from groupware.dav.writing import Refusals, Writer, place_of, writer_of

_ANY_TYPE: Final = frozenset(
    {"", "application/octet-stream", "application/x-www-form-urlencoded", "text/plain"}
)
"""What programs send that do not say what they send."""
_CHARSETS: Final = frozenset({"", "utf-8", "utf8", "us-ascii"})
_REPRESENTATION: Final = "return=representation"


def handle(request: Request) -> Response:
    """Store a calendar object or a card; 201 where nothing was, else 204 (RFC 4918 §9.7.1)."""
    with db.read_snapshot():
        place = find_place(request)
    try:
        written = store(place, request)
    except DavError as error:
        return _failed(request, error)
    return _answer(request, written)


def store(place: Resource, request: Request) -> Written:
    """Store what came at a place; raises `DavError`."""
    writer = writer_of(place)
    guard = write_guard(place, request)
    with Refusals(place):
        prepared = writer.prepare(_read_body(request, writer))
        guard.uid = prepared.uid
        return prepared.put(place_of(place), guard)


def find_place(request: Request) -> Resource:
    """Return where a member is to be put; raises `DavError` where none can be."""
    place = resources.find(request.path, request.account_id)
    if place is None:
        # The parent is not there, or not for the requester (RFC 4918 §9.7.1).
        raise DavError(409, "There is no calendar or address book to put this into.")
    if place.info is None and place.kind is Kind.MISSING:
        raise DavError(409, "Make a calendar or an address book first, and put this into it.")
    if place.info is None or place.kind is Kind.COLLECTION:
        raise DavError(405, "A collection cannot be written over: put members into it.")
    require(place, WRITE_CONTENT if place.kind is Kind.OBJECT else BIND)
    return place


def _read_body(request: Request, writer: Writer) -> bytes:
    """Return what came; raises `DavError` for what a collection of this kind never holds."""
    if request.header("Content-Range"):
        raise DavError(400, "A part cannot be put: send the whole (RFC 9110 §14.5).")
    if request.header("Content-Encoding").strip().lower() not in ("", "identity"):
        raise DavError(415, "Send it without a Content-Encoding.")
    media_type, _, parameters = request.content_type.partition(";")
    pairs = (part.partition("=") for part in parameters.lower().split(";"))
    charset = {name.strip(): value.strip().strip('"') for name, _, value in pairs}.get(
        "charset", ""
    )
    known = writer.media_types | _ANY_TYPE
    if media_type.strip().lower() not in known or charset not in _CHARSETS:
        said = f"Here is only {' or '.join(sorted(writer.media_types))}, in UTF-8."
        raise DavError(403, said, writer.name(writer.supported_data))
    try:
        return request.body(limits.RESOURCE_SIZE.value)
    except DavError as error:
        if error.status == 413:
            raise DavError(403, error.text, writer.name("max-resource-size")) from error
        raise


def _answer(request: Request, written: Written) -> Response:
    status = 201 if written.is_new else 204
    headers = {"ETag": f'"{written.etag}"'}
    if not request.prefers(_REPRESENTATION):
        return Response(status, b"", headers)
    return _representation(request, 201 if written.is_new else 200)


def _failed(request: Request, error: DavError) -> Response:
    """Tell what is there where a condition failed and the client asks (RFC 8144 §3.2)."""
    if error.status != failed().status or not request.prefers(_REPRESENTATION):
        raise error
    return _representation(request, error.status) if _is_there(request) else error.response()


def _is_there(request: Request) -> bool:
    found = resources.find(request.path, request.account_id)
    return found is not None and found.kind is Kind.OBJECT and found.access.reads


def _representation(request: Request, status: int) -> Response:
    with db.read_snapshot():
        found = resources.find(request.path, request.account_id)
        told = read_member(found, request) if found is not None else None
    if told is None:
        return Response(status)
    headers = {
        **told.headers,
        "Content-Location": request.url_of(request.path),
        "Preference-Applied": _REPRESENTATION,
    }
    return Response(status, told.body, headers)
