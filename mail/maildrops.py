"""Reads for POP3: a snapshot of INBOX as narrow arrays, and the messages of it.

Hot: `open_maildrop` at each login (100,000 messages are two statements and a pass over the
index of their UIDs), `read_whole` for RETR. Run inside `db.read_snapshot`.
"""

from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from groupware.core import blobs, db, limits
from groupware.core.clock import epoch
from mail import queries
from mail.columns import select_columns, tables_of
from mail.keptmaildrops import Listing, Memory, listing_of
from mail.models.pop3 import DeleteAction
from mail.retention import Expiry, find_expiry
from mail.uidset import sql_condition, to_ranges

BATCH = 10_000
"""Rows that are tuples at once while the arrays are made."""
_PLACES = ("prefix", "blob_location")
_COLUMNS = (*_PLACES, "blob_size")


@dataclass(frozen=True, slots=True)
class Policy:
    r"""How POP3 acts on an account; `hide_days` 0 is for ever, `marks_seen` that RETR sets `\Seen`.

    `is_own`: it is the account's and not the installation's.
    """

    action: str
    hide_days: int
    marks_seen: bool
    is_own: bool


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Which mailbox a session reads, and as of when.

    `modseq` is the last of the account then, `kept_after` the last row of what is expunged.
    """

    account_id: int
    collection_id: int
    uid_validity: int
    modseq: int
    kept_after: int


@dataclass(frozen=True, slots=True)
class Opened:
    """A maildrop at the login: parallel arrays, ascending by UID."""

    snapshot: Snapshot
    policy: Policy
    expiry: Expiry
    uids: "array[int]"
    sizes: "array[int]"
    email_ids: "array[int]"


@dataclass(frozen=True, slots=True)
class Found:
    """Where the octets of a message are."""

    prefix: bytes
    location: str
    blob_size: int


def get_policy(account_id: int) -> Policy:
    """Return how POP3 acts on an account."""
    rows = db.fetch_rows(
        "SELECT action, hide_days, marks_seen FROM mail_pop3policy WHERE account_id = %s",
        [account_id],
    )
    if rows:
        action, hide_days, marks_seen = rows[0]
        return Policy(action, hide_days, bool(marks_seen), is_own=True)
    action = DeleteAction(settings.GROUPWARE_POP3_DELE).value
    return Policy(action, limits.POP3_HIDE_DAYS.value, settings.GROUPWARE_POP3_SEEN, is_own=False)


def open_maildrop(account_id: int, credential: int, memory: Memory | None = None) -> Opened:
    """Return what a credential sees of INBOX now: of too many the newest; raises `NotFound`.

    With a memory it reads what is not kept there.
    """
    info = queries.get_mailbox(account_id, "INBOX")
    hidden = _list_hidden(info.collection_id, credential)
    most = limits.POP3_MESSAGES.value + len(hidden)
    seen = _list_messages(info, most, memory or Memory()).without(hidden)
    snapshot = _snapshot(account_id, info)
    policy, expiry = get_policy(account_id), find_expiry(account_id)
    return Opened(snapshot, policy, expiry, seen.uids, seen.sizes, seen.email_ids)


def _list_messages(info: queries.MailboxInfo, most: int, memory: Memory) -> Listing:
    """Return the newest messages of a mailbox, up to so many; reads what is not kept of them."""
    if info.items > most:
        return _read_listing(info.collection_id, _uid_before(info.collection_id, most))
    mailbox = (info.collection_id, info.uid_validity)
    kept = memory.find(mailbox)
    listing = kept and kept.followed_by(_read_listing(info.collection_id, kept.last_uid))
    # Invariant: what was kept and is there, and what came, are as many as there are. So of
    # what was kept none went where the sum is that.
    if listing is None or len(listing) != info.items:
        listing = _read_listing(info.collection_id, 0)
    if listing is not kept:
        memory.keep(mailbox, listing)
    return listing


def _read_listing(collection_id: int, after: int) -> Listing:
    listing = listing_of([])
    while True:
        rows = db.fetch_rows(
            "SELECT uid, size, email_id FROM mail_message"
            " WHERE collection_id = %s AND uid > %s ORDER BY uid LIMIT %s",
            [collection_id, max(after, listing.last_uid), BATCH],
        )
        listing = listing.followed_by(listing_of(rows))
        if len(rows) < BATCH:
            return listing


def _list_hidden(collection_id: int, credential: int) -> set[int]:
    rows = db.fetch_rows(
        "SELECT uid FROM mail_pop3hidden WHERE collection_id = %s AND credential = %s"
        " AND (hidden_until = 0 OR hidden_until > %s)",
        [collection_id, credential, epoch()],
    )
    return {row[0] for row in rows}


def _uid_before(collection_id: int, most: int) -> int:
    """Return the UID before the newest `most` messages."""
    rows = db.fetch_rows(
        "SELECT uid FROM mail_message WHERE collection_id = %s ORDER BY uid DESC LIMIT 1 OFFSET %s",
        [collection_id, most],
    )
    return rows[0][0] if rows else 0


def _snapshot(account_id: int, info: queries.MailboxInfo) -> Snapshot:
    [(next_modseq,)] = db.fetch_rows(
        "SELECT next_modseq FROM core_accountstate WHERE account_id = %s", [account_id]
    )
    [(kept,)] = db.fetch_rows("SELECT MAX(id) FROM mail_expungedmessage", [])
    return Snapshot(account_id, info.collection_id, info.uid_validity, next_modseq - 1, kept or 0)


def read_whole(snapshot: Snapshot, uids: Sequence[int]) -> dict[int, bytes]:
    """Return the octets of small messages, by UID, of those that are still in the mailbox.

    Raises `BlobMissing` or `DamagedBlob` where one of them cannot be read.
    """
    return _read(snapshot, uids, blobs.read_whole)


def read_heads(snapshot: Snapshot, uids: Sequence[int]) -> dict[int, bytes]:
    """Return the first octets of messages, as `read_whole` does all of them. Hot: for TOP.

    The header of a usual message, and some lines; or more, or of an unusual one less.
    """
    return _read(snapshot, uids, blobs.read_heads)


def _read(
    snapshot: Snapshot, uids: Sequence[int], read: Callable[[list[str]], list[bytes]]
) -> dict[int, bytes]:
    tables, _ = tables_of(_PLACES)
    condition, params = sql_condition("m.uid", to_ranges(uids))
    rows = db.fetch_rows(
        f"SELECT m.uid, {select_columns(_PLACES)} FROM {tables}"
        f" WHERE m.collection_id = %s AND {condition}",
        [snapshot.collection_id, *params],
    )
    contents = read([location for _, _, location in rows])
    return {
        uid: bytes(prefix) + content if prefix else content
        for (uid, prefix, _), content in zip(rows, contents, strict=True)
    }


def find_present(snapshot: Snapshot, uids: Sequence[int]) -> set[int]:
    """Return which of these UIDs, ascending, are still in the mailbox. Hot: for TOP."""
    condition, params = sql_condition("uid", to_ranges(uids))
    rows = db.fetch_rows(
        f"SELECT uid FROM mail_message WHERE collection_id = %s AND {condition}",
        [snapshot.collection_id, *params],
    )
    return {uid for (uid,) in rows}


def find_content(snapshot: Snapshot, uid: int, email_id: int) -> Found | None:
    """Return where a message of the snapshot is now, None where nothing is left of it.

    In the mailbox, or as a copy where it was moved to since, or among what is expunged and kept.
    The last two cost by what changed in the account since the snapshot.
    """
    tables, _ = tables_of(_COLUMNS)
    columns = select_columns(_COLUMNS)
    here = db.fetch_rows(
        f"SELECT {columns} FROM {tables} WHERE m.collection_id = %s AND m.uid = %s",
        [snapshot.collection_id, uid],
    )
    found = here or _find_moved(snapshot, email_id) or _find_kept(snapshot, uid)
    return _found(found[0]) if found else None


def _find_moved(snapshot: Snapshot, email_id: int) -> list[tuple[Any, ...]]:
    tables, _ = tables_of(_COLUMNS)
    since = snapshot.modseq
    return db.fetch_rows(
        f"SELECT {select_columns(_COLUMNS)} FROM core_collection c"
        " JOIN mail_messagechunk k ON k.collection_id = c.id AND k.modseq > %s"
        f" JOIN {tables.replace('mail_message m', 'mail_message m ON m.collection_id = c.id', 1)}"
        " WHERE c.account_id = %s AND c.kind = 'mail' AND c.highest_modseq > %s"
        " AND m.uid BETWEEN k.chunk * 256 AND k.chunk * 256 + 255"
        " AND m.created_modseq > %s AND m.email_id = %s LIMIT 1",
        [since, snapshot.account_id, since, since, email_id],
    )


def _find_kept(snapshot: Snapshot, uid: int) -> list[tuple[Any, ...]]:
    return db.fetch_rows(
        "SELECT e.prefix, s.location, s.size FROM mail_expungedmessage e"
        " JOIN core_blob s ON s.id = e.blob_id"
        " WHERE e.account_id = %s AND e.id > %s AND e.mailbox_id = %s AND e.uid = %s",
        [snapshot.account_id, snapshot.kept_after, snapshot.collection_id, uid],
    )


def _found(row: tuple[Any, ...]) -> Found:
    prefix, location, blob_size = row
    return Found(bytes(prefix or b""), location, blob_size)
