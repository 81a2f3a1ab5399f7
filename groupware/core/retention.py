"""What is kept for a time only: tombstones, and failed logins.

Invariant: a tombstone goes together with the raising of its collection's floor, in one
transaction under the account's lock. Whoever knows less than the floor is told everything anew
(`mail.queries.list_changes`), so that nobody keeps an item that is gone. docs/adr/0009.
"""

from datetime import timedelta
from functools import partial
from typing import Any, Protocol

from django.db import connection
from django.db.models import QuerySet

from groupware.core import db, limits
from groupware.core.changes import Change, begin_change, raise_account_floor, raise_floor
from groupware.core.clock import epoch, now
from groupware.core.errors import NotFound
from groupware.core.models import CollectionTombstone, LoginThrottle, Tombstone

BATCH = 1000
"""Rows that one transaction removes: an account's writers wait for no more than that."""
THROTTLE_AGE = timedelta(days=1)
"""Silence after which failed logins are forgotten. An attacker gains nothing by it: ten free
failures a day are less than the one in a quarter of an hour that the longest wait leaves."""


class NoteFloor(Protocol):
    """Raises the floor of what tombstones are removed from."""

    def __call__(self, change: Change, /, *, modseq: int) -> None:
        """Raise it to `modseq`, in the caller's transaction."""


def expire() -> int:
    """Remove everything that is older than its policy, and return how many rows."""
    older_than = epoch() - limits.TOMBSTONE_DAYS.value * 24 * 3600
    return (
        expire_tombstones(older_than=older_than)
        + expire_collection_tombstones(older_than=older_than)
        + forget_failed_logins()
    )


def expire_tombstones(*, older_than: int) -> int:
    """Remove the tombstones of before `older_than` (epoch seconds), and return how many.

    Raises `Busy`; what was removed until then stays so.
    """
    total = 0
    while removed := sum(
        _remove_batches(
            Tombstone.objects.filter(collection_id=collection_id, created_at__lt=older_than),
            account_id,
            partial(raise_floor, collection_id=collection_id),
        )
        for account_id, collection_id in _find_collections(older_than)
    ):
        total += removed
    return total


def _find_collections(older_than: int) -> list[tuple[int, int]]:
    """Return the (account, collection) pairs of the oldest tombstones that are to go."""
    with db.read_snapshot(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT account_id, collection_id FROM ("
            " SELECT account_id, collection_id FROM core_tombstone WHERE created_at < %s"
            " ORDER BY created_at LIMIT %s) oldest ORDER BY account_id, collection_id",
            [older_than, BATCH],
        )
        return [(row[0], row[1]) for row in cursor.fetchall()]


def expire_collection_tombstones(*, older_than: int) -> int:
    """Remove what deleted collections left before `older_than`, and return how many rows."""
    expired = CollectionTombstone.objects.filter(created_at__lt=older_than)
    return sum(
        _remove_batches(expired.filter(account_id=account_id), account_id, raise_account_floor)
        for account_id in list(expired.values_list("account_id", flat=True).distinct())
    )


def _remove_batches(expired: QuerySet[Any], account_id: int, note_floor: NoteFloor) -> int:
    total = 0
    try:
        while removed := _remove_batch(expired, account_id, note_floor):
            total += removed
    except NotFound:  # the account was deleted since, and its tombstones with it
        return total
    return total


def _remove_batch(expired: QuerySet[Any], account_id: int, note_floor: NoteFloor) -> int:
    """Remove the first of an account's expired tombstones, and note up to where they are gone."""
    with db.write_transaction():
        change = begin_change(account_id)
        rows = list(expired.order_by("modseq", "pk").values_list("pk", "modseq")[:BATCH])
        if rows:
            expired.filter(pk__in=[row[0] for row in rows]).delete()
            note_floor(change, modseq=rows[-1][1])
    return len(rows)


def forget_failed_logins() -> int:
    """Remove what is known of failed logins that are long past, and return how many rows."""
    total = 0
    past = LoginThrottle.objects.filter(last_failure_at__lt=now() - THROTTLE_AGE)
    while keys := list(past.values_list("pk", flat=True)[:BATCH]):
        with db.write_transaction():
            # The same condition again: a failure may have come since the keys were read.
            total += past.filter(pk__in=keys).delete()[0]
    return total
