"""Properties of WebDAV (RFC 4918 §15), of sync (RFC 6578), quota (RFC 4331) and getctag."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Final

from groupware.core import db
from groupware.dav.beside import read_quotas
from groupware.dav.names import caldav, calserver, carddav, dav, element
from groupware.dav.properties.getter import Getter, href, http_date, iso_date, text
from groupware.dav.request import Request
from groupware.dav.resources import Kind, Resource, home_of, principal_path

CONTENT_TYPES: Final = {"VCARD": "text/vcard; charset=utf-8"}
_DIGITS: Final = 32
_PRINCIPALS: Final = (Kind.PRINCIPAL, Kind.GROUP, Kind.DOMAIN, Kind.PROXY)


def content_type(component: str) -> str:
    """Return the media type of a stored resource (RFC 5545 §8.1: with its component)."""
    return CONTENT_TYPES.get(component) or f"text/calendar; charset=utf-8; component={component}"


def resource_type(resource: Resource, _request: Request) -> bytes:
    """Return the elements of DAV:resourcetype."""
    if resource.kind is Kind.OBJECT:
        return b""
    names = [dav("collection")]
    if resource.kind in _PRINCIPALS:
        names.append(dav("principal"))
    if resource.kind is Kind.PROXY:
        names.append(calserver(resource.segment))
    if resource.is_calendar:
        names.append(caldav("calendar"))
    if resource.is_address_book:
        names.append(carddav("addressbook"))
    return b"".join(map(element, names))


def display_name(resource: Resource, _request: Request) -> bytes | None:
    """Return what people call it."""
    if resource.kind is Kind.COLLECTION:
        return text(resource.face.display_name)
    if resource.kind is Kind.PRINCIPAL and resource.owner is not None:
        return text(resource.owner.name or resource.owner.login)
    if resource.kind in (Kind.GROUP, Kind.DOMAIN):
        table = "core_group" if resource.kind is Kind.GROUP else "core_domain"
        rows = db.fetch_rows(f"SELECT name FROM {table} WHERE id = %s", [resource.group_id])
        return text(rows[0][0]) if rows else None
    return text(resource.segment) if resource.kind is Kind.PROXY else None


def _etag(resource: Resource, _request: Request) -> bytes | None:
    return b'"%b"' % resource.row.etag.encode() if resource.row else None


def _content_type(resource: Resource, _request: Request) -> bytes | None:
    return content_type(resource.row.component).encode() if resource.row else None


def _content_length(resource: Resource, _request: Request) -> bytes | None:
    return b"%d" % resource.row.size if resource.row else None


def _last_modified(resource: Resource, _request: Request) -> bytes | None:
    return http_date(resource.row.changed_at) if resource.row else None


def _creation_date(resource: Resource, _request: Request) -> bytes | None:
    return iso_date(resource.row.created_at) if resource.row else None


def _sync_token(resource: Resource, _request: Request) -> bytes | None:
    if resource.kind is not Kind.COLLECTION or not resource.access.reads:
        return None
    return resource.members.sync_token().encode()


def _ctag(resource: Resource, request: Request) -> bytes | None:
    """Return what changes with a collection, of a home with anything that it shows.

    A client that asks a home for it alone learns by that whether anything was shared, taken back,
    renamed or changed.
    """
    if resource.kind is not Kind.PRINCIPAL or resource.owner is None:
        return _sync_token(resource, request)
    if not resource.access.is_owner:
        return None
    shown = [
        (held.path, str(held.access.rights), held.face, held.members.sync_token())
        for held in home_of(resource.owner, request.account_id)
    ]
    return sha256(repr(shown).encode()).hexdigest()[:_DIGITS].encode()


def _current_principal(_resource: Resource, request: Request) -> bytes:
    return href(principal_path(request.account_id))


def _owner(resource: Resource, _request: Request) -> bytes | None:
    if resource.info is not None:
        return href(principal_path(resource.info.account_id))
    if resource.owner is not None:
        return href(principal_path(resource.owner.account_id))
    return None


def _reports(resource: Resource, _request: Request) -> bytes:
    return b"".join(
        element(dav("supported-report"), element(dav("report"), element(name)))
        for name in reports_of(resource)
    )


def reports_of(resource: Resource) -> tuple[str, ...]:
    """Return the reports that a resource answers (RFC 3253 §3.1.5)."""
    anywhere = (
        dav("expand-property"),
        dav("principal-property-search"),
        dav("principal-search-property-set"),
        dav("principal-match"),
        dav("acl-principal-prop-set"),
    )
    own: tuple[str, ...] = ()
    if resource.is_calendar:
        own = tuple(map(caldav, ("calendar-query", "calendar-multiget")))
    elif resource.is_address_book:
        own = tuple(map(carddav, ("addressbook-query", "addressbook-multiget")))
    if resource.kind is Kind.COLLECTION:
        own = (*own, dav("sync-collection"))
        own += (caldav("free-busy-query"),) if resource.is_calendar else ()
    return own + anywhere


def _quota(resource: Resource) -> tuple[int, int] | None:
    """Return (octets used, octets of the quota) of whom a place is charged to."""
    if not resource.access.is_owner:
        return None
    if resource.info is not None:
        return resource.known.quota_of(resource.info.account_id)
    if resource.kind is not Kind.PRINCIPAL or resource.owner is None:
        return None
    return read_quotas([resource.owner.account_id]).get(resource.owner.account_id)


def _quota_used(resource: Resource, _request: Request) -> bytes | None:
    quota = _quota(resource)
    return b"%d" % quota[0] if quota else None


def _quota_available(resource: Resource, _request: Request) -> bytes | None:
    quota = _quota(resource)
    return b"%d" % max(quota[1] - quota[0], 0) if quota and quota[1] else None


def _add_member(resource: Resource, _request: Request) -> bytes | None:
    """Return where members are posted to (RFC 5995 §3.2.1): the collection itself."""
    return href(resource.path) if resource.kind is Kind.COLLECTION else None


PROPERTIES: Final[Mapping[str, Getter]] = {
    dav("resourcetype"): resource_type,
    dav("displayname"): display_name,
    dav("getetag"): _etag,
    dav("getcontenttype"): _content_type,
    dav("getcontentlength"): _content_length,
    dav("getlastmodified"): _last_modified,
    dav("creationdate"): _creation_date,
    dav("add-member"): _add_member,
    dav("sync-token"): _sync_token,
    calserver("getctag"): _ctag,
    dav("current-user-principal"): _current_principal,
    dav("owner"): _owner,
    dav("supported-report-set"): _reports,
    dav("quota-used-bytes"): _quota_used,
    dav("quota-available-bytes"): _quota_available,
}
ALLPROP: Final = tuple(
    map(
        dav,
        (
            "resourcetype",
            "displayname",
            "getetag",
            "getcontenttype",
            "getcontentlength",
            "getlastmodified",
            "creationdate",
        ),
    )
)
