"""Copying and moving messages, within an account and across."""

from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from django.db import connection

from groupware.core import crashpoints, db, outbox
from groupware.core.changes import Change, begin_change, lock_account, touch_collection
from groupware.core.clock import epoch
from groupware.core.errors import Stale
from mail.chunkflags import HAS_KEYWORDS, with_keywords
from mail.columns import select_columns, tables_of
from mail.flags import DELETED, EVERY_FLAG, OWNER, SEEN, Actor, join_keywords
from mail.retention import is_held, is_mailbox_held
from mail.services import content, sentcopies, threads, training
from mail.services.chosen import Chosen, choose
from mail.services.chunks import note_arrivals
from mail.services.keywords import respell_stored, spell_stored
from mail.services.messages import count_mailbox, remove_messages
from mail.services.readers import copy_seen, list_seen
from mail.uidset import Ranges, chunks, list_uids, sql_condition, to_ranges

FINISH_MOVE = "mail.finish-move"


@dataclass(frozen=True, slots=True)
class Copied:
    """Which messages were copied or moved, and where to; pairs in order (RFC 4315 COPYUID).

    Those that are `leaving` go from the source in a transaction right after the commit.
    """

    uid_validity: int
    source_uids: list[int]
    target_uids: list[int]
    leaving: bool = False


_COPIED_COLUMNS = (
    "size, keywords, prefix_size, internal_date, internal_zone, email_id, thread_id, blob_id"
)


def copy_messages(
    account_id: int,
    collection_id: int,
    ranges: Ranges,
    target_account_id: int,
    target_collection_id: int,
    actor: Actor = OWNER,
) -> Copied:
    """Copy messages, all or none; flags and dates come along, within an account also the ids.

    The target's owner pays. Flags that the actor may not set there are left out. Raises
    `OverQuota`, `Stale`.
    """
    with db.write_transaction():
        if account_id == target_account_id:
            lock_account(account_id)  # before anything is read of them
            own = choose(account_id, collection_id, ranges)
            copied = _copy_own(account_id, own, target_collection_id, actor)
        else:
            source = account_id, collection_id
            foreign = _read_foreign(source, ranges, target_account_id, actor)
            copied = _insert_foreign(foreign, target_account_id, target_collection_id)
        # Programs without MOVE copy, and expunge then.
        _follow_up(collection_id, target_account_id, target_collection_id, copied, actor)
    return copied


def _copy_own(
    account_id: int, originals: Chosen, collection_id: int, actor: Actor, *, charged: bool = True
) -> Copied:
    """Copy what stays in the account, in the caller's transaction that holds its lock.

    Where not `charged`, the originals go. Hot: no message is read, the database copies the rows.
    """
    if not originals.ranges:
        return Copied(count_mailbox(collection_id), [], [])
    total = originals.total()
    size, items = (total.size, total.count) if charged else (0, 0)
    change = begin_change(account_id, add_bytes=size, add_items=items)
    uid = touch_collection(
        change, collection_id, uids=total.count, items=total.count, size=total.size
    )
    has_keywords = actor.keywords and total.with_keywords > 0
    spelled = spell_stored(collection_id, originals.list_keywords()) if has_keywords else {}
    uid_validity = count_mailbox(
        collection_id,
        unseen=total.unseen,
        deleted=total.deleted if actor.mask & DELETED else 0,
        keywords=join_keywords(" ".join(spelled.values()).split()),
    )
    _insert_own(originals, (change, collection_id, uid), actor, prefixed=total.prefix_size > 0)
    respell_stored(collection_id, uid, spelled)
    copied = Copied(uid_validity, list_uids(originals.ranges), list(range(uid, uid + total.count)))
    _copy_seen(change, originals, collection_id, copied, actor)
    return copied


