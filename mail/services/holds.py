"""Holds: what nothing may be lost of, whoever expunges it and however old it is.

On hold, retention takes nothing away, what is expunged is kept until the hold is released, and the
account cannot be deleted. What leaves a mailbox on hold by a MOVE leaves a copy among what is kept.
"""

from dataclasses import dataclass
from typing import Any

from groupware.core import audit, db
from groupware.core.changes import lock_account
from groupware.core.clock import epoch
from groupware.core.directory.lookups import parse_label
from groupware.core.errors import AlreadyExists, NotAllowed, NotFound
from groupware.core.models import Account
from mail.models import RetentionHold


@dataclass(frozen=True, slots=True)
class Hold:
    """A hold on an account, or on one mailbox (`mailbox_id` not 0) by its name of today.

    `is_gone`: the mailbox was deleted, and `mailbox` is the name that it had.
    """

    account_id: int
    login: str
    mailbox_id: int
    mailbox: str
    is_gone: bool
    reason: str
    created_at: int


def hold(account: Account, mailbox_id: int = 0, mailbox: str = "", *, reason: str = "") -> None:
    """Put an account or a mailbox on hold; raises `AlreadyExists`, `NotFound`, `Invalid`."""
    reason = parse_label(reason)
    with audit.change():
        lock_account(account.pk)
        if mailbox_id and not db.key_share("core_collection", mailbox_id):
            raise NotFound(
                "{login} has no mailbox {mailbox} any more.", login=account.login, mailbox=mailbox
            )
        _, is_new = RetentionHold.objects.get_or_create(
            account_id=account.pk,
            mailbox_id=mailbox_id,
            defaults={"mailbox": mailbox, "reason": reason, "created_at": epoch()},
        )
        if not is_new:
            raise AlreadyExists("It is on hold already.")
        audit.record("hold.set", account, mailbox=mailbox, reason=reason)


def release(account: Account, mailbox: str = "") -> None:
    """End the hold of an account, or of a mailbox by its name; raises `NotFound`.

    What was kept longer than usual because of it goes in the next minutes.
    """
    with audit.change():
        lock_account(account.pk)
        found = [
            held
            for held in list_holds(account.pk)
            if bool(held.mailbox_id) == bool(mailbox) and held.mailbox == mailbox
        ]
        if not found:
            raise NotFound("It is not on hold: `retention list` shows what is.")
        RetentionHold.objects.filter(
            account_id=account.pk, mailbox_id__in=[held.mailbox_id for held in found]
        ).delete()
        audit.record("hold.release", account, mailbox=mailbox)


def list_holds(account_id: int | None = None) -> list[Hold]:
    """Return the holds of an account, or all; by address, the whole account first."""
    within = "1 = 1" if account_id is None else "h.account_id = %s"
    rows = db.fetch_rows(
        "SELECT h.account_id, a.login, h.mailbox_id, COALESCE(c.name, h.mailbox),"
        " CASE WHEN h.mailbox_id <> 0 AND c.id IS NULL THEN 1 ELSE 0 END, h.reason, h.created_at"
        " FROM mail_retentionhold h JOIN core_account a ON a.id = h.account_id"
        " LEFT JOIN core_collection c ON c.id = h.mailbox_id"
        f" WHERE {within} ORDER BY a.login, h.mailbox_id",
        [] if account_id is None else [account_id],
    )
    found: list[list[Any]] = [[*row] for row in rows]
    for values in found:
        values[4] = bool(values[4])
    return [Hold(*values) for values in found]


def refuse_deletion(account_id: int) -> None:
    """Raise `NotAllowed` where an account may not be deleted, in the transaction that would."""
    lock_account(account_id)
    if RetentionHold.objects.filter(account_id=account_id).exists():
        raise NotAllowed("The account is on hold: nothing of it may go until `retention release`.")
