"""Changing flags and keywords (RFC 3501 §6.4.6, RFC 7162 §3.1.3)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from functools import cache
from typing import Any

from groupware.core import db, limits
from groupware.core.changes import Change, begin_change, touch_collection
from groupware.core.errors import LimitExceeded
from mail.chunkflags import translation, with_keywords
from mail.flagrows import FlagRow, list_flags
from mail.flags import (
    DELETED,
    OWNER,
    SEEN,
    Actor,
    add_keywords,
    join_keywords,
    remove_keywords,
)
from mail.services.chunks import set_flags, translate_flags
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
        request = _Request(op, flags, keywords, actor)
        if actor.owns(account_id) and not keywords:
            store = change, collection_id, ranges
            return _store_masks(store, request, unchanged_since, wants_rows=wants_rows)
        return _store_rows(change, collection_id, ranges, request, unchanged_since)


def _store_masks(
    store: tuple[Change, int, Ranges],
    request: "_Request",
    unchanged_since: int | None,
    *,
    wants_rows: bool,
) -> Stored:
    """Change the owner's flags alone: no message is read for it."""
    change, collection_id, ranges = store
    modified: list[int] = []
    if unchanged_since is not None:
        rows = list_flags(collection_id, ranges)
        modified = [row[0] for row in rows if row[3] > unchanged_since]
        ranges = to_ranges(row[0] for row in rows if row[3] <= unchanged_since)
    effect = translate_flags(change, collection_id, ranges, _table(request.op, request.flags))
    if effect.changed:
        if request.op is StoreOp.SET and effect.had_keywords:
            _clear_keywords(collection_id, ranges)
        if effect.unseen or effect.deleted:
            db.execute(_ADD_TO_COUNTERS, [effect.unseen, effect.deleted, collection_id])
        touch_collection(change, collection_id)
    rows = list_flags(collection_id, ranges) if wants_rows else []
    return Stored(change.modseq if effect.changed else 0, rows, modified)


@cache
def _table(op: StoreOp, flags: int) -> bytes:
    """Return the table by which a STORE changes the flags of chunks: there are 96."""
    if op is StoreOp.ADD:
        return translation(lambda mask: mask | flags)
    if op is StoreOp.REMOVE:
        return translation(lambda mask: mask & ~flags)
    return translation(lambda _: flags)


def _clear_keywords(collection_id: int, ranges: Ranges) -> None:
    for chunk in chunks(ranges):
        condition, params = sql_condition("uid", chunk)
        db.execute(
            "UPDATE mail_message SET keywords = ''"
            f" WHERE collection_id = %s AND {condition} AND keywords <> ''",
            [collection_id, *params],
        )


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
    rows = list_flags(collection_id, ranges, reader_id=reader_id)
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
    """Write rows grouped by their keywords: a STORE on all is a handful of statements.

    The `kept` flags stay as the messages have them.
    """
    states: dict[str, list[int]] = {}
    masks: dict[int, int] = {}
    for uid, mask, words, _ in changed:
        states.setdefault(words, []).append(uid)
        masks[uid] = with_keywords(mask & ~kept, words)
    modseq = changed[0][3]
    for words, uids in states.items():
        condition, params = db.in_list("uid", uids)
        values: list[Any] = [words, modseq, collection_id, *params]
        db.execute(
            "UPDATE mail_message SET keywords = %s, modseq = %s"
            f" WHERE collection_id = %s AND {condition}",
            values,
        )
    set_flags(collection_id, masks, modseq, kept=kept)


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
    counted = [unseen if owner else 0, deleted, collection_id]
    if keywords:
        [(held,)] = db.fetch_rows(f"{_ADD_TO_COUNTERS} RETURNING keywords", counted)
        add_mailbox_keywords(collection_id, held, keywords)
    else:
        db.execute(_ADD_TO_COUNTERS, counted)


_ADD_TO_COUNTERS = (
    "UPDATE mail_mailbox SET unseen = unseen + %s, deleted = deleted + %s WHERE collection_id = %s"
)