def _insert_own(
    originals: Chosen, target: tuple[Change, int, int], actor: Actor, *, prefixed: bool
) -> None:
    r"""Insert copies of the messages into a target: the change, the mailbox, its first new UID.

    What the actor may not set there is left out (RFC 4314 §4), but for the owner's `\Seen`.
    """
    change, collection_id, uid = target
    allowed = actor.mask | SEEN | (HAS_KEYWORDS if actor.keywords else 0)
    note_arrivals(change, collection_id, uid, [mask & allowed for mask in originals.masks])
    columns = _COPIED_COLUMNS if actor.keywords else _COPIED_COLUMNS.replace("keywords", "''", 1)
    source_id = originals.collection_id
    runs = []
    for first, last in originals.ranges:
        runs.append((uid - first, first, last))
        uid += last - first + 1
    now = epoch()
    within = "m.collection_id = %s AND m.uid BETWEEN %s AND %s"
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO mail_message (account_id, collection_id, uid, modseq, created_modseq,"
            f" saved_at, {_COPIED_COLUMNS}) SELECT account_id, %s, uid + %s, %s, %s, %s, {columns}"
            f" FROM mail_message m WHERE {within} ORDER BY uid",
            [
                (collection_id, shift, change.modseq, change.modseq, now, source_id, first, last)
                for shift, first, last in runs
            ],
        )
        if prefixed:
            cursor.executemany(
                "INSERT INTO mail_messageprefix (message_id, data) SELECT n.id, p.data"
                " FROM mail_message m JOIN mail_messageprefix p ON p.message_id = m.id"
                " JOIN mail_message n ON n.collection_id = %s AND n.uid = m.uid + %s"
                f" WHERE {within}",
                [(collection_id, shift, source_id, first, last) for shift, first, last in runs],
            )


def _copy_seen(
    change: Change, originals: Chosen, collection_id: int, copied: Copied, actor: Actor
) -> None:
    r"""Let everybody's `\Seen` come along, the actor's own where it may be set there."""
    seen = list_seen(originals.collection_id, originals.ranges)
    if not actor.mask & SEEN:
        reader_id = actor.reader_in(change.account_id)
        seen = [(uid, other) for uid, other in seen if other != reader_id]
    if seen:
        copies = dict(zip(copied.source_uids, copied.target_uids, strict=True))
        copy_seen(change, collection_id, seen, copies)


@dataclass(frozen=True, slots=True)
class _Originals:
    """Rows as their copies are to be, and (uid, reader) of those who have seen them."""

    rows: list[tuple[Any, ...]]
    seen: list[tuple[int, int]]


def _read_foreign(source: tuple[int, int], ranges: Ranges, target: int, actor: Actor) -> _Originals:
    r"""Read what goes from one (account, mailbox) to another account: the actor's `\Seen` goes."""
    account_id, collection_id = source
    rows = _select(collection_id, ranges, reader_id=actor.reader_in(account_id))
    reader_id = actor.reader_in(target)
    if not reader_id:
        return _Originals(_limit(rows, actor.mask, actor), [])
    seen = [(row[0], reader_id) for row in rows if row[3] & actor.mask & SEEN]
    return _Originals(_limit(rows, actor.mask & ~SEEN, actor), seen)


def _select(collection_id: int, ranges: Ranges, *, reader_id: int) -> list[tuple[Any, ...]]:
    tables, joined = tables_of(["flags", "prefix"], reader_id)
    flags = select_columns(["flags"], reader_id)
    columns = _COPIED_COLUMNS.replace("size, ", f"m.size, {flags}, ", 1)
    rows: list[tuple[Any, ...]] = []
    for chunk in chunks(ranges):
        condition, params = sql_condition("m.uid", chunk)
        rows += db.fetch_rows(
            f"SELECT m.uid, p.data, {columns} FROM {tables}"
            f" WHERE m.collection_id = %s AND {condition} ORDER BY m.uid",
            [*joined, collection_id, *params],
        )
    return rows


def _limit(rows: list[tuple[Any, ...]], mask: int, actor: Actor) -> list[tuple[Any, ...]]:
    """Leave out the flags and keywords that may not be set in the target (RFC 4314 §4)."""
    if mask == EVERY_FLAG and actor.keywords:
        return rows
    return [(*row[:3], row[3] & mask, row[4] if actor.keywords else "", *row[5:]) for row in rows]


