"""Locks that are in force (RFC 4918 §6, §7): which cover a place, and whose tokens open them."""

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from groupware.core import db
from groupware.core.clock import epoch

_LOCK = (
    "SELECT collection_id, href, is_deep, is_shared, token, holder_id, note, expires_at"
    " FROM dav_davlock"
)


class Lock(NamedTuple):
    """A lock as it was read (`groupware.dav.models.DavLock`)."""

    collection_id: int
    href: str
    is_deep: bool
    is_shared: bool
    token: str
    holder_id: int
    note: str
    expires_at: int

    def covers(self, href: str) -> bool:
        """Tell whether what is at an href, "" for the collection, is locked (RFC 4918 §7.4)."""
        return self.href == href or (not self.href and self.is_deep)


class Want(NamedTuple):
    """What a request is going to write in a collection.

    `href` is a member's, "" for the collection itself. `is_membership`: it comes or goes, which
    is a change of its collection too. `is_whole`: everything in the collection.
    """

    collection_id: int
    href: str = ""
    is_membership: bool = False
    is_whole: bool = False


def list_locks(collection_ids: Sequence[int]) -> list[Lock]:
    """Return the locks in collections that are in force."""
    condition, params = db.in_list("collection_id", collection_ids)
    rows = db.fetch_rows(
        f"{_LOCK} WHERE {condition} AND expires_at > %s ORDER BY id", [*params, epoch()]
    )
    return [Lock(*row) for row in rows]


def locks_about(want: Want) -> list[Lock]:
    """Return the locks that stand against a write. Hot: each PUT asks."""
    if want.is_whole:
        return list_locks([want.collection_id])
    rows = db.fetch_rows(
        f"{_LOCK} WHERE collection_id = %s AND href IN ('', %s) AND expires_at > %s",
        [want.collection_id, want.href, epoch()],
    )
    return [
        lock
        for lock in (Lock(*row) for row in rows)
        if lock.covers(want.href) or (want.is_membership and not lock.href)
    ]


def closed_by(locks: Iterable[Lock], tokens: Collection[str], account_id: int) -> list[str]:
    """Return the hrefs of locks of which nobody's token opens one (RFC 4918 §7.5, §10.4.1).

    Of locks at one place, which are several where they are shared, one token is enough.
    """
    by_place: dict[str, bool] = {}
    for lock in locks:
        opens = lock.holder_id == account_id and lock.token in tokens
        by_place[lock.href] = by_place.get(lock.href, False) or opens
    return [href for href, is_open in by_place.items() if not is_open]
