"""LOCK and UNLOCK (RFC 4918 §9.10, §9.11)."""

import re
import xml.etree.ElementTree as ET
from typing import Final

from groupware.core import db
from groupware.core.errors import NotFound
from groupware.dav import resources
from groupware.dav.access import UNBIND, WRITE_CONTENT, WRITE_PROPERTIES
from groupware.dav.conditions import read_conditions
from groupware.dav.errors import XML, DavError, need_privileges, not_found
from groupware.dav.guards import check_states, refuse_unseen
from groupware.dav.ifheader import parse_if
from groupware.dav.locks import Lock
from groupware.dav.names import DECLARATIONS, dav, element
from groupware.dav.properties.locks import active_lock, locks_of
from groupware.dav.properties.wishes import Refused, serialize
from groupware.dav.request import INFINITY, Request
from groupware.dav.resources import Kind, Resource
from groupware.dav.responses import Multistatus, Response, quote_path
from groupware.dav.services.locks import Conflict, Wish, release_lock, renew_lock, take_lock

MAX_NOTE: Final = 4096
NO_MATCH: Final = dav("lock-token-matches-request-uri")
_SECONDS: Final = re.compile(r"second-([0-9]{1,10})", re.IGNORECASE)
_TOKEN: Final = re.compile(r"\s*<([^<>\s]+)>\s*")
_HEAD: Final = b'<?xml version="1.0" encoding="utf-8"?>\n'


def handle_lock(request: Request) -> Response:
    """Take a lock; without a body renew the one that If names (RFC 4918 §9.10.2)."""
    root = request.xml()
    with db.read_snapshot():
        target = _find_target(request)
        if root is None:
            lock = _find_held(target, request)
    if root is None:
        try:
            renew_lock(lock.token, request.account_id, parse_timeout(request.header("Timeout")))
        except NotFound as error:
            raise DavError(412, error.message, NO_MATCH) from error
        return _discovered(_find_target(request))
    return _take(target, request, root)


def _find_target(request: Request) -> Resource:
    """Return what is to be locked; raises `DavError`."""
    target = resources.find(request.path, request.account_id)
    if target is None:
        raise not_found()
    if target.kind is Kind.MISSING:
        # RFC 4918 §7.3 would have an empty resource here, which no calendar may hold.
        raise DavError(409, "There is nothing to lock: put it first.")
    if target.kind not in (Kind.COLLECTION, Kind.OBJECT):
        raise DavError(403, "Homes and principals cannot be locked.")
    if not any(map(target.access.holds, (WRITE_CONTENT, WRITE_PROPERTIES, UNBIND))):
        raise need_privileges(target.path, WRITE_CONTENT)
    return target


def _take(target: Resource, request: Request, root: ET.Element) -> Response:
    assert target.info is not None
    depth = request.depth(INFINITY)
    if depth == "1":
        raise DavError(400, "A lock has Depth 0 or infinity.")
    is_deep = depth == INFINITY and target.kind is Kind.COLLECTION
    wish = read_wish(
        root, target.segment, parse_timeout(request.header("Timeout")), is_deep=is_deep
    )
    etag = target.row.etag if target.row is not None else None
    refuse_unseen(target, etag)
    read_conditions(request.header).check_write(etag, None)
    check_states(request, target, etag, parse_if(request.header("If")))
    try:
        lock = take_lock(target.info, request.account_id, wish)
    except Conflict as conflict:
        return _refuse(target, conflict.locks)
    except NotFound as error:
        raise not_found() from error
    told = _discovered(_find_target(request))
    return Response(200, told.body, {**told.headers, "Lock-Token": f"<{lock.token}>"})


def read_wish(root: ET.Element, href: str, seconds: int, *, is_deep: bool) -> Wish:
    """Read a DAV:lockinfo (RFC 4918 §14.11); raises `DavError`."""
    scope = root.find(dav("lockscope"))
    scopes = [child.tag for child in scope] if scope is not None else []
    known = {dav("exclusive"): False, dav("shared"): True}
    if root.tag != dav("lockinfo") or root.find(f"{dav('locktype')}/{dav('write')}") is None:
        raise DavError(400, "The body of a LOCK is a DAV:lockinfo of a write lock.")
    if len(scopes) != 1 or scopes[0] not in known:
        raise DavError(400, "A lock is exclusive or shared.")
    owner = root.find(dav("owner"))
    try:
        note = serialize(owner) if owner is not None else ""
    except Refused as refused:
        raise DavError(413, refused.text) from refused
    if len(note) > MAX_NOTE:
        raise DavError(413, f"A lock's owner has at most {MAX_NOTE} characters.")
    return Wish(href, is_deep, known[scopes[0]], note, seconds)


def parse_timeout(text: str) -> int:
    """Return the first of the times that is a number of seconds, 0 for any other (§10.7)."""
    for part in text.split(",")[:10]:
        if found := _SECONDS.fullmatch(part.strip()):
            return int(found[1])
    return 0


def _find_held(target: Resource, request: Request) -> Lock:
    """Return the lock that is to be renewed: one that covers the target, and is the requester's."""
    tokens = parse_if(request.header("If")).tokens
    if not tokens:
        raise DavError(400, "A lock is renewed by its token in the If header.")
    for lock in locks_of(target):
        if lock.token in tokens and lock.holder_id == request.account_id:
            return lock
    raise DavError(412, "There is no such lock here.", NO_MATCH)


def _discovered(target: Resource) -> Response:
    base = target.collection_path
    active = b"".join(active_lock(lock, base) for lock in locks_of(target))
    body = b"%b<D:prop %b>%b</D:prop>" % (
        _HEAD,
        DECLARATIONS,
        element(dav("lockdiscovery"), active),
    )
    return Response(200, body, {"Content-Type": XML})


def _refuse(target: Resource, locks: list[Lock]) -> Response:
    """Tell which locks stand against one; of members in a multistatus (RFC 4918 §9.10.9)."""
    base = target.collection_path
    within = [lock for lock in locks if lock.href] if target.kind is Kind.COLLECTION else []
    seen = target.members.find_many([lock.href for lock in within])
    if len(seen) < len({lock.href for lock in locks}):
        # Of a member that is not shown its collection is told in its place.
        roots = {base + lock.href for lock in locks if lock not in within or lock.href in seen}
        told = sorted(roots or {target.path})
        content = b"".join(element(dav("href"), quote_path(path)) for path in told)
        condition = dav("no-conflicting-lock")
        error = DavError(423, "It is locked by somebody else.", condition, content=content)
        return error.response()
    answer = Multistatus()
    for path in sorted({base + lock.href for lock in within}):
        answer.add_status(quote_path(path), 423)
    answer.add_status(quote_path(target.path), 424)
    return answer.finish()


def handle_unlock(request: Request) -> Response:
    """Give a lock back: the requester's own, or in his own collections anybody's."""
    found = _TOKEN.fullmatch(request.header("Lock-Token"))
    if found is None:
        raise DavError(400, "The lock is named by the Lock-Token header.")
    with db.read_snapshot():
        target = resources.find(request.path, request.account_id)
        if target is None or target.kind is Kind.MISSING:
            raise not_found()
        locks = {lock.token: lock for lock in locks_of(target)}
    lock = locks.get(found[1])
    if lock is None:
        raise DavError(409, "There is no such lock here.", NO_MATCH)
    if lock.holder_id != request.account_id and not target.access.is_owner:
        raise DavError(403, "The lock is somebody else's.")
    release_lock(lock.token)
    return Response(204)
