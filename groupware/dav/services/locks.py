"""Taking, renewing and giving back locks."""

import uuid
from dataclasses import dataclass
from typing import Final

from groupware.core import db, limits
from groupware.core.changes import lock_account
from groupware.core.clock import epoch
from groupware.core.errors import GroupwareError, LimitExceeded, NotFound
from groupware.core.resources.queries import CollectionInfo, find_resource
from groupware.dav.locks import Lock, list_locks

PREFIX: Final = "urn:uuid:"
_BATCH: Final = 1_000


class Conflict(GroupwareError):
    """Another lock is in force where one was asked for; `locks` are those that stand against it."""

    def __init__(self, locks: list[Lock]) -> None:
        super().__init__("It is locked by somebody else.")
        self.locks = locks


@dataclass(frozen=True, slots=True)
class Wish:
    """A lock as it is asked for; `seconds` 0 is as long as can be."""

    href: str
    is_deep: bool
    is_shared: bool
    note: str
    seconds: int


def take_lock(info: CollectionInfo, holder_id: int, wish: Wish) -> Lock:
    """Lock a collection, or a member that is there.

    Raises `Conflict`, `NotFound`, `LimitExceeded`.
    """
    with db.write_transaction():
        lock_account(info.account_id)
        if not db.key_share("core_collection", info.collection_id):
            raise NotFound("The collection is gone.")
        if wish.href and find_resource(info.collection_id, wish.href) is None:
            raise NotFound("There is nothing to lock.")
        standing = [lock for lock in list_locks([info.collection_id]) if _conflicts(wish, lock)]
        if standing:
            raise Conflict(standing)
        _check_room(holder_id)
        lock = Lock(
            info.collection_id,
            wish.href,
            wish.is_deep,
            wish.is_shared,
            PREFIX + str(uuid.uuid4()),
            holder_id,
            wish.note,
            _until(wish.seconds),
        )
        db.execute(
            "INSERT INTO dav_davlock (account_id, collection_id, href, is_deep, is_shared, token,"
            " holder_id, note, expires_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [info.account_id, *lock],
        )
        return lock


def _conflicts(wish: Wish, lock: Lock) -> bool:
    """Tell whether two locks cannot be in force together (RFC 4918 §6.2, §9.10.5)."""
    if wish.is_shared and lock.is_shared:
        return False
    return lock.covers(wish.href) or (wish.is_deep and not wish.href)


def renew_lock(token: str, holder_id: int, seconds: int) -> None:
    """Begin the time of a lock anew (RFC 4918 §9.10.2); raises `NotFound`."""
    with db.write_transaction():
        changed = db.execute(
            "UPDATE dav_davlock SET expires_at = %s"
            " WHERE token = %s AND holder_id = %s AND expires_at > %s",
            [_until(seconds), token, holder_id, epoch()],
        )
        if not changed:
            raise NotFound("The lock is over.")


def release_lock(token: str) -> None:
    """Give a lock back; raises `NotFound`."""
    with db.write_transaction():
        if not db.execute("DELETE FROM dav_davlock WHERE token = %s", [token]):
            raise NotFound("The lock is over.")


def forget_locks(locks: list[Lock]) -> None:
    """Remove the locks of what is gone (RFC 4918 §9.6)."""
    if locks:
        with db.write_transaction():
            condition, params = db.in_list("token", [lock.token for lock in locks])
            db.execute(f"DELETE FROM dav_davlock WHERE {condition}", params)


def remove_expired() -> int:
    """Remove the locks that are over, and return how many."""
    total = 0
    while removed := _remove_batch():
        total += removed
    return total


def _remove_batch() -> int:
    if not db.finds("SELECT 1 FROM dav_davlock WHERE expires_at <= %s", [epoch()]):
        return 0
    with db.write_transaction():
        return db.execute(
            "DELETE FROM dav_davlock WHERE id IN"
            f" (SELECT id FROM dav_davlock WHERE expires_at <= %s LIMIT {_BATCH})",
            [epoch()],
        )


def _check_room(holder_id: int) -> None:
    ((held,),) = db.fetch_rows(
        "SELECT COUNT(*) FROM dav_davlock WHERE holder_id = %s AND expires_at > %s",
        [holder_id, epoch()],
    )
    if held >= (most := limits.DAV_LOCKS.value):
        raise LimitExceeded(f"An account holds at most {most} locks at once.")


def _until(seconds: int) -> int:
    most = limits.DAV_LOCK_TIMEOUT.value
    return epoch() + (min(seconds, most) if seconds else most)
