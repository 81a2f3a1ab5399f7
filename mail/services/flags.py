"""Changing flags and keywords (RFC 3501 §6.4.6, RFC 7162 §3.1.3)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from groupware.core import db, limits
from groupware.core.changes import Change, begin_change, touch_collection
from groupware.core.errors import LimitExceeded
from mail.flags import (
    DELETED,
    OWNER,
    SEEN,
    Actor,
    add_keywords,
    join_keywords,
    remove_keywords,
)
from mail.queries import FlagRow, list_flags
from mail.services.chunks import note_changes
from mail.services.flagmasks import MaskStore
from mail.services.keywords import add_mailbox_keywords, spell_keywords
from mail.services.readers import note_seen
from mail.uidset import Ranges, chunks, sql_condition, to_ranges


class StoreOp(Enum):
    """FLAGS, +FLAGS and -FLAGS."""

    SET = ""
    ADD = "+"
    REMOVE = "-"


@dataclass(frozen=True, slots=True)
class Stored:
    """The state after a STORE.

    `rows` are all messages of the ranges that are there and were not refused, where they were
    wanted; `modified` the UIDs that UNCHANGEDSINCE refused; `modseq` that of the change, 0 when
    nothing changed.
    """

    modseq: int
    rows: list[FlagRow]
    modified: list[int]


def store_flags(  # noqa: PLR0913 (the arguments of STORE)
    account_id: int,
    collection_id: int,
    ranges: Ranges,
    op: StoreOp,
    flags: int,
    keywords: Sequence[str],
    *,
    unchanged_since: int | None = None,
    actor: Actor = OWNER,
    wants_rows: bool = True,
) -> Stored:
    r"""Set, add or remove flags; a message that would not change keeps its modseq.

    What the actor may not change stays as it is. Whoever is not the owner changes their own
    `\Seen`, of which nobody else is told. Hot: the STORE benchmarks; the owner's flags are a few
    statements, however many messages. Raises `NotFound`, `Stale`, `LimitExceeded`.
    """
    with db.write_transaction():
        change = begin_change(account_id)
        if actor.owns(account_id) and not keywords:
            store = MaskStore(change, collection_id, ranges, flags, unchanged_since)
            return _store_masks(store, op, wants_rows=wants_rows)
        request = _Request(op, flags, keywords, actor)
        return _store_rows(change, collection_id, ranges, request, unchanged_since)


def _store_masks(store: MaskStore, op: StoreOp, *, wants_rows: bool) -> Stored:
    modified = store.list_modified()
    changed = {
        StoreOp.SET: store.replace,
        StoreOp.ADD: store.add,
        StoreOp.REMOVE: store.remove,
    }[op]()
    if changed:
        note_changes(store.collection_id, store.ranges, store.change.modseq)
        touch_collection(store.change, store.collection_id)
    rows = []
    if wants_rows:
        refused = set(modified)
        rows = _select(store.collection_id, store.ranges, 0)
        rows = [row for row in rows if row[0] not in refused] if refused else rows
    return Stored(store.change.modseq if changed else 0, rows, modified)


def _store_rows(
    change: Change,
    collection_id: int,
    ranges: Ranges,
    request: "_Request",
    unchanged_since: int | None,
) -> Stored:
    """Change flags message by message: keywords differ, and a reader has flags of their own."""
    reader_id = request.actor.reader_in(change.account_id)
    if request.op is not StoreOp.REMOVE:
        spelled = spell_keywords(collection_id, request.keywords)
        request = replace(request, keywords=spelled)
    rows = _select(collection_id, ranges, reader_id)
    modified = [row[0] for row in rows if unchanged_since is not None and row[3] > unchanged_since]
    refused = set(modified)
    before = [row for row in rows if row[0] not in refused]
    after = [_apply(row, request, change.modseq) for row in before]
    changed = [(old, new) for old, new in zip(before, after, strict=True) if new is not old]
    if changed:
        _write_changes(change, collection_id, changed, request)
    return Stored(change.modseq if changed else 0, after, modified)


def _write_changes(
    change: Change,
    collection_id: int,
    changed: list[tuple[FlagRow, FlagRow]],
    request: "_Request",
) -> None:
    reader_id = request.actor.reader_in(change.account_id)
    if reader_id:
        _write_as_reader(change, collection_id, changed, reader_id)
    else:
        _write(collection_id, [new for _, new in changed])
        touch_collection(change, collection_id)
    fresh = request.keywords
    if request.op is StoreOp.REMOVE or not request.actor.keywords:
        fresh = ()
    _count(collection_id, changed, fresh, owner=not reader_id)


def _select(collection_id: int, ranges: Ranges, reader_id: int) -> list[FlagRow]:
    rows: list[FlagRow] = []
    for chunk in chunks(ranges):
        condition, params = sql_condition("m.uid", chunk)
        rows += list_flags(collection_id, condition, params, reader_id=reader_id)
    return rows


@dataclass(frozen=True, slots=True)
class _Request:
    """What is asked for, and by whom."""

    op: StoreOp
    flags: int
    keywords: Sequence[str]
    actor: Actor


def _apply(row: FlagRow, request: _Request, modseq: int) -> FlagRow:
    uid, held, stored, _ = row
    op, keywords, allowed = request.op, request.keywords, request.actor.mask
    flags = request.flags & allowed
    if op is StoreOp.ADD:
        mask = held | flags
        words = add_keywords(stored, keywords) if keywords else stored
    elif op is StoreOp.REMOVE:
        mask = held & ~flags
        words = remove_keywords(stored, keywords) if keywords and stored else stored
    else:
        mask = held & ~allowed | flags
        words = join_keywords(keywords)
    if not request.actor.keywords:
        words = stored
    if mask == held and words == stored:
        return row
    if keywords and len(words.split()) > (limit := limits.KEYWORDS.value):
        raise LimitExceeded(f"A message has at most {limit} keywords.")
    return uid, mask, words, modseq


def _write(collection_id: int, changed: list[FlagRow], *, kept: int = 0) -> None:
    """Write rows grouped by their new state: a STORE on all is a handful of statements.

    The `kept` flags stay as the messages have them.
    """
    states: dict[tuple[int, str], list[int]] = {}
    for uid, mask, words, _ in changed:
        states.setdefault((mask & ~kept, words), []).append(uid)
    modseq = changed[0][3]
    for (mask, words), uids in states.items():
        condition, params = db.in_list("uid", uids)
        values: list[Any] = [kept, mask, words, modseq, collection_id, *params]
        db.execute(
            "UPDATE mail_message SET flags = (flags & %s) | %s, keywords = %s, modseq = %s"
            f" WHERE collection_id = %s AND {condition}",
            values,
        )
    note_changes(collection_id, to_ranges(sorted(row[0] for row in changed)), modseq)


def _write_as_reader(
    change: Change, collection_id: int, changed: list[tuple[FlagRow, FlagRow]], reader_id: int
) -> None:
    r"""Write what everybody sees to the messages, and the reader's `\Seen` to rows of its own."""
    shared = [new for old, new in changed if (old[1] | SEEN, old[2]) != (new[1] | SEEN, new[2])]
    if shared:
        _write(collection_id, shared, kept=SEEN)
    for seen in (0, SEEN):
        uids = [new[0] for old, new in changed if new[1] & SEEN == seen != old[1] & SEEN]
        note_seen(change, collection_id, reader_id, uids, seen=bool(seen))
    touch_collection(change, collection_id, reader_id=0 if shared else reader_id)


def _count(
    collection_id: int,
    changed: list[tuple[FlagRow, FlagRow]],
    keywords: Sequence[str],
    *,
    owner: bool,
) -> None:
    unseen = deleted = 0
    for old, new in changed:
        unseen += (not new[1] & SEEN) - (not old[1] & SEEN)
        deleted += bool(new[1] & DELETED) - bool(old[1] & DELETED)
    [(held,)] = db.fetch_rows(
        "UPDATE mail_mailbox SET unseen = unseen + %s, deleted = deleted + %s"
        " WHERE collection_id = %s RETURNING keywords",
        [unseen if owner else 0, deleted, collection_id],
    )
    if keywords:
        add_mailbox_keywords(collection_id, held, keywords)
