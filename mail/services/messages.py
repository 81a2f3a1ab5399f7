"""Appending and expunging messages."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from groupware.core import db
from groupware.core.changes import Change, begin_change, lock_account, touch_collection
from groupware.core.clock import epoch
from groupware.core.errors import Stale
from mail.chunkflags import with_keywords
from mail.flags import DELETED, OWNER, SEEN, Actor, join_keywords
from mail.services import content, expunged, threads
from mail.services.chosen import Chosen, choose
from mail.services.chunks import note_arrivals, remove_flags
from mail.services.content import PreparedMessage, prepare_message
from mail.services.keywords import add_mailbox_keywords, spell_keywords
from mail.services.readers import note_seen
from mail.uidset import EVERY_UID, Ranges, chunks, list_uids, sql_condition

__all__ = [
    "Appended",
    "PreparedMessage",
    "append_message",
    "count_mailbox",
    "expunge_messages",
    "prepare_message",
    "remove_messages",
]


@dataclass(frozen=True, slots=True)
class Appended:
    """Where an appended message is."""

    uid_validity: int
    uid: int
    modseq: int


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
    actor: Actor = OWNER,
    beyond: int = 0,
) -> Appended:
    """Add a message to a mailbox; durable after the outermost commit.

    Flags that the actor may not set are left out (RFC 4314 §4). `prefix` are header fields;
    before a message that is all body, a blank line ends them. Has the quota
    no room, `beyond` octets more have. Raises `OverQuota`, `Stale` when the mailbox is gone, `BlobGone` when
    the message must be prepared again.
    """
    now = epoch()
    if prefix and not prepared.has_header:
        prefix += b"\r\n"
    size = len(prefix) + prepared.staged.size
    flags, keywords = flags & actor.mask, keywords if actor.keywords else ()
    reader_id = actor.reader_in(account_id)
    seen_by_reader = bool(reader_id and flags & SEEN)
    flags = flags & ~SEEN if reader_id else flags
    with db.write_transaction():
        change = begin_change(account_id, add_bytes=size, add_items=1, beyond=beyond)
        blob_id = content.claim_content(prepared)
        uid = touch_collection(change, collection_id, uids=1, items=1, size=size)
        thread_id, email_id = threads.assign_thread(account_id, prepared.references)
        stored_keywords = join_keywords(spell_keywords(collection_id, keywords))
        uid_validity = count_mailbox(
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
        note_arrivals(change, collection_id, uid, [with_keywords(flags, stored_keywords)])
        if seen_by_reader:
            note_seen(change, collection_id, reader_id, [uid], seen=True)
    return Appended(uid_validity, uid, change.modseq)


def _insert_message(row: dict[str, Any], prefix: bytes) -> None:
    columns = ", ".join(row)
    places = ", ".join(["%s"] * len(row))
    ((message_id,),) = db.fetch_rows(
        f"INSERT INTO mail_message ({columns}) VALUES ({places}) RETURNING id",
        list(row.values()),
    )
    if prefix:
        db.execute(
            "INSERT INTO mail_messageprefix (message_id, data) VALUES (%s, %s)",
            [message_id, prefix],
        )


def count_mailbox(
    collection_id: int, *, unseen: int = 0, deleted: int = 0, keywords: str = ""
) -> int:
    """Add to the mailbox's counters and keywords; return its uid_validity."""
    rows = db.fetch_rows(
        "UPDATE mail_mailbox SET unseen = unseen + %s, deleted = deleted + %s"
        " WHERE collection_id = %s AND selectable RETURNING keywords,"
        " (SELECT uid_validity FROM core_collection c WHERE c.id = collection_id)",
        [unseen, deleted, collection_id],
    )
    if not rows:
        raise Stale("The mailbox is gone.")
    held, uid_validity = rows[0]
    if keywords:
        add_mailbox_keywords(collection_id, held, keywords.split())
    return int(uid_validity)


def expunge_messages(
    account_id: int, collection_id: int, ranges: Ranges | None = None
) -> list[int]:
    r"""Remove the messages that have `\Deleted`, of all or of `ranges`; return their UIDs."""
    asked = EVERY_UID if ranges is None else ranges
    with db.write_transaction():
        lock_account(account_id)
        gone = choose(account_id, collection_id, asked, flags=DELETED)
        _remove(account_id, gone, charged=True, kept=True)
    return list_uids(gone.ranges)


def remove_messages(
    account_id: int,
    collection_id: int,
    ranges: Ranges,
    *,
    charged: bool = True,
    kept: bool = False,
) -> None:
    """Delete the messages of `ranges` and leave tombstones, in the caller's transaction.

    The caller holds the account's lock; where not `charged`, their copies keep what they cost.
    What is `kept` can be restored for a while.
    """
    _remove(account_id, choose(account_id, collection_id, ranges), charged=charged, kept=kept)


def _remove(account_id: int, chosen: Chosen, *, charged: bool, kept: bool) -> None:
    """Remove messages. Hot: a few statements, however many they are."""
    if not chosen.ranges:
        return
    total, collection_id = chosen.total(), chosen.collection_id
    for condition, params in chosen.conditions():
        if kept:
            expunged.keep_messages(condition, params, mask=chosen.common_mask)
        _delete(condition, params, prefixed=total.prefix_size > 0)
    for chunk in chunks(chosen.ranges):
        condition, params = sql_condition("uid", chunk)
        db.execute(
            f"DELETE FROM mail_messagereader WHERE collection_id = %s AND {condition}",
            [collection_id, *params],
        )
    remove_flags(collection_id, chosen.ranges)
    size, items = (total.size, total.count) if charged else (0, 0)
    change = begin_change(account_id, add_bytes=-size, add_items=-items)
    touch_collection(change, collection_id, items=-total.count, size=-total.size)
    count_mailbox(collection_id, unseen=-total.unseen, deleted=-total.deleted)
    _write_tombstones(change, collection_id, chosen.ranges)


def _delete(condition: str, params: list[int], *, prefixed: bool) -> None:
    """Delete the rows of messages `m`, those of their prefixes first where any has one."""
    if prefixed:
        db.execute(
            "DELETE FROM mail_messageprefix WHERE message_id IN"
            f" (SELECT m.id FROM mail_message m WHERE {condition})",
            params,
        )
    db.execute(f"DELETE FROM mail_message AS m WHERE {condition}", params)


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
