"""Properties of access control (RFC 3744 §4.3, §4.4, §5) and of delegates (caldav-proxy)."""

from collections.abc import Iterable, Mapping
from typing import Final

from groupware.core import delegates
from groupware.core.models import Grant
from groupware.core.rights import grantee_of, on_calendar, rights_of
from groupware.dav import people
from groupware.dav.access import EVERYTHING, READ, READ_ACL
from groupware.dav.names import calserver, dav, element
from groupware.dav.privileges import OF_CALENDARS, OF_OTHERS, Privilege, privileges_of_rights
from groupware.dav.properties.getter import Getter, href, text
from groupware.dav.request import Request
from groupware.dav.resources import PROXY_READ, PROXY_WRITE, Kind, Resource, principal_path

RIGHT_OF_PROXY: Final = {
    PROXY_READ: delegates.DELEGATE_READ,
    PROXY_WRITE: delegates.DELEGATE_WRITE,
}
_GROUPS: Final = (Kind.GROUP, Kind.DOMAIN)


def tree_of(resource: Resource) -> Privilege:
    """Return the privileges that there are in a place."""
    return OF_CALENDARS if resource.is_calendar else OF_OTHERS


def _supported(resource: Resource, _request: Request) -> bytes:
    return _supported_privilege(tree_of(resource))


def _supported_privilege(privilege: Privilege) -> bytes:
    return element(
        dav("supported-privilege"),
        element(dav("privilege"), element(privilege.name))
        + element(dav("description"), text(privilege.description), ' xml:lang="en"')
        + b"".join(map(_supported_privilege, privilege.contains)),
    )


def _own_privileges(resource: Resource, _request: Request) -> bytes:
    known = {privilege.name for privilege in tree_of(resource).walk()}
    return _privileges(p for p in resource.access.privileges() if p in known)


def _privileges(names: Iterable[str]) -> bytes:
    return b"".join(element(dav("privilege"), element(name)) for name in names)


def _acl(resource: Resource, _request: Request) -> bytes | None:
    """Return the grants as they are to whoever administers them (RFC 3744 §5.5)."""
    if resource.info is None:
        return _acl_of_principal(resource)
    if not resource.access.holds(READ_ACL):
        return None
    owner = _ace(_OWNER, [EVERYTHING], element(dav("protected")))
    held = resource.known.grants_on(resource.info)
    return owner + b"".join(_ace_of_grant(grant, resource) for grant in held)


_OWNER: Final = element(dav("property"), element(dav("owner")))
_AUTHENTICATED: Final = element(dav("authenticated"))


def _acl_of_principal(resource: Resource) -> bytes | None:
    """Return that everybody who knows of a principal reads it: nobody can change that here."""
    protected = element(dav("protected"))
    shared = _ace(_AUTHENTICATED, [READ], protected)
    if resource.kind is not Kind.PRINCIPAL:
        return shared
    return _ace(_OWNER, [EVERYTHING], protected) + shared


def privileges_of_grant(held: Grant, resource: Resource) -> tuple[str, ...]:
    """Return what a grant gives in a place."""
    rights = rights_of(held)
    return privileges_of_rights(
        on_calendar(rights) if resource.is_calendar else rights, tree_of(resource)
    )


def _ace_of_grant(held: Grant, resource: Resource) -> bytes:
    names = privileges_of_grant(held, resource)
    origin = b""
    if held.collection_id is None:
        origin = element(dav("inherited"), href(principal_path(held.account_id)))
    elif resource.kind is not Kind.COLLECTION:
        origin = element(dav("inherited"), href(resource.collection_path))
    return _ace(href(people.path_of_grantee(grantee_of(held))), names, origin) if names else b""


def _ace(principal: bytes, names: Iterable[str], origin: bytes) -> bytes:
    return element(
        dav("ace"),
        element(dav("principal"), principal) + element(dav("grant"), _privileges(names)) + origin,
    )


def _restrictions(_resource: Resource, _request: Request) -> bytes:
    return element(dav("grant-only")) + element(dav("no-invert"))


def _inherited_from(resource: Resource, _request: Request) -> bytes:
    if resource.info is None:
        return b""
    if resource.kind is Kind.COLLECTION:
        return href(principal_path(resource.info.account_id))
    return href(resource.collection_path)


def _group_members(resource: Resource, request: Request) -> bytes | None:
    if resource.kind in _GROUPS:
        return b"".join(map(href, people.members_of(resource, request.account_id)))
    if resource.kind is not Kind.PROXY or resource.owner is None:
        return None
    if resource.owner.account_id != request.account_id:
        return None  # whom somebody trusts is his own affair
    held = delegates.list_delegates(resource.owner.account_id, RIGHT_OF_PROXY[resource.segment])
    return b"".join(href(people.path_of_grantee(grantee)) for grantee in held)


def _group_membership(resource: Resource, request: Request) -> bytes | None:
    owner = resource.owner
    if resource.kind is not Kind.PRINCIPAL or owner is None:
        return b"" if resource.kind in (*_GROUPS, Kind.PROXY) else None
    if owner.account_id != request.account_id:
        return b""  # groups tell their members to those of their domain
    return b"".join(map(href, people.memberships_of(owner.account_id))) + b"".join(
        _proxies_for(owner.account_id, segment) for segment in RIGHT_OF_PROXY
    )


def _proxies_for(account_id: int, segment: str) -> bytes:
    """Return the groups of delegates that an account is in."""
    accounts = delegates.list_delegators(account_id, RIGHT_OF_PROXY[segment])
    return b"".join(map(href, people.proxy_paths(accounts, segment)))


def _delegator_getter(segment: str) -> Getter:
    def get(resource: Resource, request: Request) -> bytes | None:
        owner = resource.owner
        if resource.kind is not Kind.PRINCIPAL or owner is None:
            return None
        if owner.account_id != request.account_id:
            return None
        accounts = delegates.list_delegators(owner.account_id, RIGHT_OF_PROXY[segment])
        return b"".join(href(principal_path(account_id)) for account_id in accounts)

    return get


PROPERTIES: Final[Mapping[str, Getter]] = {
    dav("supported-privilege-set"): _supported,
    dav("current-user-privilege-set"): _own_privileges,
    dav("acl"): _acl,
    dav("acl-restrictions"): _restrictions,
    dav("inherited-acl-set"): _inherited_from,
    dav("group-member-set"): _group_members,
    dav("group-membership"): _group_membership,
    calserver("calendar-proxy-read-for"): _delegator_getter(PROXY_READ),
    calserver("calendar-proxy-write-for"): _delegator_getter(PROXY_WRITE),
}
