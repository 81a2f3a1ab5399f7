"""Writing single resources; each function stands in the caller's transaction or makes its own.

An app's service adds what it knows of the content in the same transaction (`put_resource` returns
the row's id). Durable after the outermost commit, which also publishes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

from groupware.core import db, limits
from groupware.core.blobs import check_reserve
from groupware.core.changes import Change, begin_change, lock_account, touch_collection
from groupware.core.clock import epoch
from groupware.core.errors import GroupwareError, Invalid, LimitExceeded, NotFound, TooLarge
from groupware.core.models.resources import MAX_SEGMENT

MAX_UID = 1000
"""Octets of a UID: it is the key of an index, whose entries PostgreSQL bounds."""
ETAG_DIGITS = 32
"""Hexadecimal digits of an entity tag: half of a SHA-256."""


class PreconditionFailed(GroupwareError):
    """The resource is not in the state that the request was made for (RFC 9110 §13)."""


class UidTaken(GroupwareError):
    """The collection holds the UID already, at another href (RFC 4791 §5.3.2.1)."""

    def __init__(self, href: str) -> None:
        super().__init__(f"The collection has this UID already, at {href}.")
        self.href = href


Check = Callable[[str | None], None]
"""Is given the entity tag that an href has, None where there is nothing; raises
`PreconditionFailed`. It is called under the account's lock."""


def anything(_etag: str | None) -> None:
    """Let whatever is there be written over."""


@dataclass(frozen=True, slots=True)
class Content:
    """What is to be put: the exact bytes, and what was read of them."""

    data: bytes
    ical_uid: str | None
    component: str

    @property
    def etag(self) -> str:
        """The entity tag of these bytes, without quotes."""
        return etag_of(self.data)


def etag_of(data: bytes) -> str:
    """Return the entity tag of bytes: the same wherever and whenever they are put."""
    return sha256(data).hexdigest()[:ETAG_DIGITS]


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a put. `is_changed` is False where the same bytes were there."""

    resource_id: int
    etag: str
    modseq: int
    is_new: bool
    is_changed: bool = True


@dataclass(frozen=True, slots=True)
class _Held:
    resource_id: int
    etag: str
    size: int
    modseq: int


def put_resource(
    account_id: int, collection_id: int, href: str, content: Content, *, check: Check = anything
) -> Written:
    """Store a resource at an href of the account's collection, new or over what is there.

    Raises what `check` raises, `UidTaken`, `TooLarge`, `OverQuota`, `LimitExceeded`, `DiskReserve`,
    `Invalid` for an href or a UID that cannot be one, `Stale` when the collection is gone.
    """
    check_href(href)
    _check_size(content)
    check_reserve()
    with db.write_transaction():
        lock_account(account_id)
        held = _find(collection_id, href)
        check(held.etag if held else None)
        if held is not None and held.etag == content.etag:
            return Written(held.resource_id, held.etag, held.modseq, is_new=False, is_changed=False)
        _check_uid(collection_id, href, content.ical_uid)
        size = len(content.data)
        grown, more = size - (held.size if held else 0), 0 if held else 1
        change = begin_change(account_id, add_bytes=grown, add_items=more)
        touch_collection(change, collection_id, items=more, size=grown)
        if held is None:
            _check_room(collection_id)
            resource_id = _insert(change, collection_id, href, content)
        else:
            resource_id = held.resource_id
            _update(change, resource_id, content)
        return Written(resource_id, content.etag, change.modseq, is_new=held is None)


def _check_size(content: Content) -> None:
    if len(content.data) > (most := limits.RESOURCE_SIZE.value):
        raise TooLarge(f"An event, a task or a card has at most {most} octets.")
    uid = content.ical_uid
    if uid is not None and (not uid or len(uid.encode()) > MAX_UID or "\0" in uid):
        raise Invalid(f"A UID has 1 to {MAX_UID} octets, none of them NUL.")


def check_href(href: str) -> None:
    """Raise `Invalid` for what cannot be the last segment of a URL's path."""
    if not href or len(href) > MAX_SEGMENT or href in {".", ".."} or "/" in href:
        raise Invalid(f"A resource's name has 1 to {MAX_SEGMENT} characters, none of them a slash.")
    if any(ord(char) < 32 or 127 <= ord(char) < 160 for char in href):
        raise Invalid("A resource's name has no control characters.")
    if any("\ud800" <= char <= "\udfff" for char in href):
        raise Invalid("A resource's name is text in UTF-8.")


