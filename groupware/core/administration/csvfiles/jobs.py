"""Imports as rows: what was shown is what is carried out, a bit at a time, and is never done twice.

Each row of a file is one transaction: what it does, its entries in the audit log, and that it is done. A
process that is killed leaves the rest waiting; whoever works on goes on there. Of two who work at one
the second finds the row done. Passwords lie here sealed, and no longer than until they are loaded.
"""

import threading
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import TypeVar

import structlog
from django.db.models import QuerySet
from django.utils import translation
from django.utils.translation import gettext as _

from groupware.core import audit, crashpoints, db, limits, sealing
from groupware.core.administration.administrator import Administrator, By, administer
from groupware.core.administration.csvfiles.applying import Secret, carry_out, prepare
from groupware.core.administration.csvfiles.planning import Change, Plan, Row, plan_rows
from groupware.core.administration.csvfiles.sheet import Wanted
from groupware.core.clock import monotonic, now
from groupware.core.errors import Busy, GroupwareError, NotFound, Stale
from groupware.core.models import (
    Account,
    AccountImport,
    AccountImportRow,
    ImportState,
    RowOutcome,
    RowState,
)
from groupware.core.roles import Permission

SECONDS = 2.0
"""For which the duty works at imports before it lets others have their turn."""
Progress = Callable[[int, int], None]
T = TypeVar("T")
_PURPOSE = "account import"
_working = threading.Lock()
_log = structlog.get_logger("groupware.imports")


def ask(plan: Plan, octets: bytes, *, invites: bool) -> AccountImport:
    """Keep what was shown of a file to who acts now, to be confirmed.

    A preview that the same person left is forgotten.
    """
    moment, actor = now(), audit.current_actor()
    with audit.change():
        account = Account.objects.get(pk=actor.account_id) if actor.account_id else None
        AccountImport.objects.filter(account=account, state=ImportState.PREVIEW).delete()
        made = AccountImport.objects.create(
            account=account,
            network=actor.network,
            digest=_digest(octets, invites=invites),
            invites=invites,
            language=translation.get_language() or "en",
            unread=list(plan.unread),
            asked_at=moment,
            expires_at=moment + timedelta(days=limits.ACCOUNT_IMPORT_DAYS.value),
        )
        _keep(made, plan.rows)
        audit.record("import.ask", _target(made), rows=len(plan.rows))
    return made


def _keep(job: AccountImport, rows: Sequence[Row]) -> None:
    AccountImportRow.objects.bulk_create([_row(job, row) for row in rows], batch_size=500)


def _row(job: AccountImport, row: Row) -> AccountImportRow:
    is_work = row.outcome in {RowOutcome.CREATE, RowOutcome.CHANGE}
    password = row.wanted.password if row.wanted and row.outcome == RowOutcome.CREATE else None
    return AccountImportRow(
        held_by=job,
        line=row.line,
        address=row.address,
        wanted=row.wanted.keep() if row.wanted else {},
        outcome=row.outcome,
        changes=[[held.field, held.before, held.after] for held in row.changes],
        reason=row.reason,
        state=RowState.WAITING if is_work else RowState.NOTHING,
        secret=sealing.seal(password, _PURPOSE) if password else b"",
    )


def get_import(by: Administrator, number: int) -> AccountImport:
    """Return an import that he asked for; who administers everything has everybody's."""
    found = AccountImport.objects.filter(pk=number)
    if by.reach(Permission.MANAGE).domain_ids is not None:
        found = found.filter(account_id=by.account_id)
    held = found.first()
    if held is None:
        raise NotFound(
            "There is no import {number}: it has expired, or there was another after it.",
            number=number,
        )
    return held


def find_unfinished(octets: bytes, *, invites: bool) -> AccountImport | None:
    """Return the import of the same file by a command that was cut off before it told the end."""
    held = AccountImport.objects.filter(account=None, digest=_digest(octets, invites=invites))
    return held.exclude(state=ImportState.PREVIEW).order_by("pk").first()


def confirm(by: Administrator, job: AccountImport) -> None:
    """Have what was shown carried out, in the caller's transaction.

    Raises `Stale` where it would lie by now, or was confirmed before; whoever asked is who does it.
    """
    if not AccountImport.objects.filter(pk=job.pk, state=ImportState.PREVIEW).update(
        state=ImportState.RUNNING
    ):
        raise Stale(_("This was confirmed already."))
    held = list(job.rows.filter(state=RowState.WAITING).order_by("pk"))
    shown = [(row.outcome, row.changes) for row in held]
    again = plan_rows(by, [_wanted(row) for row in held])
    if shown != [
        (row.outcome, [[held.field, held.before, held.after] for held in row.changes])
        for row in again
    ]:
        raise Stale(
            _(
                "Somebody changed what is in the file after this preview: upload the file again,"
                " and look anew."
            )
        )
    audit.record("import.confirm", _target(job), rows=len(held))


