"""Keeping what is expunged for a while, and letting go of it; `undelete` restores it.

What is on hold (`mail.services.holds`) is kept until it is released, and not let go of for room.
What is kept is charged to nobody, so that deleting makes room in a quota at once. It holds its
blob: a disk that is filled down to its reserve gets room by giving up the oldest of it first.
"""

from collections.abc import Sequence
from typing import Any

from django.db import connection

from groupware.core import db, limits
from groupware.core.blobs import check_reserve, collector
from groupware.core.changes import lock_account
from groupware.core.clock import epoch
from groupware.core.errors import DiskReserve
from mail.columns import select_columns, tables_of
from mail.retention import held_condition

BATCH = 1000
"""Messages that one transaction lets go: an account's writers wait for no more than that."""
DAY = 24 * 3600
_IS_HELD = held_condition("mail_expungedmessage.account_id", "mail_expungedmessage.mailbox_id")

_KEPT_COLUMNS = "uid, size, keywords, internal_date, internal_zone, email_id, thread_id, blob_id"


def keep_messages(condition: str, params: Sequence[Any], *, mask: int | None = None) -> None:
    """Keep the messages `m` of a condition, which the caller removes in its transaction.

    Where nothing is kept for a while, only those that are on hold. `mask` are the flags that all of them have; where they differ, each has its own.
    Hot: one statement, whatever the number of messages (`benchmarks`, EXPUNGE).
    """
    if not limits.UNDELETE_DAYS.value:
        condition += f" AND {held_condition('c.account_id', 'c.id')}"
    tables, _ = tables_of(["flags", "prefix"] if mask is None else ["prefix"])
    flags = select_columns(["flags"]) if mask is None else f"{mask:d}"
    columns = ", ".join(f"m.{name}" for name in _KEPT_COLUMNS.split(", "))
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO mail_expungedmessage"
            f" (account_id, mailbox_id, mailbox, prefix, expunged_at, flags, {_KEPT_COLUMNS})"
            f" SELECT c.account_id, c.id, c.name, p.data, %s, {flags}, {columns}"
            f" FROM {tables} JOIN core_collection c ON c.id = m.collection_id"
            f" WHERE {condition} ORDER BY m.uid",
            [epoch(), *params],
        )


def let_go() -> int:
    """Let go of what was kept long enough, and of more while the disk is short of room.

    Returns how many messages can no longer be restored.
    """
    total = let_go_before(epoch() - limits.UNDELETE_DAYS.value * DAY)
    while _is_short_of_room() and (removed := _remove_oldest(epoch() + DAY)):
        total += removed
        if not collector.collect_unreferenced():
            break  # what is younger than the collector takes makes no room: the next turn may
    return total


def let_go_before(older_than: int) -> int:
    """Let go of what was expunged before `older_than` (epoch seconds); return how many messages."""
    total = 0
    while removed := _remove_oldest(older_than):
        total += removed
    return total


def _is_short_of_room() -> bool:
    try:
        check_reserve()
    except DiskReserve:
        return True
    return False


def _remove_oldest(older_than: int) -> int:
    """Remove what is older of the first rows, account by account, and return how many rows.

    Rows are in the order of their expunging but for a clock that was set back: what lies behind
    younger ones waits for those.
    """
    with db.read_snapshot(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, account_id, expunged_at FROM mail_expungedmessage"
            f" WHERE NOT {_IS_HELD} ORDER BY id LIMIT %s",
            [BATCH],
        )
        rows = cursor.fetchall()
    by_account: dict[int, list[int]] = {}
    for key, account_id, expunged_at in rows:
        if expunged_at < older_than:
            by_account.setdefault(account_id, []).append(key)
    return sum(_remove(account_id, keys) for account_id, keys in by_account.items())


def _remove(account_id: int, keys: list[int]) -> int:
    with db.write_transaction():
        lock_account(account_id)
        return _delete(keys, f" AND NOT {_IS_HELD}")  # it may have been put on hold just now


def delete_kept(keys: list[int]) -> int:
    """Delete rows of what is kept, in the caller's transaction; return how many there were."""
    return _delete(keys, "")


def _delete(keys: list[int], narrowed: str) -> int:
    condition, params = db.in_list("id", keys)
    return db.execute(f"DELETE FROM mail_expungedmessage WHERE {condition}{narrowed}", params)
