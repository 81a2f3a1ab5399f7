"""ACL (RFC 3744 §8): the grants on a calendar or an address book, as access control entries.

Entries that no grant can express are refused by the precondition that RFC 3744 §8.1.1 has for
them. What is inherited from the whole account or protected stays, and may be sent along.
"""

import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from typing import Final

from groupware.core import db, limits
from groupware.core.models import Account, Collection
from groupware.core.rights import Grantee, Rights, grantee_of, replace_grants
from groupware.dav import people, resources
from groupware.dav.access import WRITE_ACL
from groupware.dav.errors import DavError, need_privileges, not_found
from groupware.dav.names import dav
from groupware.dav.privileges import (
    Privilege,
    expand,
    privileges_of_rights,
    rights_of_privileges,
)
from groupware.dav.properties.acl import privileges_of_grant, tree_of
from groupware.dav.request import Request
from groupware.dav.resources import Kind, Resource, principal_path
from groupware.dav.responses import Response

_SOME_PEOPLE: Final = frozenset(map(dav, ("all", "authenticated", "unauthenticated", "self")))


@dataclass(slots=True)
class _Entries:
    """The entries of a request as they are read, for one collection."""

    target: Resource
    request: Request
    tree: Privilege
    inherited: frozenset[tuple[str, frozenset[str]]] = frozenset()
    granted: dict[str, Grantee] = field(default_factory=dict)
    wanted: dict[Grantee, set[str]] = field(default_factory=dict)

    def read(self, ace: ET.Element) -> None:
        """Read one DAV:ace; raises `DavError` with the precondition that it fails."""
        if ace.find(dav("invert")) is not None:
            raise _refusal("no-invert", "Name who may, not everybody but somebody.")
        if ace.find(dav("deny")) is not None:
            raise _refusal("grant-only", "Rights are granted here; what is not granted is denied.")
        principal, grant = ace.find(dav("principal")), ace.find(dav("grant"))
        if principal is None or len(principal) != 1 or grant is None:
            raise DavError(400, "A DAV:ace has one DAV:principal and one DAV:grant.")
        names = self._read_privileges(grant)
        path = self._read_principal(principal[0])
        if ace.find(dav("inherited")) is not None:
            if (path, expand(names, self.tree)) not in self.inherited:
                text = "Grants on the whole account are changed by `manage.py grant`."
                raise _refusal("no-inherited-ace-conflict", text)
        elif path != self._owner_path:
            if ace.find(dav("protected")) is not None:
                raise _refusal("no-protected-ace-conflict", "Only the owner's rights are fixed.")
            self.wanted.setdefault(self._find_grantee(path), set()).update(names)

    @property
    def _owner_path(self) -> str:
        assert self.target.info is not None
        return principal_path(self.target.info.account_id)

    def _read_privileges(self, grant: ET.Element) -> list[str]:
        known = {privilege.name for privilege in self.tree.walk()}
        names = [str(inner.tag) for found in grant.iter(dav("privilege")) for inner in found]
        if not names or not known.issuperset(names):
            raise _unsupported("DAV:supported-privilege-set names what can be granted here.")
        return names

    def _read_principal(self, principal: ET.Element) -> str:
        """Return the path of a principal; of the property DAV:owner that of the owner."""
        if principal.tag == dav("property") and principal.find(dav("owner")) is not None:
            return self._owner_path
        if principal.tag in _SOME_PEOPLE or principal.tag != dav("href"):
            text = "Grant to an account, a group or a domain, each by its address."
            raise _refusal("allowed-principal", text)
        try:
            path = self.request.inner_path(principal.text or "")
        except (DavError, ValueError) as error:
            raise _unrecognized() from error
        return path if path.endswith("/") else f"{path}/"

    def _find_grantee(self, path: str) -> Grantee:
        found = self.granted.get(path) or people.find_grantee(path, self.request.account_id)
        if found is None:
            raise _unrecognized()
        return found


def handle(request: Request) -> Response:
    """Set the grants on a collection to those that the entries express, all or nothing."""
    root = request.xml()
    if root is None or root.tag != dav("acl"):
        raise DavError(400, "The body of an ACL is a DAV:acl element.")
    with db.read_snapshot():
        target = resources.find(request.path, request.account_id)
        if target is None or target.kind is Kind.MISSING:
            raise not_found()
        _refuse_other_places(target)
        wanted = read_entries(root, target, request)
    assert target.info is not None
    account = Account.objects.filter(pk=target.info.account_id).first()
    collection = Collection.objects.filter(pk=target.info.collection_id).first()
    if account is None or collection is None:
        raise not_found()
    tree = tree_of(target)
    replace_grants(
        account,
        collection,
        {grantee: _Change(rights, tree) for grantee, rights in wanted.items()},
    )
    return Response(200, b"", {"Cache-Control": "no-cache"})


@dataclass(frozen=True, slots=True)
class _Change:
    """Sets a grantee's rights; what gives the same privileges already stays as it is."""

    rights: Rights
    tree: Privilege

    def __call__(self, held: Rights) -> Rights:
        same = privileges_of_rights(held, self.tree) == privileges_of_rights(self.rights, self.tree)
        return held if held and same else self.rights


def _refuse_other_places(target: Resource) -> None:
    if not target.access.holds(WRITE_ACL):
        raise need_privileges(target.path, WRITE_ACL)
    if target.kind is Kind.OBJECT:
        text = "Members are shared with their collection: change its grants."
        raise _refusal("no-inherited-ace-conflict", text)
    if target.kind is not Kind.COLLECTION:
        text = "Share calendars and address books; everything at once by `manage.py grant`."
        raise _refusal("no-protected-ace-conflict", text)


def read_entries(root: ET.Element, target: Resource, request: Request) -> dict[Grantee, Rights]:
    """Return the rights that the entries grant on a collection; raises `DavError`."""
    aces = root.findall(dav("ace"))
    if len(aces) > (most := limits.DAV_ACES.value):
        raise _refusal("limited-number-of-aces", f"A collection is shared by {most} entries.")
    tree, info = tree_of(target), target.info
    assert info is not None
    grants = target.known.grants_on(info)
    inherited = frozenset(
        (
            people.path_of_grantee(grantee_of(held)),
            expand(privileges_of_grant(held, target), tree),
        )
        for held in grants
        if held.collection_id is None
    )
    granted = {people.path_of_grantee(grantee_of(held)): grantee_of(held) for held in grants}
    entries = _Entries(target, request, tree, inherited, granted)
    for ace in aces:
        entries.read(ace)
    return {grantee: _as_rights(names, tree) for grantee, names in entries.wanted.items()}


def _as_rights(names: set[str], tree: Privilege) -> Rights:
    rights = rights_of_privileges(names, tree)
    if rights is None:
        text = "These privileges are granted together with others only: grant what contains them."
        raise _unsupported(text)
    return rights


def _unsupported(text: str) -> DavError:
    return _refusal("not-supported-privilege", text)


def _unrecognized() -> DavError:
    return _refusal("recognized-principal", "There is no such account, group or domain here.")


def _refusal(precondition: str, text: str) -> DavError:
    return DavError(403, text, dav(precondition))
