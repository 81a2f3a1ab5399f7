"""What must hold, under the account's lock, for a member to be written or to go."""

from dataclasses import dataclass

from calendar_app.queries.shown import is_whole
from groupware.core.resources import queries
from groupware.dav.access import BIND, UNBIND, WRITE_CONTENT
from groupware.dav.conditions import Conditions, read_conditions
from groupware.dav.errors import DavError, need_privileges
from groupware.dav.request import Request
from groupware.dav.resources import Resource
from groupware.dav.writing import collection_path


@dataclass(frozen=True, slots=True)
class WriteGuard:
    """Checks what is at a place before it is written: rights and conditions.

    `place` is what the requester saw there, which may be less than what is.
    """

    place: Resource
    conditions: Conditions

    def __call__(self, etag: str | None) -> None:
        """Raise `DavError` unless what has this entity tag, None for nothing, may be written."""
        require(self.place, BIND if etag is None else WRITE_CONTENT)
        refuse_unseen(self.place, etag)
        self.conditions.check_write(etag, changed_at(self.place, self.conditions))


@dataclass(frozen=True, slots=True)
class RemoveGuard:
    """Checks what is at a place before it is removed."""

    place: Resource
    conditions: Conditions

    def __call__(self, etag: str | None) -> None:
        """Raise `DavError` unless what has this entity tag may go."""
        require(self.place, UNBIND)
        refuse_unseen(self.place, etag)
        self.conditions.check_write(etag, changed_at(self.place, self.conditions))


def write_guard(place: Resource, request: Request) -> WriteGuard:
    """Return the guard of a request that writes a member."""
    return WriteGuard(place, read_conditions(request.header))


def remove_guard(place: Resource, request: Request) -> RemoveGuard:
    """Return the guard of a request that removes a member."""
    return RemoveGuard(place, read_conditions(request.header))


def require(place: Resource, privilege: str) -> None:
    """Raise unless the requester holds a privilege on the collection of a member."""
    if not place.access.holds(privilege):
        raise need_privileges(collection_path(place), privilege)


def refuse_unseen(place: Resource, etag: str | None) -> None:
    """Raise where there is something that the requester is not shown as it is.

    He would write over what is private, or put a veil in the place of what is confidential.
    """
    if etag is None or place.access.sees_private or not place.is_calendar or place.info is None:
        return
    if not is_whole(place.info.collection_id, place.segment):
        raise DavError(403, "What is there is private: its owner alone changes it.")


def changed_at(place: Resource, conditions: Conditions) -> int | None:
    """Return when what is at a place was changed, where a condition asks for it."""
    if conditions.unmodified_since is None or place.info is None:
        return None
    row = queries.find_resource(place.info.collection_id, place.segment)
    return row.changed_at if row is not None else None
