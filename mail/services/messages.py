"""Appending, copying, moving and expunging messages."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db import connection

from groupware.core import crashpoints, db, outbox
from groupware.core.changes import Change, begin_change, touch_collection
from groupware.core.clock import epoch
from groupware.core.errors import NotFound, Stale
from mail.flags import DELETED, SEEN, join_keywords
from mail.services import content, threads
from mail.services.content import PreparedMessage, prepare_message
from mail.services.keywords import add_mailbox_keywords, spell_keywords, spell_stored
from mail.uidset import Ranges, chunks, sql_condition, to_ranges

__all__ = [
    "Appended",
    "Copied",
    "PreparedMessage",
    "append_message",
    "copy_messages",
    "expunge_messages",
    "move_messages",
    "prepare_message",
]

FINISH_MOVE = "mail.finish-move"


@dataclass(frozen=True, slots=True)
class Appended:
    """Where an appended message is."""

    uid_validity: int
    uid: int
    modseq: int


@dataclass(frozen=True, slots=True)
class Copied:
    """Which messages were copied or moved, and where to; pairs in order (RFC 4315 COPYUID)."""

    uid_validity: int
    source_uids: list[int]
    target_uids: list[int]


def append_message(  # noqa: PLR0913 (keyword-only, each a column)
    account_id: int,
    collection_id: int,
    prepared: PreparedMessage,
    *,
    flags: int = 0,
    keywords: Sequence[str] = (),
    internal_date: int | None = None,
    internal_zone: int = 0,
    prefix: bytes = b"",
) -> Appended:
    """Add a message to a mailbox; durable after the outermost commit.

    `prefix` are header fields; before a message that is all body, a blank line ends them.
    Raises `OverQuota`, `Stale` when the mailbox is gone, `BlobGone` when the message must be
    prepared again.
    """
    now = epoch()
    if prefix and not prepared.has_header:
        prefix += b"\r\n"
    size = len(prefix) + prepared.staged.size
    with db.write_transaction():
        change = begin_change(account_id, add_bytes=size, add_items=1)
        blob_id = content.claim_content(prepared)
        uid = touch_collection(change, collection_id, uids=1, items=1, size=size)
        thread_id, email_id = threads.assign_thread(account_id, prepared.references)
        stored_keywords = join_keywords(spell_keywords(collection_id, keywords))
        uid_validity = _count_mailbox(
            collection_id,
            unseen=0 if flags & SEEN else 1,
            deleted=1 if flags & DELETED else 0,
            keywords=stored_keywords,
        )
        row = {
            "account_id": account_id,
            "collection_id": collection_id,
            "uid": uid,
            "modseq": change.modseq,
            "created_modseq": change.modseq,
            "size": size,
            "flags": flags,
            "keywords": stored_keywords,
            "prefix_size": len(prefix),
            "internal_date": now if internal_date is None else internal_date,
            "internal_zone": internal_zone,
            "saved_at": now,
            "email_id": email_id,
            "thread_id": thread_id,
            "blob_id": blob_id,
        }
        _insert_message(row, prefix)
    return Appended(uid_validity, uid, change.modseq)


def _insert_message(row: dict[str, Any], prefix: bytes) -> None:
    columns = ", ".join(row)
    places = ", ".join(["%s"] * len(row))
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO mail_message ({columns}) VALUES ({places}) RETURNING id",
            list(row.values()),
        )
        if prefix:
            cursor.execute(
                "INSERT INTO mail_messageprefix (message_id, data) VALUES (%s, %s)",
                [cursor.fetchone()[0], prefix],
            )


def _count_mailbox(
    collection_id: int, *, unseen: int = 0, deleted: int = 0, keywords: str = ""
) -> int:
    """Add to the mailbox's counters and keywords; return its uid_validity."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE mail_mailbox SET unseen = unseen + %s, deleted = deleted + %s"
            " WHERE collection_id = %s AND selectable RETURNING keywords",
            [unseen, deleted, collection_id],
        )
        row = cursor.fetchone()
        if row is None:
            raise Stale("The mailbox is gone.")
        if keywords:
            add_mailbox_keywords(collection_id, row[0], keywords.split())
        cursor.execute("SELECT uid_validity FROM core_collection WHERE id = %s", [collection_id])
        return int(cursor.fetchone()[0])


_COPIED_COLUMNS = (
    "size, flags, keywords, prefix_size, internal_date, internal_zone, email_id, thread_id, blob_id"
)


def _select_for_copy(collection_id: int, ranges: Ranges) -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = []
    with connection.cursor() as cursor:
        for chunk in chunks(ranges):
            condition, params = sql_condition("m.uid", chunk)
            cursor.execute(
                f"SELECT m.uid, p.data, {_COPIED_COLUMNS} FROM mail_message m"
                " LEFT JOIN mail_messageprefix p ON p.message_id = m.id"
                f" WHERE m.collection_id = %s AND {condition} ORDER BY m.uid",
                [collection_id, *params],
            )
            rows += cursor.fetchall()
    return rows