def _find(collection_id: int, href: str) -> _Held | None:
    rows = db.fetch_rows(
        "SELECT id, etag, size, modseq FROM core_resource WHERE collection_id = %s AND href = %s",
        [collection_id, href],
    )
    return _Held(*rows[0]) if rows else None


def _check_uid(collection_id: int, href: str, ical_uid: str | None) -> None:
    if ical_uid is None:
        return
    rows = db.fetch_rows(
        "SELECT href FROM core_resource WHERE collection_id = %s AND ical_uid = %s",
        [collection_id, ical_uid],
    )
    if rows and rows[0][0] != href:
        raise UidTaken(rows[0][0])


def _check_room(collection_id: int) -> None:
    most = limits.RESOURCES.value
    if db.fetch_rows(
        "SELECT 1 FROM core_collection WHERE id = %s AND items > %s", [collection_id, most]
    ):
        raise LimitExceeded(f"A calendar or address book holds at most {most} items.")


def _insert(change: Change, collection_id: int, href: str, content: Content) -> int:
    now = epoch()
    ((resource_id,),) = db.fetch_rows(
        "INSERT INTO core_resource (account_id, collection_id, modseq, created_modseq, size, href,"
        " ical_uid, component, etag, created_at, changed_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING id",
        [
            change.account_id,
            collection_id,
            change.modseq,
            change.modseq,
            len(content.data),
            href,
            content.ical_uid,
            content.component,
            content.etag,
            now,
            now,
        ],
    )
    db.execute(
        "INSERT INTO core_resourcedata (resource_id, data) VALUES (%s, %s)",
        [resource_id, content.data],
    )
    return int(resource_id)


def _update(change: Change, resource_id: int, content: Content) -> None:
    db.execute(
        "UPDATE core_resource SET modseq = %s, size = %s, ical_uid = %s, component = %s, etag = %s,"
        " changed_at = %s WHERE id = %s",
        [
            change.modseq,
            len(content.data),
            content.ical_uid,
            content.component,
            content.etag,
            epoch(),
            resource_id,
        ],
    )
    db.execute(
        "UPDATE core_resourcedata SET data = %s WHERE resource_id = %s", [content.data, resource_id]
    )


def touch_resource(account_id: int, collection_id: int, resource_id: int) -> int:
    """Let clients read a resource again whose bytes stay as they are; return the modseq of it.

    In the caller's transaction. Raises `Stale` when the collection is gone.
    """
    change = begin_change(account_id)
    touch_collection(change, collection_id)
    db.execute("UPDATE core_resource SET modseq = %s WHERE id = %s", [change.modseq, resource_id])
    return change.modseq


def remove_resource(
    account_id: int,
    collection_id: int,
    href: str,
    *,
    forget: Callable[[int], bool | None],
    check: Check = anything,
) -> int:
    """Remove a resource and leave a tombstone; return the modseq of it.

    `forget(resource_id)` removes the rows of the app that hang on it, and tells of one that was
    private. Raises what `check` raises, and `NotFound`.
    """
    with db.write_transaction():
        lock_account(account_id)
        held = _find(collection_id, href)
        check(held.etag if held else None)
        if held is None:
            raise NotFound(f"There is no {href} here.")
        change = begin_change(account_id, add_bytes=-held.size, add_items=-1)
        touch_collection(change, collection_id, items=-1, size=-held.size)
        is_hidden = bool(forget(held.resource_id))
        db.execute("DELETE FROM core_resourcedata WHERE resource_id = %s", [held.resource_id])
        db.execute("DELETE FROM core_resource WHERE id = %s", [held.resource_id])
        leave_tombstone(account_id, collection_id, href, change.modseq, is_hidden=is_hidden)
        return change.modseq


def leave_tombstone(
    account_id: int, collection_id: int, href: str, modseq: int, *, is_hidden: bool = False
) -> None:
    """Note that an href is gone, or that it became private, in the caller's transaction."""
    db.execute(
        "INSERT INTO core_tombstone (account_id, collection_id, uid_first, uid_last, href,"
        " is_hidden, modseq, created_at) VALUES (%s, %s, 0, 0, %s, %s, %s, %s)",
        [account_id, collection_id, href, is_hidden, modseq, epoch()],
    )