def drop(by: Administrator, job: AccountImport) -> None:
    """Forget an import; what was carried out stays."""
    by.reach(Permission.MANAGE)
    audit.record("import.drop", _target(job))
    AccountImport.objects.filter(pk=job.pk).delete()


def work_off() -> int:
    """Carry out imports that were confirmed in the panel, for a moment; return how many rows."""
    if not _working.acquire(blocking=False):
        return 0
    try:
        ends, done = monotonic() + SECONDS, 0
        running = AccountImport.objects.filter(state=ImportState.RUNNING, account__isnull=False)
        for job in running.select_related("account").order_by("pk"):
            try:
                done += run(job, until=ends)
            except Busy as error:
                _log.info("an import waits", number=job.pk, reason=error.message)
            if monotonic() >= ends:
                break
        return done
    finally:
        _working.release()


def run(job: AccountImport, *, until: float | None = None, progress: Progress | None = None) -> int:
    """Carry out what waits, until a moment (monotonic) or the end; return how many rows.

    A row that is refused is told beside it, and the rest goes on; only `Busy` is raised.
    """
    rows = job.rows.exclude(state=RowState.NOTHING)
    total, worked = rows.count(), 0
    before = rows.exclude(state=RowState.WAITING).count()
    with translation.override(job.language):
        for row in rows.filter(state=RowState.WAITING).order_by("pk").iterator(chunk_size=100):
            _work_at(job, row)
            worked += 1
            if progress is not None:
                progress(before + worked, total)
            if until is not None and monotonic() >= until:
                break
    if not rows.filter(state=RowState.WAITING).exists():
        with db.write_transaction():
            AccountImport.objects.filter(pk=job.pk).update(state=ImportState.DONE)
    return worked


def _work_at(job: AccountImport, row: AccountImportRow) -> None:
    wanted = _wanted(row)
    try:
        is_new = row.outcome == RowOutcome.CREATE
        secret = prepare(wanted, invites=job.invites) if is_new else Secret()

        def work(by: Administrator) -> None:
            if not _settle(row, state=RowState.DONE):
                return  # another did it
            changes = [Change(*held) for held in row.changes]
            made = carry_out(by, wanted, row.outcome, changes, secret)
            if made:
                _settle(row, secret=sealing.seal(made, _PURPOSE))

        _administer(job, work)
    except Busy:
        raise
    except GroupwareError as error:
        with db.write_transaction():
            _settle(row, state=RowState.FAILED, reason=error.message[:500])
    crashpoints.reach("account-imported")


def _settle(row: AccountImportRow, **values: object) -> bool:
    rows = AccountImportRow.objects.filter(pk=row.pk)
    if "state" in values:
        rows = rows.filter(state=RowState.WAITING)
        values = {"secret": b"", **values}
    return bool(rows.update(**values))


def _administer(job: AccountImport, work: Callable[[Administrator], T]) -> T:
    if job.account is not None:
        return administer(By(job.account.pk, job.account.login, job.network), work)
    with audit.change():
        return work(Administrator.of_the_machine())


def _wanted(row: AccountImportRow) -> Wanted:
    kept = Wanted.kept(row.wanted)
    return kept.with_password(sealing.unseal(bytes(row.secret), _PURPOSE) if row.secret else None)


def take_secrets(job: AccountImport) -> list[tuple[str, str, str]]:
    """Return (address, name, secret) of whom the import made, this once, in the caller's transaction."""
    rows = list(_with_secrets(job).order_by("pk"))
    _with_secrets(job).update(secret=b"")
    audit.record("import.load-secrets", _target(job), rows=len(rows))
    return [
        (row.address, row.wanted["name"] or "", sealing.unseal(bytes(row.secret), _PURPOSE))
        for row in rows
    ]


def has_secrets(job: AccountImport) -> bool:
    """Return whether passwords or links wait to be loaded."""
    return _with_secrets(job).exists()


def _with_secrets(job: AccountImport) -> "QuerySet[AccountImportRow]":
    return job.rows.filter(state=RowState.DONE).exclude(secret=b"")


def expire() -> int:
    """Remove the imports that are over, with the passwords that nobody loaded; return how many."""
    past = AccountImport.objects.filter(expires_at__lte=now())
    if not past.exists():
        return 0
    with db.write_transaction():
        return past.delete()[0]


def _target(job: AccountImport) -> audit.Target:
    return audit.Target("import", job.pk, str(job.pk))


def _digest(octets: bytes, *, invites: bool) -> bytes:
    return sealing.fingerprint(b"%d" % invites + octets)
