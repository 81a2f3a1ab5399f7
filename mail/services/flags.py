"""Changing flags and keywords (RFC 3501 §6.4.6, RFC 7162 §3.1.3)."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from django.db import connection

from groupware.core import db, limits
from groupware.core.changes import begin_change, touch_collection
from groupware.core.errors import LimitExceeded
from mail.flags import DELETED, SEEN, add_keywords, join_keywords, remove_keywords
from mail.queries import FlagRow
from mail.services.keywords import add_mailbox_keywords, spell_keywords
from mail.uidset import Ranges, chunks, sql_condition


class StoreOp(Enum):
    """FLAGS, +FLAGS and -FLAGS."""

    SET = ""
    ADD = "+"
    REMOVE = "-"


@dataclass(frozen=True, slots=True)
class Stored:
    """The state after a STORE.

    `rows` are all messages of the ranges that are there and were not refused, `before` what they
    were; `modified` the UIDs that UNCHANGEDSINCE refused; `modseq` that of the change, 0 when
    nothing changed.
    """

    modseq: int
    before: list[FlagRow]
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
) -> Stored:
    """Set, add or remove flags; a message that would not change keeps its modseq.

    Raises `NotFound`, `Stale`, `LimitExceeded`.
    """
    with db.write_transaction():
        change = begin_change(account_id)
        if op is not StoreOp.REMOVE:
            keywords = spell_keywords(collection_id, keywords)
        rows = _select(collection_id, ranges)
        modified = [
            row[0] for row in rows if unchanged_since is not None and row[3] > unchanged_since
        ]
        refused = set(modified)
        before = [row for row in rows if row[0] not in refused]
        after = [_apply(row, op, flags, keywords, change.modseq) for row in before]
        changed = [new for old, new in zip(before, after, strict=True) if new is not old]
        if changed:
            _write(collection_id, changed)
            touch_collection(change, collection_id)
            fresh = () if op is StoreOp.REMOVE else keywords
            _count(collection_id, before, after, fresh)
    return Stored(change.modseq if changed else 0, before, after, modified)


def _select(collection_id: int, ranges: Ranges) -> list[FlagRow]:
    rows: list[FlagRow] = []
    with connection.cursor() as cursor:
        for chunk in chunks(ranges):
            condition, params = sql_condition("uid", chunk)
            cursor.execute(
                "SELECT uid, flags, keywords, modseq FROM mail_message"
                f" WHERE collection_id = %s AND {condition} ORDER BY uid",
                [collection_id, *params],
            )
            rows += cursor.fetchall()
    return rows


def _apply(row: FlagRow, op: StoreOp, flags: int, keywords: Sequence[str], modseq: int) -> FlagRow:
    uid, held, stored, _ = row
    if op is StoreOp.ADD:
        mask = held | flags
        words = add_keywords(stored, keywords) if keywords else stored
    elif op is StoreOp.REMOVE:
        mask = held & ~flags
        words = remove_keywords(stored, keywords) if keywords and stored else stored
    else:
        mask = flags
        words = join_keywords(keywords)
    if mask == held and words == stored:
        return row
    if keywords and len(words.split()) > (limit := limits.KEYWORDS.value):
        raise LimitExceeded(f"A message has at most {limit} keywords.")
    return uid, mask, words, modseq


def _write(collection_id: int, changed: list[FlagRow]) -> None:
    """Write rows grouped by their new state: a STORE on all is a handful of statements."""
    states: dict[tuple[int, str], list[int]] = {}
    for uid, mask, words, _ in changed:
        states.setdefault((mask, words), []).append(uid)
    modseq = changed[0][3]
    with connection.cursor() as cursor:
        for (mask, words), uids in states.items():
            condition, params = db.in_list("uid", uids)
            values: list[Any] = [mask, words, modseq, collection_id, *params]
            cursor.execute(
                "UPDATE mail_message SET flags = %s, keywords = %s, modseq = %s"
                f" WHERE collection_id = %s AND {condition}",
                values,
            )


def _count(
    collection_id: int, before: list[FlagRow], after: list[FlagRow], keywords: Sequence[str]
) -> None:
    unseen = deleted = 0
    for old, new in zip(before, after, strict=True):
        unseen += (not new[1] & SEEN) - (not old[1] & SEEN)
        deleted += bool(new[1] & DELETED) - bool(old[1] & DELETED)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE mail_mailbox SET unseen = unseen + %s, deleted = deleted + %s"
            " WHERE collection_id = %s RETURNING keywords",
            [unseen, deleted, collection_id],
        )
        held = cursor.fetchone()[0]
    if keywords:
        add_mailbox_keywords(collection_id, held, keywords)