def _insert_foreign(originals: _Originals, account_id: int, collection_id: int) -> Copied:
    """Write copies of another account's messages to a mailbox, in the caller's transaction."""
    rows = originals.rows
    if not rows:
        return Copied(count_mailbox(collection_id), [], [])
    size = sum(row[2] for row in rows)
    change = begin_change(account_id, add_bytes=size, add_items=len(rows))
    rows = _adopt(rows, account_id)
    uid = touch_collection(change, collection_id, uids=len(rows), items=len(rows), size=size)
    spelled = spell_stored(collection_id, {row[4] for row in rows})
    uid_validity = count_mailbox(
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
        values.append((*ours, row[2], spelled[row[4]], *row[5:]))
        if row[1] is not None:
            prefixes.append((uid + offset, bytes(row[1])))
    _insert_many(values, prefixes, collection_id)
    note_arrivals(change, collection_id, uid, [with_keywords(row[3], row[4]) for row in rows])
    copied = Copied(uid_validity, [row[0] for row in rows], list(range(uid, uid + len(rows))))
    if originals.seen:
        copies = dict(zip(copied.source_uids, copied.target_uids, strict=True))
        copy_seen(change, collection_id, originals.seen, copies)
    return copied


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
    places = ", ".join(["%s"] * 14)
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
    actor: Actor = OWNER,
) -> Copied:
    """Move messages, all or none (RFC 6851).

    Within an account it is one transaction, and costs nothing: a full account empties itself
    into its Trash. Across accounts the copies and an outbox row are one transaction, the removal
    a second that the row makes sure of, right after the commit: after a crash the messages are
    in both places, never in neither. What leaves a place that is on hold is kept as well, as
    what is expunged is. Raises `OverQuota`, `Stale`.
    """
    if account_id == target_account_id:
        with db.write_transaction():
            lock_account(account_id)  # before anything is read of them
            own = choose(account_id, collection_id, ranges)
            copied = _copy_own(account_id, own, target_collection_id, actor, charged=False)
            uids = to_ranges(copied.source_uids)
            kept = is_mailbox_held(account_id, collection_id)
            remove_messages(account_id, collection_id, uids, charged=False, kept=kept)
            _follow_up(collection_id, target_account_id, target_collection_id, copied, actor)
        return copied
    with db.write_transaction():
        uid_validity = _uid_validity(collection_id)
        foreign = _read_foreign((account_id, collection_id), ranges, target_account_id, actor)
        copied = _insert_foreign(foreign, target_account_id, target_collection_id)
        _follow_up(collection_id, target_account_id, target_collection_id, copied, actor)
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
    return replace(copied, leaving=True)


def _follow_up(
    source_id: int, account_id: int, target_id: int, copied: Copied, actor: Actor
) -> None:
    """Do what follows from where messages have come from, and where they are now."""
    uids = copied.target_uids
    training.note_arrivals(source_id, target_id, account_id, uids)
    sentcopies.give_way(source_id, (account_id, target_id), uids, actor.account_id or account_id)


def _uid_validity(collection_id: int) -> int:
    """Return the UIDVALIDITY of a mailbox, 0 when it is gone."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT uid_validity FROM core_collection WHERE id = %s", [collection_id])
        row = cursor.fetchone()
    return int(row[0]) if row else 0


def finish_move(payload: dict[str, Any]) -> None:
    """Remove the source of a cross-account move; a second run finds nothing to do.

    A mailbox or an account that was deleted since took the messages with it; under another
    UIDVALIDITY their UIDs are those of other messages.
    """
    account_id, collection_id = payload["account"], payload["collection"]
    ranges = [(first, last) for first, last in payload["ranges"]]
    with db.write_transaction():
        lock_account(account_id)
        if _uid_validity(collection_id) == payload["uid_validity"]:
            kept = is_held(account_id, collection_id)
            remove_messages(account_id, collection_id, ranges, kept=kept)
    crashpoints.reach("move-removed")