def copy_messages(
    account_id: int,
    collection_id: int,
    ranges: Ranges,
    target_account_id: int,
    target_collection_id: int,
) -> Copied:
    """Copy messages, all or none; flags and dates come along, within an account also the ids.

    The target's owner pays. Raises `OverQuota`, `Stale`.
    """
    with db.write_transaction():
        if account_id == target_account_id:
            begin_change(account_id)  # the lock, before the rows are read
            rows = _select_for_copy(collection_id, ranges)
            return _insert_copies(rows, account_id, target_collection_id)
        rows = _select_for_copy(collection_id, ranges)
        return _insert_copies(rows, target_account_id, target_collection_id, foreign=True)


def _insert_copies(
    rows: list[tuple[Any, ...]],
    account_id: int,
    collection_id: int,
    *,
    foreign: bool = False,
    charged: bool = True,
) -> Copied:
    """Write copies of `rows` to a mailbox, in the caller's transaction.

    `foreign` rows are not held by the account's lock; where not `charged`, the originals go.
    """
    if not rows:
        return Copied(_count_mailbox(collection_id), [], [])
    size = sum(row[2] for row in rows)
    cost = {"add_bytes": size, "add_items": len(rows)} if charged else {}
    change = begin_change(account_id, **cost)
    if foreign:
        rows = _adopt(rows, account_id)
    uid = touch_collection(change, collection_id, uids=len(rows), items=len(rows), size=size)
    spelled = spell_stored(collection_id, {row[4] for row in rows})
    uid_validity = _count_mailbox(
        collection_id,
        unseen=sum(1 for row in rows if not row[3] & SEEN),
        deleted=sum(1 for row in rows if row[3] & DELETED),
        keywords=join_keywords(" ".join(spelled.values()).split()),
    )
    now = epoch()
    values = []
    prefixes: list[tuple[int, bytes]] = []
    for offset, row in enumerate(rows):
        ours = (account_id, collection_id, uid + offset, change.modseq, change.modseq, now)
        values.append((*ours, *row[2:4], spelled[row[4]], *row[5:]))
        if row[1] is not None:
            prefixes.append((uid + offset, bytes(row[1])))
    _insert_many(values, prefixes, collection_id)
    return Copied(uid_validity, [row[0] for row in rows], list(range(uid, uid + len(rows))))


def _adopt(rows: list[tuple[Any, ...]], account_id: int) -> list[tuple[Any, ...]]:
    """Hold the blobs of another account's rows, and give them ids of this account's own.

    Threads are an account's own, so each joins the one that it belongs to here; and with another
    THREADID it is another email, since copies of one agree in it (RFC 8474 §5).
    """
    blob_ids = sorted({row[10] for row in rows})
    for blob_id in blob_ids:
        if not db.key_share("core_blob", blob_id):
            raise Stale("A message is gone.")
    references = content.find_references(blob_ids)
    emails = {row[8]: references.get(row[10], ()) for row in rows}
    assigned = threads.assign_threads(account_id, emails.values())
    own = {email: (new, thread) for email, (thread, new) in zip(emails, assigned, strict=True)}
    return [(*row[:8], *own[row[8]], row[10]) for row in rows]


def _insert_many(
    values: list[tuple[Any, ...]], prefixes: list[tuple[int, bytes]], collection_id: int
) -> None:
    places = ", ".join(["%s"] * 15)
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO mail_message (account_id, collection_id, uid, modseq, created_modseq,"
            f" saved_at, {_COPIED_COLUMNS}) VALUES ({places})",
            values,
        )
        if prefixes:
            cursor.executemany(
                "INSERT INTO mail_messageprefix (message_id, data)"
                " SELECT id, %s FROM mail_message WHERE collection_id = %s AND uid = %s",
                [(data, collection_id, uid) for uid, data in prefixes],
            )


