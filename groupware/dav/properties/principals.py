"""Properties of principals (RFC 3744 §4, RFC 4791 §6.2, RFC 6352 §7.1, RFC 6638 §2.4.1)."""

from collections.abc import Mapping
from typing import Final

from groupware.dav.names import caldav, calserver, carddav, dav, element
from groupware.dav.people import USER_TYPES, list_addresses
from groupware.dav.properties.getter import Getter, href, text
from groupware.dav.request import Request
from groupware.dav.resources import Kind, Owner, Resource, principal_path

_PRINCIPALS: Final = (Kind.PRINCIPAL, Kind.GROUP, Kind.DOMAIN, Kind.PROXY)


def _addresses_of(owner: Owner) -> list[str]:
    return list_addresses([owner.account_id]).get(owner.account_id, [owner.login])


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
        element(dav("href"), text(f"mailto:{address}")) for address in _addresses_of(resource.owner)
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
    return USER_TYPES.get(resource.owner.kind, "UNKNOWN").encode()


def _email_addresses(resource: Resource, _request: Request) -> bytes | None:
    if resource.kind is not Kind.PRINCIPAL or resource.owner is None:
        return None
    return b"".join(
        element(calserver("email-address"), text(address))
        for address in _addresses_of(resource.owner)
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
