"""What must hold, under the account's lock, for something to be written or to go."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache

from calendar_app.queries.shown import is_whole
from groupware.core.resources import queries
from groupware.core.resources.items import UidTaken
from groupware.dav import locks, resources
from groupware.dav.access import BIND, UNBIND, WRITE_CONTENT
from groupware.dav.conditions import Conditions, failed, read_conditions
from groupware.dav.errors import DavError, need_privileges
from groupware.dav.ifheader import If, State, parse_if
from groupware.dav.locks import Lock, Want
from groupware.dav.names import dav, element
from groupware.dav.request import Request
from groupware.dav.resources import Resource
from groupware.dav.responses import quote_path

Privilege = Callable[[str | None], str]
"""Tells which privilege it takes, given the entity tag of what is there."""


@dataclass(slots=True)
class Guard:
    """Checks what is at a member's place: rights, privacy, conditions and locks.

    `place` is what the requester saw there, which may be less than what is. `uid` is of what is to
    be written. `covering` are the locks that were there, each of them open.
    """

    place: Resource
    request: Request
    conditions: Conditions
    states: If
    privilege: Privilege
    uid: str | None = None
    covering: list[Lock] = field(default_factory=list)

    @property
    def destroyed(self) -> list[Lock]:
        """The locks that go with what was at the place (RFC 4918 §9.6)."""
        return [lock for lock in self.covering if lock.href]

    def __call__(self, etag: str | None) -> None:
        """Raise `DavError` unless the request may go on with what has this entity tag."""
        require(self.place, self.privilege(etag))
        refuse_unseen(self.place, etag)
        self.conditions.check_write(etag, changed_at(self.place, self.conditions))
        check_states(self.request, self.place, etag, self.states)
        check_uid(self.place, etag, self.uid)
        is_membership = etag is None or self.privilege(etag) == UNBIND
        self.covering = check_locks(self.place, self.request, self.states, membership=is_membership)


def write_guard(place: Resource, request: Request) -> Guard:
    """Return the guard of a request that writes a member."""
    conditions, states = read_conditions(request.header), parse_if(request.header("If"))
    return Guard(place, request, conditions, states, needed_to_write)


def remove_guard(place: Resource, request: Request) -> Guard:
    """Return the guard of a request that removes a member."""
    conditions, states = read_conditions(request.header), parse_if(request.header("If"))
    return Guard(place, request, conditions, states, lambda _etag: UNBIND)


def needed_to_write(etag: str | None) -> str:
    """Return the privilege that writing takes where this is, or nothing."""
    return BIND if etag is None else WRITE_CONTENT


def require(place: Resource, privilege: str) -> None:
    """Raise unless the requester holds a privilege on the collection of a member."""
    if not place.access.holds(privilege):
        raise need_privileges(place.collection_path, privilege)


def refuse_unseen(place: Resource, etag: str | None) -> None:
    """Raise where there is something that the requester is not shown as it is.

    He would write over what is private, or put a veil in the place of what is confidential.
    """
    if etag is None or place.access.sees_private or not place.is_calendar or place.info is None:
        return
    if not is_whole(place.info.collection_id, place.segment):
        raise DavError(403, "What is there is private: its owner alone changes it.")


def check_uid(place: Resource, etag: str | None, uid: str | None) -> None:
    """Raise `UidTaken` where what is there has another UID (RFC 4791 §5.3.2.1)."""
    if etag is None or uid is None or place.info is None:
        return
    row = place.row
    if row is None or row.etag != etag:  # it was changed since
        row = queries.find_resource(place.info.collection_id, place.segment)
    if row is not None and row.ical_uid not in (None, uid):
        raise UidTaken(place.segment)


def changed_at(place: Resource, conditions: Conditions) -> int | None:
    """Return when what is at a place was changed, where a condition asks for it."""
    if conditions.unmodified_since is None or place.info is None:
        return None
    row = queries.find_resource(place.info.collection_id, place.segment)
    return row.changed_at if row is not None else None


def check_states(request: Request, place: Resource, etag: str | None, states: If) -> None:
    """Raise 412 unless the If header holds (RFC 4918 §10.4)."""

    @cache
    def state_of(url: str) -> State:
        if not url or request.inner_path(url).rstrip("/") == request.path.rstrip("/"):
            return State(etag, _tokens_on(place))
        other = resources.find(request.inner_path(url), request.account_id)
        row = other.row if other is not None else None
        return State(row.etag if row is not None else None, _tokens_on(other))

    if not states.holds(state_of):
        raise failed()


def _tokens_on(place: Resource | None) -> list[str]:
    if place is None or place.info is None:
        return []
    held = locks.locks_about(Want(place.info.collection_id, place.segment))
    return [lock.token for lock in held]


def check_locks(
    place: Resource,
    request: Request,
    states: If,
    *,
    membership: bool = False,
    whole: bool = False,
) -> list[Lock]:
    """Raise 423 where a lock stands against a write whose token was not sent; return the locks."""
    assert place.info is not None
    want = Want(place.info.collection_id, place.segment, membership, whole)
    found = locks.locks_about(want)
    if closed := locks.closed_by(found, states.tokens, request.account_id):
        base = place.collection_path
        content = b"".join(element(dav("href"), quote_path(base + href)) for href in closed)
        condition = dav("lock-token-submitted")
        raise DavError(423, "It is locked: send the lock's token.", condition, content=content)
    return found
