"""PROPFIND (RFC 4918 §9.1): live properties by their table, dead ones as they were stored.

Hot: the members of a collection with properties that their rows tell are one template.
"""

import xml.etree.ElementTree as ET
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from groupware.core import db
from groupware.dav import resources
from groupware.dav.errors import DavError, not_found
from groupware.dav.names import dav, element
from groupware.dav.properties import ALLPROP, LIVE
from groupware.dav.properties.dead import dead_of, dead_of_members
from groupware.dav.queries import Dead
from groupware.dav.request import INFINITY, Request, read_names
from groupware.dav.resources import Kind, Resource
from groupware.dav.responses import Multistatus, Response, quote_path
from groupware.dav.telling import (
    ETAGS,
    ROWS,
    as_resource,
    needs_etags_alone,
    refuse_too_much,
    varies,
    write_members,
)

_FORBIDDEN_DEPTH: Final = dav("propfind-finite-depth")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which properties are asked for; with `names_only` not their values."""

    names: tuple[str, ...]
    names_only: bool = False
    is_all: bool = False


def handle(request: Request) -> Response:
    """Answer a PROPFIND. What is below a collection is told to a depth of 1."""
    wanted = parse_wanted(request.xml())
    depth = request.depth(INFINITY)
    if depth == INFINITY:
        raise DavError(
            403, "Ask with Depth 0 or 1: a whole tree is not told at once.", _FORBIDDEN_DEPTH
        )
    with db.read_snapshot():
        resource = resources.find(request.path, request.account_id)
        if resource is None or resource.kind is Kind.MISSING:
            raise not_found()
        answer = Multistatus()
        if not request.leaves_root_out:
            tell(answer, resource, request, wanted)
        if depth == "1":
            _tell_below(answer, resource, request, wanted)
    return answer.finish(headers=request.applied())


def parse_wanted(root: ET.Element | None) -> Wanted:
    """Read what is asked for: DAV:prop, allprop with include, or propname; raises `DavError`."""
    if root is None:
        return Wanted(ALLPROP, is_all=True)
    if root.tag != dav("propfind"):
        raise DavError(400, "The body of a PROPFIND is a DAV:propfind element.")
    prop = root.find(dav("prop"))
    if prop is not None:
        return Wanted(read_names(prop))
    if root.find(dav("propname")) is not None:
        return Wanted((), names_only=True)
    if root.find(dav("allprop")) is None:
        raise DavError(400, "DAV:propfind holds prop, allprop or propname.")
    also = read_names(root.find(dav("include")))
    return Wanted(tuple(dict.fromkeys([*ALLPROP, *also])), is_all=True)


def tell(answer: Multistatus, resource: Resource, request: Request, wanted: Wanted) -> None:
    """Add one resource's properties."""
    answer.add_properties(quote_path(resource.path), read_properties(resource, request, wanted))


def read_properties(
    resource: Resource, request: Request, wanted: Wanted, dead: Dead | None = None
) -> dict[int, list[bytes]]:
    """Return a resource's properties as elements, by status; `dead` where they are read already."""
    if wanted.names_only:
        held = [name for name, get in LIVE.items() if get(resource, request) is not None]
        held_dead = dead_of(resource) if dead is None else dead
        return {200: [element(name) for name in (*held, *held_dead)]}
    found: dict[int, list[bytes]] = {200: [], 404: []}
    others: list[str] = []
    for name in wanted.names:
        get = LIVE.get(name)
        value = get(resource, request) if get is not None else None
        if value is not None:
            found[200].append(element(name, value))
        else:
            others.append(name)
    if others or wanted.is_all:
        held_dead = dead_of(resource) if dead is None else dead
        _add_dead(found, others, held_dead, is_all=wanted.is_all)
    if request.is_minimal:
        found.pop(404)
    return found


def _add_dead(
    found: dict[int, list[bytes]], names: Sequence[str], dead: Dead, *, is_all: bool
) -> None:
    """Add dead properties: those so named, or all of them; what there is none of is missing."""
    told = dead if is_all else [name for name in names if name in dead]
    found[200] += [dead[name].encode() for name in told]
    if not is_all:
        found[404] += [element(name) for name in names if name not in dead]


def _tell_below(answer: Multistatus, resource: Resource, request: Request, wanted: Wanted) -> None:
    if resource.kind is Kind.ROOT:
        own = resources.find(resources.principal_path(request.account_id), request.account_id)
        below: Iterable[Resource] = [own] if own is not None else []
    elif resource.kind is Kind.PRINCIPAL and resource.owner is not None:
        below = resources.home_of(resource.owner, request.account_id)
    elif resource.kind is Kind.COLLECTION and resource.access.reads:
        tell_members(answer, resource, request, wanted)
        return
    else:
        return
    for held in below:
        tell(answer, held, request, wanted)
        refuse_too_much(answer.octets)


def tell_members(
    answer: Multistatus, collection: Resource, request: Request, wanted: Wanted
) -> None:
    """Add the properties of a collection's members. Hot: `benchmarks`, PROPFIND of etags."""
    members, names = collection.members, wanted.names
    rows: Sequence[Any]
    if wanted.names_only or varies(names):
        dead = dead_of_members(collection)
        for row in members.rows():
            member = as_resource(collection, row)
            told = read_properties(member, request, wanted, dead.get(row.href, {}))
            answer.add_properties(quote_path(member.path), told)
            refuse_too_much(answer.octets)
        return
    if needs_etags_alone(names):
        shape, rows = ETAGS, members.etags()
    else:
        shape, rows = ROWS, members.rows()
    answer.add_raw(
        write_members(collection, rows, names, shape, request, tells_missing=not wanted.is_all)
    )
