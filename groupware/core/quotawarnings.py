"""Noting that an account is nearly full, in the transaction in which it becomes so.

`changes.begin_change` calls this with the account's use before and after, under its lock: of any
number of writes at once exactly one crosses a threshold. The row of the outbox is told by mail
(`mail.services.notices`). After that the threshold is silent until the use has fallen a margin
below it, so that who hovers about it is not written to each day.
"""

from groupware.core import db, limits, outbox
from groupware.core.clock import epoch

WARN = "quota.warn"
"""The outbox's topic: {"account": id}."""
MARGIN = 5
"""Percent of the quota by which an account falls below a threshold before it is warned anew."""


def thresholds() -> tuple[int, ...]:
    """Return the percentages that are warned at, ascending."""
    wanted = {limits.QUOTA_WARNING.value, limits.QUOTA_LAST_WARNING.value}
    return tuple(sorted(percent for percent in wanted if percent))


def note_use(account_id: int, *, quota: int, before: int, after: int) -> None:
    """Note a change of use, in its transaction; `quota` is not 0. Hot: runs with each append."""
    if _levels(before, quota) != _levels(after, quota):
        settle(account_id, quota=quota, used=after)


def settle(account_id: int, *, quota: int, used: int) -> None:
    """Note how full an account is, in the caller's transaction that holds its lock."""
    reached, kept = _levels(used, quota)
    if reached and _raise(account_id, reached):
        outbox.add(WARN, {"account": account_id}, account_id=account_id, delay=0)
    if not kept:
        db.execute("DELETE FROM core_quotawarning WHERE account_id = %s", [account_id])
        return
    db.execute(
        "UPDATE core_quotawarning SET percent = %s, is_told = %s"
        " WHERE account_id = %s AND percent > %s",
        [kept, True, account_id, kept],
    )


def tell_again(account_id: int) -> None:
    """Let what is noted and not told be told, in the caller's transaction with the lock.

    What is told twice is told once: the handler looks whether it still is to be.
    """
    if db.fetch_rows(
        "SELECT 1 FROM core_quotawarning WHERE account_id = %s AND is_told = %s",
        [account_id, False],
    ):
        outbox.add(WARN, {"account": account_id}, account_id=account_id, delay=0)


def _levels(used: int, quota: int) -> tuple[int, int]:
    """Return the highest threshold that is reached, and that which is not fallen well below."""
    reached = kept = 0
    if quota:
        for percent in thresholds():
            if used * 100 >= percent * quota:
                reached = percent
            if used * 100 >= (percent - MARGIN) * quota:
                kept = percent
    return reached, kept


def _raise(account_id: int, percent: int) -> bool:
    """Note a threshold; return whether it was not noted before."""
    return bool(
        db.fetch_rows(
            "INSERT INTO core_quotawarning (account_id, percent, is_told, noted_at)"
            " VALUES (%s, %s, %s, %s) ON CONFLICT (account_id) DO UPDATE"
            " SET percent = excluded.percent, is_told = excluded.is_told,"
            " noted_at = excluded.noted_at WHERE core_quotawarning.percent < excluded.percent"
            " RETURNING percent",
            [account_id, percent, False, epoch()],
        )
    )
