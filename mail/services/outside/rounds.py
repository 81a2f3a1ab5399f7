"""When outside accounts are fetched, how that ended, and whom it is told.

Whoever takes an account leases it for a while, so that two workers do not fetch the same; a lease
that was lost does no harm (`storing`). What fails is tried again after ever longer pauses; a login
that is refused again and again is not, lest the other side lock the account out.
"""

from collections.abc import Callable
from functools import partial

import structlog

from groupware.core import db, limits
from groupware.core.blobs import BlobGone
from groupware.core.clock import epoch, monotonic
from groupware.core.errors import Busy, GroupwareError, NotFound, Stale
from mail.models import OutsideAccount, OutsideState
from mail.outside.imap import open_imap
from mail.outside.pop3 import open_pop3
from mail.outside.servers import LoginRefused
from mail.services.inbound import NewInbound, accept
from mail.services.outside import notices
from mail.services.outside.accounts import login_of
from mail.services.outside.fetching import Report, Run, Tell
from mail.services.outside.servers import read_server

ROUND_SECONDS = 20.0
"""After which a round begins no further account: the next one does."""
LEASE = 120
"""Seconds for which who fetches an account has it to himself; after a crash it waits as long."""
LONGEST_PAUSE = 6 * 3_600
TOLD_AFTER = 86_400
"""Seconds of failures after which the person is told."""
MAX_OUTCOME = 500
_log = structlog.get_logger("groupware.outside")


def fetch_due() -> int:
    """Fetch the accounts that are due, one after the other; return how many messages came."""
    deadline = monotonic() + ROUND_SECONDS
    fetched = 0
    while monotonic() < deadline:
        now = epoch()
        row = _take("state = 'active' AND next_at <= %s AND leased_until <= %s", [now, now])
        if row is None:
            break
        try:
            fetched += _fetch(row, _silent).counts.fetched
        except GroupwareError as error:
            _log.info("an outside account was not fetched", outside=row.pk, why=error.message)
    return fetched


def fetch_now(outside_id: int, tell: Tell | None = None) -> Report:
    """Fetch an account now, whenever it is due, also one that is paused or was stopped.

    Raises `NotFound`, `Busy` where it is being fetched, and what went wrong, which is noted too.
    """
    row = _take("id = %s AND leased_until <= %s", [outside_id, epoch()])
    if row is None:
        if not OutsideAccount.objects.filter(pk=outside_id).exists():
            raise NotFound("The outside account is gone.")
        raise Busy("It is being fetched at this moment: look again in two minutes.")
    return _fetch(row, tell or _silent)


def _silent(_done: int, _total: int) -> None:
    """Tell nobody how far it is."""


def _take(condition: str, params: list[int]) -> OutsideAccount | None:
    now = epoch()
    if not db.finds(f"SELECT 1 FROM mail_outsideaccount WHERE {condition}", params):
        return None
    with db.write_transaction():
        rows = db.fetch_rows(
            f"UPDATE mail_outsideaccount SET leased_until = %s, last_at = %s WHERE id ="
            f" (SELECT id FROM mail_outsideaccount WHERE {condition} ORDER BY next_at, id LIMIT 1)"
            f" AND {condition} RETURNING id",
            [now + LEASE, now, *params, *params],
        )
        return OutsideAccount.objects.get(pk=rows[0][0]) if rows else None


def _renew(outside_id: int, seconds: float) -> None:
    with db.write_transaction():
        OutsideAccount.objects.filter(pk=outside_id).update(
            leased_until=epoch() + LEASE + int(seconds)
        )


def _fetch(row: OutsideAccount, tell: Tell) -> Report:
    renew: Callable[[float], None] = partial(_renew, row.pk)
    try:
        report = Run(row, renew, tell).go()
    except Stale:
        _end(row, next_at=epoch())
        raise
    except Busy:
        _end(row, next_at=epoch() + 60)
        raise
    except GroupwareError as error:
        _note_failure(row, error)
        raise
    except Exception as error:
        # A bug of this server's is no reason to try again every moment, nor to say nothing.
        _note_failure(row, Busy("This server failed: its log says how.", detail=repr(error)))
        raise
    _note_success(row, report)
    return report


def _end(row: OutsideAccount, *told: NewInbound, **values: object) -> None:
    """Write down how a fetch ended, and with it what tells people of it: once."""
    with db.write_transaction():
        OutsideAccount.objects.filter(pk=row.pk).update(leased_until=0, **values)
        for new in told:
            accept(new)


def _pause(row: OutsideAccount) -> int:
    return max(row.seconds, limits.OUTSIDE_INTERVAL.value)


def _note_success(row: OutsideAccount, report: Report) -> None:
    counts = report.counts
    words = [f"{counts.fetched} fetched"]
    if counts.known:
        words.append(f"{counts.known} known already")
    if counts.problems:
        words.append(f"{counts.problems} not to be had")
    if not report.is_whole:
        words.append("and more to come")
    # What was cut short goes on behind who waits longer.
    next_at = epoch() + (_pause(row) if report.is_whole else 0)
    _end(
        row,
        next_at=next_at,
        failures=0,
        refusals=0,
        failed_since=0,
        was_told=False,
        outcome=", ".join(words),
    )


def _note_failure(row: OutsideAccount, error: GroupwareError) -> None:
    now = epoch()
    refusals = row.refusals + 1 if isinstance(error, LoginRefused) else 0
    is_stopped = refusals >= limits.OUTSIDE_LOGINS.value
    since = row.failed_since or now
    must_tell = not row.was_told and (is_stopped or now - since >= TOLD_AFTER)
    values: dict[str, object] = {
        "next_at": now + min(_pause(row) << min(row.failures, 10), max(_pause(row), LONGEST_PAUSE)),
        "failures": row.failures + 1,
        "refusals": refusals,
        "failed_since": since,
        "outcome": error.message[:MAX_OUTCOME],
    }
    if is_stopped and row.state == OutsideState.ACTIVE:
        values["state"] = OutsideState.STOPPED
    told = notices.prepare(row, error.message, is_stopped=is_stopped) if must_tell else []
    try:
        _end(row, *told, was_told=row.was_told or bool(told), **values)
    except BlobGone:  # they are told the next time
        _end(row, **values)
    _log.info("an outside account failed", outside=row.pk, why=error.message, detail=error.detail)


def check(outside_id: int) -> list[str]:
    """Log in, and return the mailboxes there; raises `OutsideFailed`, `NotFound`.

    A refused login counts as it does for a fetch.
    """
    row = OutsideAccount.objects.filter(pk=outside_id).first()
    if row is None:
        raise NotFound("The outside account is gone.")
    server = read_server(row.account_id, login_of(row), row.secret)
    try:
        if row.protocol == "imap":
            with open_imap(server) as session:
                return session.list_mailboxes()
        with open_pop3(server) as maildrop:
            maildrop.list_all()
            return ["INBOX"]
    except LoginRefused as error:
        _note_failure(row, error)
        raise
