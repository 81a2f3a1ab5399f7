"""The public address of a calendar: read by whoever knows its secret, without what is private."""

from hashlib import sha256
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe

from calendar_app.queries import shown
from calendar_app.queries.calendars import find_by_link
from calendar_app.services.links import hash_of
from groupware.core import db
from groupware.core.resources import queries
from groupware.core.rights import PRESETS, make_rights
from groupware.dav import bundles
from groupware.dav.access import Access
from groupware.dav.properties.getter import http_date
from groupware.dav.resources import Kind, Resource, find_owner

_PUBLIC: Final = Access(make_rights(PRESETS["read"]), is_fixed=True)
_ETAG_DIGITS: Final = 32
_FIELDS: Final = {
    # Asked for again each time, so that an address that was taken back opens nothing.
    "Cache-Control": "private, no-cache",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
}


@require_safe
def calendar(request: HttpRequest, secret: str) -> HttpResponse:
    """Send what everybody may see of the calendar that a secret opens; else 404."""
    collection_id = find_by_link(hash_of(secret))
    if collection_id is None:
        return _plain(404, "There is no calendar at this address, or not any more.")
    with db.read_snapshot():
        found = _as_everybody_sees(collection_id)
        if found is None or found.info is None:
            return _plain(404, "There is no calendar at this address, or not any more.")
        seen = repr((found.members.sync_token(), found.info.display_name, found.info.description))
        etag = f'"{sha256(seen.encode()).hexdigest()[:_ETAG_DIGITS]}"'
        changed_at = shown.changed_at(collection_id)
        # It answers None, not the response that it is given, where everything is to be sent.
        known = get_conditional_response(request, etag, changed_at or None, None)
        if known is None and (most := bundles.most_octets(found.info)) is not None:
            return _plain(507, f"The calendar has more than {most} octets.")
        answer = known or HttpResponse(bundles.read_all(found), "text/calendar; charset=utf-8")
        name = bundles.file_name(found.info)
    answer.headers["ETag"] = etag
    if changed_at:
        answer.headers["Last-Modified"] = http_date(changed_at).decode()
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    for field, value in _FIELDS.items():
        answer.headers[field] = value
    return answer


def _as_everybody_sees(collection_id: int) -> Resource | None:
    info = queries.find_collection(collection_id)
    owner = find_owner(str(info.account_id)) if info is not None else None
    return None if owner is None else Resource(Kind.COLLECTION, "/", _PUBLIC, owner, info)


def _plain(status: int, text: str) -> HttpResponse:
    answer = HttpResponse(f"{text}\n", "text/plain; charset=utf-8", status)
    answer.headers["Cache-Control"] = "no-store"
    return answer
