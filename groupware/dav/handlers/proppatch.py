"""PROPPATCH (RFC 4918 §9.2): all that is asked for is set, or nothing."""

import xml.etree.ElementTree as ET
from collections.abc import Iterable
from dataclasses import dataclass, field

from groupware.core import db, delegates
from groupware.core.errors import Invalid, LimitExceeded
from groupware.core.models import Account
from groupware.dav import people, resources
from groupware.dav.access import WRITE_PROPERTIES
from groupware.dav.errors import DavError, need_privileges, not_found
from groupware.dav.guards import check_locks, check_states
from groupware.dav.ifheader import parse_if
from groupware.dav.names import dav, element
from groupware.dav.properties import wishes
from groupware.dav.properties.acl import RIGHT_OF_PROXY
from groupware.dav.properties.dead import holder_of
from groupware.dav.properties.wishes import Refused, Table, Wishes
from groupware.dav.request import Request, check_number
from groupware.dav.resources import Kind, Resource
from groupware.dav.responses import Multistatus, Response, propstat, quote_path
from groupware.dav.services.holding import hold_accounts
from groupware.dav.services.properties import patch_collection, patch_shared, store_dead


@dataclass(slots=True)
class Patch:
    """What was asked for, its names in their order, and what of it is refused."""

    wishes: Wishes = field(default_factory=Wishes)
    names: dict[str, None] = field(default_factory=dict)
    refused: dict[str, Refused] = field(default_factory=dict)

    def propstats(self) -> bytes:
        """Return how each property fared (RFC 4918 §9.2.1): 424 where another was refused."""
        others = [name for name in self.names if name not in self.refused]
        told = [
            propstat([element(name)], refused.status, refused.condition, refused.text)
            for name, refused in self.refused.items()
        ]
        if others:
            told.append(propstat(map(element, others), 424 if self.refused else 200))
        return b"".join(told)


def handle(request: Request) -> Response:
    """Set and remove properties."""
    root = request.xml()
    if root is None or root.tag != dav("propertyupdate"):
        raise DavError(400, "The body of a PROPPATCH is a DAV:propertyupdate element.")
    with db.read_snapshot():
        target = resources.find(request.path, request.account_id)
    if target is None or target.kind is Kind.MISSING:
        raise not_found()
    if holder_of(target) is None and target.kind is not Kind.PROXY:
        raise DavError(403, "No properties are set here.")
    patch = read_patch(root, table_of(target))
    _check_rights(target, patch)
    if not patch.refused:
        _apply(target, patch, request)
    if not patch.refused and request.is_minimal:
        return Response(200, b"", request.applied())
    answer = Multistatus()
    answer.add_propstats(quote_path(target.path), patch.propstats())
    return answer.finish(headers=request.applied() if not patch.refused else {})


def _check_rights(target: Resource, patch: Patch) -> None:
    """Raise unless the requester may set what is asked for.

    How a collection that is shared is shown in his own home is up to everybody.
    """
    is_held = target.access.holds(WRITE_PROPERTIES)
    if target.kind is Kind.OBJECT and target.access.is_fixed:
        is_held = False
    shown = target.is_shared and target.kind is Kind.COLLECTION
    asks_owner = patch.wishes.settings or "description" in patch.wishes.face
    if not is_held and (asks_owner or not shown):
        raise need_privileges(target.path, WRITE_PROPERTIES)


def table_of(target: Resource) -> Table:
    """Return the live properties that can be set on a resource."""
    if target.kind is Kind.PROXY:
        return wishes.OF_DELEGATES
    if target.kind is not Kind.COLLECTION:
        return wishes.OF_OTHERS
    return wishes.OF_CALENDAR if target.is_calendar else wishes.OF_ADDRESS_BOOK


def read_patch(root: ET.Element, table: Table) -> Patch:
    """Read what is asked for, by the table of what can be set; raises `DavError` for too much."""
    patch = Patch()
    for prop, is_set in wishes.instructions(root):
        name = str(prop.tag)
        patch.names[name] = None
        check_number(len(patch.names))
        try:
            wishes.note(patch.wishes, table, prop, is_set=is_set)
        except Refused as refused:
            patch.refused[name] = refused
    return patch


def _apply(target: Resource, patch: Patch, request: Request) -> None:
    try:
        if target.kind is Kind.PROXY:
            _set_delegates(target, patch, request)
        else:
            _write(target, patch, request)
    except LimitExceeded as error:
        refuse(patch, patch.wishes.dead, Refused(507, error.message))
    except Invalid as error:
        live = set(patch.names) - set(patch.wishes.dead)
        refuse(patch, live, Refused(409, error.message))


def _write(target: Resource, patch: Patch, request: Request) -> None:
    """Set what is asked for; locks are looked at under those of the accounts."""
    info, owner, holder = target.info, target.owner, holder_of(target)
    assert owner is not None
    assert holder is not None
    with hold_accounts({owner.account_id, info.account_id if info else owner.account_id}):
        if info is not None:
            states = parse_if(request.header("If"))
            check_states(request, target, target.row.etag if target.row else None, states)
            check_locks(target, request, states)
        if target.kind is not Kind.COLLECTION or info is None:
            store_dead(holder, patch.wishes.dead)
        elif target.is_shared:
            patch_shared(owner.account_id, info, patch.wishes)
        else:
            patch_collection(info, patch.wishes)


def _set_delegates(group: Resource, patch: Patch, request: Request) -> None:
    """Let the members of a group of delegates be those that its hrefs name, and nobody else."""
    if patch.wishes.dead:
        refuse(patch, patch.wishes.dead, Refused(403, "Delegates are all that is set here."))
        return
    assert group.owner is not None
    account = Account.objects.filter(pk=group.owner.account_id).first()
    right = RIGHT_OF_PROXY[group.segment]
    known = {
        people.path_of_grantee(held): held
        for held in delegates.list_delegates(group.owner.account_id, right)
    }
    paths = [_principal_path(href, request) for href in patch.wishes.members]
    members = [known.get(path) or people.find_grantee(path, request.account_id) for path in paths]
    found = [member for member in members if member is not None]
    if account is None or len(found) < len(members):
        text = "There is no such account, group or domain here."
        refuse(patch, patch.names, Refused(403, text, dav("recognized-principal")))
        return
    delegates.set_delegates(account, right, found)


def _principal_path(href: str, request: Request) -> str:
    """Return the path of a principal; for what lies elsewhere one at which nobody is."""
    try:
        path = request.inner_path(href)
    except (DavError, ValueError):
        return ""
    return path if path.endswith("/") else f"{path}/"


def refuse(patch: Patch, names: Iterable[str], refused: Refused) -> None:
    """Note that these cannot be set."""
    patch.refused |= dict.fromkeys(names, refused)