def move_messages(
    account_id: int,
    collection_id: int,
    ranges: Ranges,
    target_account_id: int,
    target_collection_id: int,
) -> Copied:
    """Move messages, all or none (RFC 6851).

    Within an account it is one transaction, and costs nothing: a full account empties itself
    into its Trash. Across accounts the copies and an outbox row are
    one transaction, the removal a second that the row makes sure of: after a crash the
    messages are in both places, never in neither. Raises `OverQuota`, `Stale`.
    """
    if account_id == target_account_id:
        with db.write_transaction():
            begin_change(account_id)  # the lock, before the rows are read
            rows = _select_for_copy(collection_id, ranges)
            copied = _insert_copies(rows, account_id, target_collection_id, charged=False)
            uids = to_ranges(copied.source_uids)
            _remove(account_id, collection_id, uids, charged=False)
        return copied
    with db.write_transaction():
        uid_validity = _uid_validity(collection_id)
        rows = _select_for_copy(collection_id, ranges)
        copied = _insert_copies(rows, target_account_id, target_collection_id, foreign=True)
        row_id = outbox.add(
            FINISH_MOVE,
            {
                "account": account_id,
                "collection": collection_id,
                "uid_validity": uid_validity,
                "ranges": to_ranges(copied.source_uids),
            },
            account_id=target_account_id,
        )
        db.on_commit(partial(crashpoints.reach, "move-copied"))
        outbox.run_after_commit(row_id)
    return copied


def _uid_validity(collection_id: int) -> int:
    """Return the UIDVALIDITY of a mailbox, 0 when it is gone."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT uid_validity FROM core_collection WHERE id = %s", [collection_id])
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def finish_move(payload: dict[str, Any]) -> None:
    """Remove the source of a cross-account move; a second run finds nothing to do.

    A mailbox that was deleted since took the messages with it; under another UIDVALIDITY their
    UIDs are those of other messages.
    """
    ranges = [(first, last) for first, last in payload["ranges"]]
    with db.write_transaction():
        try:
            begin_change(payload["account"])  # the lock, before the rows are read
        except NotFound:  # the account is gone
            return
        if _uid_validity(payload["collection"]) == payload["uid_validity"]:
            _remove(payload["account"], payload["collection"], ranges)
    crashpoints.reach("move-removed")


def expunge_messages(
    account_id: int, collection_id: int, ranges: Ranges | None = None
) -> list[int]:
    r"""Remove the messages that have `\Deleted`, of all or of `ranges`; return their UIDs."""
    with db.write_transaction():
        begin_change(account_id)
        found = _select_deleted(collection_id, ranges)
        if found:
            _remove(account_id, collection_id, to_ranges(found))
    return found


def _select_deleted(collection_id: int, ranges: Ranges | None) -> list[int]:
    uids: list[int] = []
    with connection.cursor() as cursor:
        for chunk in chunks([(1, 2**63 - 1)] if ranges is None else ranges):
            condition, params = sql_condition("uid", chunk)
            cursor.execute(
                "SELECT uid FROM mail_message WHERE collection_id = %s"
                f" AND flags & %s <> 0 AND {condition} ORDER BY uid",
                [collection_id, DELETED, *params],
            )
            uids += [row[0] for row in cursor.fetchall()]
    return uids


def _remove(account_id: int, collection_id: int, ranges: Ranges, *, charged: bool = True) -> None:
    """Delete the messages of `ranges` and leave tombstones, in the caller's transaction.

    The caller holds the account's lock; where not `charged`, their copies keep what they cost.
    """
    gone: list[tuple[int, int, int, int]] = []
    with connection.cursor() as cursor:
        for chunk in chunks(ranges):
            condition, params = sql_condition("uid", chunk)
            cursor.execute(
                "SELECT uid, size, flags, id FROM mail_message"
                f" WHERE collection_id = %s AND account_id = %s AND {condition} ORDER BY uid",
                [collection_id, account_id, *params],
            )
            gone += cursor.fetchall()
        if not gone:
            return
        for table, column in (("mail_messageprefix", "message_id"), ("mail_message", "id")):
            condition_sql, values = db.in_list(column, [row[3] for row in gone])
            cursor.execute(f"DELETE FROM {table} WHERE {condition_sql}", values)
        for chunk in chunks(ranges):
            condition, params = sql_condition("uid", chunk)
            cursor.execute(
                f"DELETE FROM mail_messagereader WHERE collection_id = %s AND {condition}",
                [collection_id, *params],
            )
    size = sum(row[1] for row in gone)
    refund = {"add_bytes": -size, "add_items": -len(gone)} if charged else {}
    change = begin_change(account_id, **refund)
    touch_collection(change, collection_id, items=-len(gone), size=-size)
    _count_mailbox(
        collection_id,
        unseen=-sum(1 for row in gone if not row[2] & SEEN),
        deleted=-sum(1 for row in gone if row[2] & DELETED),
    )
    _write_tombstones(change, collection_id, to_ranges(row[0] for row in gone))


def _write_tombstones(change: Change, collection_id: int, ranges: Ranges) -> None:
    now = epoch()
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO core_tombstone (account_id, collection_id, uid_first, uid_last, href,"
            " modseq, created_at) VALUES (%s, %s, %s, %s, '', %s, %s)",
            [
                (change.account_id, collection_id, first, last, change.modseq, now)
                for first, last in ranges
            ],
        )
