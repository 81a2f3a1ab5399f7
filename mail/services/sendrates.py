"""How much an account may send within an hour, counted in rows: exact across all processes.

Minutes are counted, and each counts until all of it is an hour old: never is more sent within any
hour than the limits say, and what comes a moment too soon is told when it may come.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

import structlog

from groupware.core import db, limits, metrics
from groupware.core.clock import epoch
from mail.refusals import Refused

MINUTES = 60
"""Minutes of the window before the one that it is."""

_log = structlog.get_logger("groupware.submission")
_Use = tuple[int, int, int]  # minute, messages, recipients


def check(account_id: int, *, messages: int, recipients: int) -> None:
    """Raise `Refused` (452 4.7.0) where this much more is above what an account may send."""
    now = epoch()
    held = _read(account_id, now)
    for what, limit, used, wanted in (
        ("messages", limits.SENDING_MESSAGES.value, [(row[0], row[1]) for row in held], messages),
        (
            "recipients",
            limits.SENDING_RECIPIENTS.value,
            [(row[0], row[2]) for row in held],
            recipients,
        ),
    ):
        if sum(number for _, number in used) + wanted > limit:
            raise _refusal(account_id, what, limit, _free_at(used, limit - wanted), now)


def charge(account_id: int, recipients: int) -> None:
    """Count a message to this many; in the caller's transaction, which holds the account's lock.

    Raises as `check` does.
    """
    check(account_id, messages=1, recipients=recipients)
    db.execute(
        "INSERT INTO mail_submissionuse (account_id, minute, messages, recipients)"
        " VALUES (%s, %s, 1, %s) ON CONFLICT (account_id, minute) DO UPDATE SET"
        " messages = mail_submissionuse.messages + 1,"
        " recipients = mail_submissionuse.recipients + excluded.recipients",
        [account_id, epoch() // 60, recipients],
    )


def _read(account_id: int, now: int) -> list[_Use]:
    return db.fetch_rows(
        "SELECT minute, messages, recipients FROM mail_submissionuse"
        " WHERE account_id = %s AND minute >= %s ORDER BY minute",
        [account_id, now // 60 - MINUTES],
    )


def _free_at(used: Sequence[tuple[int, int]], room: int) -> int | None:
    """Return when no more than `room` is counted any longer; None: never."""
    total = sum(number for _, number in used)
    for minute, number in used:
        total -= number
        if total <= room:
            return (minute + MINUTES + 1) * 60 if room >= 0 else None
    return None


def _refusal(account_id: int, what: str, limit: int, free_at: int | None, now: int) -> Refused:
    metrics.SUBMISSIONS.labels("limited").inc()
    _log.warning("sending limit reached", account=account_id, limit=limit, what=what)
    text = f"This account may send {limit} {what} within an hour"
    if free_at is None:
        return Refused(f"{text}: divide the message.", code=452, status="4.7.0")
    moment = datetime.fromtimestamp(free_at, UTC)
    minutes = max(1, -(-(free_at - now) // 60))
    return Refused(
        f"{text}: this is possible again at {moment:%H:%M} UTC, in {minutes} min.",
        code=452,
        status="4.7.0",
    )


def forget() -> int:
    """Remove what is no longer counted; return how many rows."""
    before = [epoch() // 60 - MINUTES]
    if not db.finds("SELECT 1 FROM mail_submissionuse WHERE minute < %s", before):
        return 0
    with db.write_transaction():
        return len(
            db.fetch_rows("DELETE FROM mail_submissionuse WHERE minute < %s RETURNING id", before)
        )
