"""What an account may use and what it uses: the limit that `changes.begin_change` holds it to."""

from contextlib import suppress
from dataclasses import dataclass

from groupware.core import db, quotawarnings
from groupware.core.changes import begin_change
from groupware.core.errors import NotFound


@dataclass(frozen=True, slots=True)
class Quota:
    """An account's quota in octets; `limit` 0 is none."""

    login: str
    used: int
    limit: int


def get_quota(account_id: int) -> Quota:
    """Return the quota of an account; raises `NotFound`."""
    rows = db.fetch_rows(
        "SELECT a.login, s.bytes_used, s.quota_bytes FROM core_account a"
        " JOIN core_accountstate s ON s.account_id = a.id WHERE a.id = %s",
        [account_id],
    )
    if not rows:
        raise NotFound("There is no such account.")
    return Quota(*rows[0])


def note_full_accounts() -> int:
    """Note who is nearly full and was not warned yet; return how many accounts.

    Crossing a threshold notes it; this finds whom a threshold has moved to, and who was near it
    before there were warnings.
    """
    found: set[int] = set()
    for percent in quotawarnings.thresholds():
        rows = db.fetch_rows(
            "SELECT s.account_id FROM core_accountstate s"
            " LEFT JOIN core_quotawarning w ON w.account_id = s.account_id"
            " WHERE s.quota_bytes > 0 AND s.bytes_used * 100 >= s.quota_bytes * %s"
            " AND COALESCE(w.percent, 0) < %s",
            [percent, percent],
        )
        found.update(row[0] for row in rows)
    for account_id in sorted(found):
        renew_warning(account_id)
    return len(found)


def renew_warning(account_id: int) -> None:
    """Note how full an account is, and see to it that what it was not told yet is told."""
    with suppress(NotFound), db.write_transaction():  # it may have been deleted since
        change = begin_change(account_id)
        quotawarnings.settle(account_id, quota=change.quota_bytes, used=change.bytes_used)
        quotawarnings.tell_again(account_id)
