"""Letting go of what is old: the trace after days, counts of traffic after a year and more."""

from groupware.core import db, limits
from groupware.core.clock import epoch
from mail.services.trace.storing import HOUR, MICROSECONDS

BATCH = 1_000
"""Rows that one transaction removes: others write in between."""
DAY = 86_400


def forget() -> int:
    """Remove what is older than `TRACE_KEEP` and `TRAFFIC_KEEP`; return how many rows."""
    now = epoch()
    entries = _remove(
        "mail_traceentry", "moment", (now - limits.TRACE_KEEP.value * DAY) * MICROSECONDS
    )
    hours = (now - limits.TRAFFIC_KEEP.value * DAY) // HOUR
    return entries + _remove("mail_traffichour", "hour", hours)


def _remove(table: str, column: str, before: int) -> int:
    total = 0
    while db.finds(f"SELECT 1 FROM {table} WHERE {column} < %s", [before]):
        with db.write_transaction():
            total += db.execute(
                f"DELETE FROM {table} WHERE id IN (SELECT id FROM {table}"
                f" WHERE {column} < %s ORDER BY {column} LIMIT {BATCH})",
                [before],
            )
    return total
