"""The account's counter: its write lock, the order of its changes and its quota check in one.

Every write of the store begins with `begin_change` inside `db.write_transaction`.
"""

from dataclasses import dataclass

from django.db import connection

from groupware.core import db
from groupware.core.errors import NotFound, OverQuota, Stale
from groupware.core.events import CollectionChanged, publish
from groupware.core.quotawarnings import note_use


@dataclass(frozen=True, slots=True)
class Change:
    """One transaction's place in the order of an account's changes."""

    account_id: int
    modseq: int
    bytes_used: int
    quota_bytes: int


def begin_change(
    account_id: int, *, add_bytes: int = 0, add_items: int = 0, beyond: int = 0
) -> Change:
    """Take the account's write lock and the next modseq, and charge its quota.

    Negative amounts give back. Raises `OverQuota` when `add_bytes` is positive and does not
    fit into the quota and `beyond` octets, `NotFound` when there is no such account. Holds the
    account's lock until the transaction ends. Who comes near the quota is warned
    (`core.quotawarnings`).
    """
    charging = add_bytes > 0
    quota = " AND (quota_bytes = 0 OR bytes_used + %s <= quota_bytes)" if charging else ""
    params: list[int] = [add_bytes, add_items, account_id]
    if charging:
        params.append(add_bytes - beyond)
    rows = db.fetch_rows(
        "UPDATE core_accountstate SET next_modseq = next_modseq + 1,"
        " bytes_used = bytes_used + %s, items_used = items_used + %s"
        f" WHERE account_id = %s{quota}"
        " RETURNING next_modseq - 1, bytes_used, quota_bytes",
        params,
    )
    if not rows:
        _refuse(account_id)
    change = Change(account_id, *rows[0])
    if add_bytes and change.quota_bytes:
        before, after = change.bytes_used - add_bytes, change.bytes_used
        note_use(account_id, quota=change.quota_bytes, before=before, after=after)
    return change


def _refuse(account_id: int) -> None:
    if not db.fetch_rows("SELECT 1 FROM core_accountstate WHERE account_id = %s", [account_id]):
        raise NotFound("There is no such account.")
    raise OverQuota("The mailbox is full: delete something or ask for a larger quota.")


def lock_account(account_id: int) -> None:
    """Take the account's write lock before something is read that must not change until then."""
    if not db.is_sqlite():  # there, a write transaction holds the lock of all accounts
        db.fetch_rows(
            "SELECT 1 FROM core_accountstate WHERE account_id = %s FOR UPDATE", [account_id]
        )


def next_uid_validity(account_id: int) -> int:
    """Draw a UIDVALIDITY that the account never used; the caller holds its lock."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE core_accountstate SET next_uid_validity = next_uid_validity + 1"
            " WHERE account_id = %s RETURNING next_uid_validity - 1",
            [account_id],
        )
        row = cursor.fetchone()
    if row is None:
        raise NotFound("There is no such account.")
    return int(row[0])


def touch_collection(
    change: Change,
    collection_id: int,
    *,
    uids: int = 0,
    items: int = 0,
    size: int = 0,
    reader_id: int = 0,
) -> int:
    """Raise the collection's highest_modseq to the change's and count what comes or goes.

    Returns the first of `uids` newly drawn UIDs. Publishes the change after the commit, of what
    one reader alone sees to that reader alone.
    Raises `Stale` when the collection is gone from the account.
    """
    rows = db.fetch_rows(
        "UPDATE core_collection SET highest_modseq = %s, uid_next = uid_next + %s,"
        " items = items + %s, bytes = bytes + %s"
        " WHERE id = %s AND account_id = %s RETURNING uid_next",
        [change.modseq, uids, items, size, collection_id, change.account_id],
    )
    if not rows:
        raise Stale("The mailbox is gone.")
    event = CollectionChanged(reader_id or change.account_id, collection_id, change.modseq)
    db.on_commit(lambda: publish(event))
    return int(rows[0][0]) - uids


def raise_floor(change: Change, *, collection_id: int, modseq: int) -> None:
    """Note that tombstones up to `modseq` are gone: below it a client learns everything anew.

    Wakes nobody, since nothing changed for those who know what happened.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE core_collection SET tombstone_floor = %s"
            " WHERE id = %s AND account_id = %s AND tombstone_floor < %s",
            [modseq, collection_id, change.account_id, modseq],
        )


def raise_account_floor(change: Change, *, modseq: int) -> None:
    """Note that the tombstones of whole collections are gone up to `modseq`."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE core_accountstate SET tombstone_floor = %s"
            " WHERE account_id = %s AND tombstone_floor < %s",
            [modseq, change.account_id, modseq],
        )


def raise_counters(account_id: int, modseq: int, uid_validity: int) -> None:
    """Let what the account draws next be above both; the caller holds its lock."""
    with connection.cursor() as cursor:
        for column, highest in (("next_modseq", modseq), ("next_uid_validity", uid_validity)):
            cursor.execute(
                f"UPDATE core_accountstate SET {column} = %s"
                f" WHERE account_id = %s AND {column} <= %s",
                [highest + 1, account_id, highest],
            )


def settle_use(change: Change, *, items: int, size: int) -> None:
    """Set what the account is charged, to what was counted under its lock."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE core_accountstate SET items_used = %s, bytes_used = %s WHERE account_id = %s",
            [items, size, change.account_id],
        )
