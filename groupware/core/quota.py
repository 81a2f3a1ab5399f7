"""What an account may use and what it uses: the limit that `changes.begin_change` holds it to."""

from dataclasses import dataclass

from groupware.core import db
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
