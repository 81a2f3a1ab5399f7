"""Reports about principals (RFC 3744 §9): search, match, and those that an ACL names."""

import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from groupware.core import limits
from groupware.core.rights import grantee_of
from groupware.dav import people, resources
from groupware.dav.errors import DavError
from groupware.dav.handlers.propfind import Wanted, tell
from groupware.dav.names import DECLARATIONS, caldav, calserver, dav, element
from groupware.dav.people import Person
from groupware.dav.properties import LIVE
from groupware.dav.properties.getter import href, text
from groupware.dav.reports.answers import too_many
from groupware.dav.request import Request, check_number
from groupware.dav.resources import Kind, Resource, principal_path
from groupware.dav.responses import XML, Multistatus, Response
from mail.mime.text import fold_search

Values = Callable[[Person], Iterable[str]]
_SEARCHED: Final[Mapping[str, tuple[str, Values]]] = {
    dav("displayname"): ("Name", lambda person: [person.display_name]),
    caldav("calendar-user-address-set"): (
        "Address",
        lambda person: [*(f"mailto:{address}" for address in person.addresses), person.path],
    ),
    calserver("email-address-set"): ("Mail address", lambda person: person.addresses),
    caldav("calendar-user-type"): ("Kind", lambda person: [person.user_type]),
}
"""The properties that a search looks at, as people are told of them, and their values."""
_MATCHES: Final[Mapping[str, Callable[[str, str], bool]]] = {
    "contains": lambda value, wanted: wanted in value,
    "starts-with": lambda value, wanted: value.startswith(wanted),
    "ends-with": lambda value, wanted: value.endswith(wanted),
    "equals": lambda value, wanted: value == wanted,
}
"""By the attribute that calendarserver.org and RFC 6352 §10.5.4 give a match."""
_TESTS: Final = {"allof": all, "anyof": any}
_SYNTAX: Final = {
    dav("apply-to-principal-collection-set"),
    dav("principal-property"),
    dav("prop"),
    dav("property-search"),
    dav("self"),
}
"""Elements of these reports that name no property."""


@dataclass(frozen=True, slots=True)
class _Term:
    """One text that a property is searched for."""

    values: Values
    match: Callable[[str, str], bool]
    wanted: str

    def finds(self, person: Person) -> bool:
        return any(self.match(fold_search(value), self.wanted) for value in self.values(person))


def search(request: Request, place: Resource, root: ET.Element) -> Response:
    """Answer principal-property-search (RFC 3744 §9.4): among those that the requester may know.

    Where the place is a principal, it alone is searched, unless
    DAV:apply-to-principal-collection-set says otherwise.
    """
    _need_depth_0(request)
    asked = _TESTS.get(root.get("test", "allof"))
    if asked is None:
        raise DavError(400, "The attribute test is allof or anyof.")
    terms = [term for found in root.findall(dav("property-search")) for term in _terms(found)]
    check_number(len(terms))
    anywhere = root.find(dav("apply-to-principal-collection-set")) is not None
    found = [
        person.path
        for person in people.list_people(request.account_id)
        # Who looks for nothing means everybody, as python-caldav does; RFC 3744 wants one search.
        if (not terms or asked(term.finds(person) for term in terms))
        and (anywhere or place.kind is Kind.ROOT or person.path == place.path)
    ]
    return _tell_principals(found, request, root)


def _terms(found: ET.Element) -> Iterable[_Term]:
    prop, match = found.find(dav("prop")), found.find(dav("match"))
    if prop is None or match is None:
        raise DavError(400, "A DAV:property-search has DAV:prop and DAV:match.")
    compare = _MATCHES.get(match.get("match-type", "contains"))
    if compare is None:
        raise DavError(400, f"The attribute match-type is one of {', '.join(_MATCHES)}.")
    wanted = fold_search((match.text or "").strip())
    for child in prop:
        _, values = _SEARCHED.get(str(child.tag), ("", _no_values))
        yield _Term(values, compare, wanted)


def _no_values(_person: Person) -> Iterable[str]:
    """Find nothing by a property that is not searched (RFC 3744 §9.4)."""
    return ()


def tell_searched(request: Request, _place: Resource, _root: ET.Element) -> Response:
    """Answer principal-search-property-set (RFC 3744 §9.5)."""
    _need_depth_0(request)
    told = b"".join(
        element(
            dav("principal-search-property"),
            element(dav("prop"), element(name))
            + element(dav("description"), text(description), ' xml:lang="en"'),
        )
        for name, (description, _) in _SEARCHED.items()
    )
    name = dav("principal-search-property-set")
    body = element(name, told, f" {DECLARATIONS.decode()}")
    return Response(200, b'<?xml version="1.0" encoding="utf-8"?>\n' + body, {"Content-Type": XML})


def match(request: Request, place: Resource, root: ET.Element) -> Response:
    """Answer principal-match (RFC 3744 §9.3): what is, or by a property names, the requester."""
    _need_depth_0(request)
    selves = [principal_path(request.account_id), *people.memberships_of(request.account_id)]
    if root.find(dav("self")) is not None:
        found = [path for path in selves if path.startswith(place.path)]
        return _tell_principals(found, request, root)
    wanted = root.find(dav("principal-property"))
    if wanted is None or len(wanted) != 1:
        raise DavError(400, "A DAV:principal-match has DAV:self or DAV:principal-property.")
    get = LIVE.get(str(wanted[0].tag))
    hrefs = [href(path) for path in selves]
    answer, asked = Multistatus(), _wanted(root)
    for below in _collections_below(place, request):
        value = get(below, request) if get is not None else None
        if value is not None and any(own in value for own in hrefs):
            tell(answer, below, request, asked)
    return answer.finish()


def _collections_below(place: Resource, request: Request) -> Sequence[Resource]:
    if place.kind is Kind.ROOT:
        own = resources.find(principal_path(request.account_id), request.account_id)
        return [] if own is None else [own, *_collections_below(own, request)]
    if place.kind is Kind.PRINCIPAL and place.owner is not None:
        return resources.home_of(place.owner, request.account_id)
    return []


def of_acl(request: Request, place: Resource, root: ET.Element) -> Response:
    """Answer acl-principal-prop-set (RFC 3744 §9.2): the principals that DAV:acl names."""
    _need_depth_0(request)
    if place.info is None:
        return _tell_principals([], request, root)
    held = place.known.grants_on(place.info)
    paths = [
        principal_path(place.info.account_id),
        *(people.path_of_grantee(grantee_of(grant)) for grant in held),
    ]
    return _tell_principals(list(dict.fromkeys(paths)), request, root)


def _tell_principals(paths: Sequence[str], request: Request, root: ET.Element) -> Response:
    if len(paths) > (most := limits.DAV_PRINCIPALS.value):
        raise too_many(f"More than {most} principals match: ask for less.")
    answer, asked = Multistatus(), _wanted(root)
    for path in paths:
        found = resources.find(path, request.account_id)
        if found is not None:
            tell(answer, found, request, asked)
    return answer.finish()


def _wanted(root: ET.Element) -> Wanted:
    """Return what is asked for: in DAV:prop, or beside an empty one, as python-caldav has it."""
    prop = root.find(dav("prop"))
    place = root if prop is None or len(prop) == 0 else prop
    names = [str(child.tag) for child in place]
    wanted = tuple(dict.fromkeys(name for name in names if name not in _SYNTAX))
    check_number(len(wanted))
    return Wanted(wanted)


def _need_depth_0(request: Request) -> None:
    if request.depth("0") != "0":
        raise DavError(400, "Reports about principals have Depth 0 (RFC 3744 §9).")
