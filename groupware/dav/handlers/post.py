"""POST to a collection (RFC 5995): a new member, under a name that the server gives it."""

import uuid
from dataclasses import replace

from groupware.core import db
from groupware.dav import resources
from groupware.dav.access import BIND
from groupware.dav.errors import DavError, not_found
from groupware.dav.guards import require
from groupware.dav.handlers.put import store
from groupware.dav.request import Request
from groupware.dav.resources import Kind
from groupware.dav.responses import Response


def handle(request: Request) -> Response:
    """Store a new member of a collection; Location says where it is."""
    with db.read_snapshot():
        found = resources.find(request.path, request.account_id)
    if found is None or found.kind is Kind.MISSING:
        raise not_found()
    if found.kind is not Kind.COLLECTION:
        raise DavError(405, "Members are added to calendars and address books.")
    require(found, BIND)
    href = f"{uuid.uuid4()}.{'ics' if found.is_calendar else 'vcf'}"
    place = replace(found, kind=Kind.MISSING, path=found.path + href, segment=href)
    written = store(place, request)
    headers = {"Location": request.url_of(place.path), "ETag": f'"{written.etag}"'}
    return Response(201, b"", headers)
