"""Properties of principals (RFC 3744 §4, RFC 4791 §6.2, RFC 6352 §7.1, RFC 6638 §2.4.1)."""

from collections.abc import Mapping
from typing import Final

from groupware.core import db
from groupware.dav.names import caldav, calserver, carddav, dav, element
from groupware.dav.properties.getter import Getter, href, text
from groupware.dav.request import Request
from groupware.dav.resources import Kind, Resource, principal_path

_PRINCIPALS: Final = (Kind.PRINCIPAL, Kind.GROUP, Kind.DOMAIN, Kind.PROXY)
_USER_TYPES: Final = {"person": "INDIVIDUAL", "room": "ROOM", "equipment": "RESOURCE"}


def addresses_of(account_id: int) -> list[str]:
    """Return the mail addresses that lead to an account alone, the login first."""
    rows = db.fetch_rows(
        "SELECT a.local_part || '@' || d.name FROM core_addresstarget t"
        " JOIN core_address a ON a.id = t.address_id JOIN core_domain d ON d.id = a.domain_id"
        " WHERE t.account_id = %s AND a.kind IN ('primary', 'alias')"
        " AND NOT EXISTS (SELECT 1 FROM core_addresstarget o"
        " WHERE o.address_id = t.address_id AND o.id <> t.id)"
        " ORDER BY a.kind DESC, a.id",
        [account_id],
    )
    return [row[0] for row in rows]


def _home(resource: Resource, _request: Request) -> bytes | None:
    if resource.kind is not Kind.PRINCIPAL or resource.owner is None:
        return None
    return href(principal_path(resource.owner.account_id))


def _principal_url(resource: Resource, _request: Request) -> bytes | None:
    return href(resource.path) if resource.kind in _PRINCIPALS else None


def _principal_collections(_resource: Resource, _request: Request) -> bytes:
    return href("/")


def _user_addresses(resource: Resource, _request: Request) -> bytes | None:
    if resource.kind is not Kind.PRINCIPAL or resource.owner is None:
        return None
    mails = (
        element(dav("href"), text(f"mailto:{address}"))
        for address in addresses_of(resource.owner.account_id)
    )
    return b"".join(mails) + href(principal_path(resource.owner.account_id))


def _alternate_uris(resource: Resource, _request: Request) -> bytes | None:
    if resource.kind not in _PRINCIPALS:
        return None
    if resource.kind is not Kind.PRINCIPAL or resource.owner is None:
        return b""
    return element(dav("href"), text(f"mailto:{resource.owner.login}"))


def _user_type(resource: Resource, _request: Request) -> bytes | None:
    if resource.kind in (Kind.GROUP, Kind.DOMAIN):
        return b"GROUP"
    if resource.kind is not Kind.PRINCIPAL or resource.owner is None:
        return None
    return _USER_TYPES.get(resource.owner.kind, "UNKNOWN").encode()


def _email_addresses(resource: Resource, _request: Request) -> bytes | None:
    if resource.kind is not Kind.PRINCIPAL or resource.owner is None:
        return None
    return b"".join(
        element(calserver("email-address"), text(address))
        for address in addresses_of(resource.owner.account_id)
    )


PROPERTIES: Final[Mapping[str, Getter]] = {
    caldav("calendar-home-set"): _home,
    carddav("addressbook-home-set"): _home,
    dav("principal-URL"): _principal_url,
    dav("principal-collection-set"): _principal_collections,
    dav("alternate-URI-set"): _alternate_uris,
    caldav("calendar-user-address-set"): _user_addresses,
    caldav("calendar-user-type"): _user_type,
    calserver("email-address-set"): _email_addresses,
}
