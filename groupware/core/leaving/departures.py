"""Somebody leaves: disabled at once, deleted when some days are over, and back until then.

A successor sees everything of it during these days, and when they are over gets a copy and the
addresses. What stands in the way (a hold, a full quota, a disk) is said in the row and tried again;
nothing is deleted before what was asked for is done. While that is done nothing more is let in: the
account's quota is one octet, so that mail waits where it is, and comes to the successor.
"""

from datetime import timedelta

import structlog

from groupware.core import audit, crashpoints, db, directory, limits, provisioning, rights
from groupware.core.changes import begin_change
from groupware.core.clock import now
from groupware.core.directory.lookups import directory_change
from groupware.core.errors import AlreadyExists, GroupwareError, Invalid, NotAllowed, NotFound
from groupware.core.leaving import exports, handover
from groupware.core.models import Account, AccountExport, AccountState, Departure, ExportState
from groupware.core.rights import LETTERS, NONE, Rights

ALL_LETTERS = Rights(LETTERS)
AGAIN = timedelta(hours=1)
"""After which is tried again what went wrong."""

_log = structlog.get_logger("groupware.departures")


def begin(
    account: Account, *, days: int, wants_export: bool, successor: Account | None = None
) -> Departure:
    """Disable an account, to be deleted after so many days; an export is made at once, if wanted.

    Raises `AlreadyExists`, and `Invalid` for days or a successor that cannot be.
    """
    if not 0 <= days <= limits.GRACE_DAYS.highest:
        raise Invalid(
            "The days until it is deleted are 0 to {most}.", most=limits.GRACE_DAYS.highest
        )
    if successor is not None and (successor.pk == account.pk or not successor.is_active):
        raise Invalid("Who takes over is another account, and an active one.")
    if successor is not None and Departure.objects.filter(account=successor).exists():
        raise Invalid(
            "{successor} is leaving, too: name somebody who stays.", successor=successor.login
        )
    moment = now()
    with directory_change():
        if Departure.objects.filter(account=account).exists():
            raise AlreadyExists(
                "{login} is leaving already: `account stay` undoes it.", login=account.login
            )
        was_active = directory.get_account(account.login).is_active
        directory.set_active(account.login, active=False)
        departure = Departure.objects.create(
            account=account,
            successor=successor,
            wants_export=wants_export,
            was_active=was_active,
            rights_before=_give_all(account, successor) if successor is not None else "",
            asked_by=audit.current_actor().login,
            asked_at=moment,
            due_at=moment + timedelta(days=days),
        )
        if wants_export:
            exports.ask_once_more(account)
        to = successor.login if successor else ""
        audit.record("account.depart", account, days=days, successor=to)
    return departure


def undo(account: Account) -> None:
    """Let somebody stay: all is as it was before, for the successor as well; raises `NotFound`.

    Who was disabled before stays so, unless somebody has enabled him meanwhile.
    """
    with directory_change():
        departure = _find(account)
        _open(departure)
        Departure.objects.filter(pk=departure.pk).delete()
        if departure.successor is not None:
            _put_back(account, departure.successor, departure.rights_before)
        if departure.was_active:
            directory.set_active(account.login, active=True)
        audit.record("account.stay", account)


def _give_all(account: Account, successor: Account) -> str:
    """Give the successor everything; return what was granted before."""
    held: list[str] = []

    def add(before: Rights) -> Rights:
        held.append(str(before))
        return before | ALL_LETTERS

    rights.change_grant(account, None, successor, add)
    return held[0]


def _put_back(account: Account, successor: Account, text: str) -> None:
    """Grant what was granted before, unless somebody has granted something else meanwhile."""
    before = rights.parse_rights(text) if text else NONE
    given = before | ALL_LETTERS
    held = rights.find_grant(account, None, successor)
    if held is None or rights.rights_of(held) != given or before == given:
        return
    if before:
        rights.grant(account, None, successor, before)
    else:
        rights.revoke(account, None, successor)


def _find(account: Account) -> Departure:
    found = Departure.objects.select_related("successor").filter(account=account).first()
    if found is None:
        raise NotFound("{login} is not leaving.", login=account.login)
    return found


def refuse_deletion(account_id: int) -> None:
    """Keep an account that somebody leaves to; raises `NotAllowed`. A guard of deletions."""
    waits = Departure.objects.select_related("account").filter(successor_id=account_id).first()
    if waits is not None:
        raise NotAllowed(
            "It takes over what {leaver} leaves: undo that with `account stay`, or wait.",
            leaver=waits.account.login,
        )


def work_off() -> int:
    """End the departures that are due; return how many accounts are gone.

    Somebody who may sign in again is not deleted, however he came back: `undo` ends it.
    """
    moment = now()
    leaving = Departure.objects.filter(due_at__lte=moment, account__is_active=False)
    due = leaving.select_related("account", "successor")
    gone = 0
    for departure in due.order_by("due_at", "pk"):
        if (
            departure.tried_at is None
            or departure.tried_at <= moment - AGAIN
            or _is_exported(departure)
        ):
            gone += _try(departure)
    return gone


def _is_exported(departure: Departure) -> bool:
    """Whether all that it waited for is the last export, which is done."""
    export = departure.last_export
    return not departure.trouble and export is not None and export.state == ExportState.DONE


def _try(departure: Departure) -> bool:
    try:
        trouble = _finish(departure)
    except (GroupwareError, OSError) as error:
        trouble = error.message if isinstance(error, GroupwareError) else str(error)
        _log.warning("departure waits", account=departure.account.login, reason=trouble)
    if trouble is None:
        return True
    with db.write_transaction():
        if trouble:
            _open(departure)
        Departure.objects.filter(pk=departure.pk).update(trouble=trouble[:500], tried_at=now())
    return False


def _finish(departure: Departure) -> str | None:
    """Hand over, export and delete; return why it is not done yet, `""` for a last export."""
    account, successor = departure.account, departure.successor
    provisioning.check_deletion(account.pk)
    _close(departure)
    if departure.wants_export:
        export = departure.last_export or _ask_last(departure)
        if export.state == ExportState.FAILED:
            return f"The export failed: {export.trouble}"
        if export.state != ExportState.DONE:
            return ""
    if successor is not None:
        handover.hand_over(account, successor)
        crashpoints.reach("handed-over")
    directory.delete_account(account.login, successor=successor)
    return None


def _close(departure: Departure) -> None:
    """Let nothing more into the account."""
    if departure.quota_bytes is not None:
        return
    with db.write_transaction():
        begin_change(departure.account_id)
        state = AccountState.objects.get(account=departure.account_id)
        departure.quota_bytes = state.quota_bytes
        Departure.objects.filter(pk=departure.pk).update(quota_bytes=state.quota_bytes)
        AccountState.objects.filter(pk=state.pk).update(quota_bytes=1)


def _open(departure: Departure) -> None:
    """Let things into the account again, in the caller's write transaction."""
    if departure.quota_bytes is None:
        return
    begin_change(departure.account_id)
    AccountState.objects.filter(account=departure.account_id).update(
        quota_bytes=departure.quota_bytes
    )
    Departure.objects.filter(pk=departure.pk).update(quota_bytes=None, last_export=None)


def _ask_last(departure: Departure) -> AccountExport:
    """Have the export made that holds what came until the end."""
    with audit.change():
        export = exports.ask_once_more(departure.account)
        Departure.objects.filter(pk=departure.pk).update(last_export=export)
    return export
