r"""What POP3 writes: the end of a session (UPDATE, RFC 1939 §6), `\Seen`, policies, logins."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from groupware.core import crashpoints, db, limits
from groupware.core.changes import lock_account
from groupware.core.clock import epoch
from groupware.core.errors import GroupwareError, Invalid, NotFound, Stale
from mail import queries
from mail.flags import SEEN
from mail.maildrops import Policy, Snapshot, get_policy
from mail.models import DeleteAction, Pop3Policy
from mail.models.mailbox import SpecialUse
from mail.services.copying import move_messages
from mail.services.flags import StoreOp, store_flags
from mail.services.mailboxes import provide_mailbox
from mail.services.messages import remove_messages
from mail.uidset import chunks, sql_condition, to_ranges

DAY = 24 * 3600
MAX_HIDE_DAYS = limits.POP3_HIDE_DAYS.highest
BATCH = 1000
"""Rows of what is hidden that one transaction removes."""

_IDLE = """
hidden_until > 0 AND hidden_until <= %s
OR NOT EXISTS (SELECT 1 FROM mail_message m
    WHERE m.collection_id = mail_pop3hidden.collection_id AND m.uid = mail_pop3hidden.uid)
OR credential > 0 AND NOT EXISTS (SELECT 1 FROM core_apppassword a
    WHERE a.id = mail_pop3hidden.credential AND a.revoked_at IS NULL)
"""
"""What is true of a row that hides nothing any more."""


class TooSoon(GroupwareError):
    """The credential logged in less than LOGIN-DELAY ago."""


def set_policy(account_id: int, *, action: str, hide_days: int, marks_seen: bool) -> Policy:
    """Let POP3 act on an account in a way of its own; sessions go by it from their end on."""
    if action not in DeleteAction.values:
        raise Invalid(f"DELE is one of {', '.join(DeleteAction.values)}.")
    if not 0 <= hide_days <= MAX_HIDE_DAYS:
        raise Invalid(f"Messages are hidden for 1 to {MAX_HIDE_DAYS} days, or 0 for ever.")
    with db.write_transaction():
        lock_account(account_id)
        Pop3Policy.objects.update_or_create(
            account_id=account_id,
            defaults={"action": action, "hide_days": hide_days, "marks_seen": marks_seen},
        )
        return get_policy(account_id)


def clear_policy(account_id: int) -> Policy:
    """Let POP3 act on an account as on all of the installation."""
    with db.write_transaction():
        lock_account(account_id)
        Pop3Policy.objects.filter(account_id=account_id).delete()
        return get_policy(account_id)


def remove_deleted(snapshot: Snapshot, uids: Sequence[int], credential: int) -> None:
    """Do with the messages of a session what the account's policy says, all or nothing.

    Those that are gone since are left out. Raises `Stale` where the mailbox is another one.
    """
    with db.write_transaction():
        lock_account(snapshot.account_id)
        _check_mailbox(snapshot)
        policy = get_policy(snapshot.account_id)
        _ACTIONS[policy.action](snapshot, uids, credential)
        crashpoints.reach("pop3-removed")
        db.on_commit(partial(crashpoints.reach, "pop3-committed"))


def _delete(snapshot: Snapshot, uids: Sequence[int], _credential: int) -> None:
    remove_messages(snapshot.account_id, snapshot.collection_id, to_ranges(uids), kept=True)


def _move_to_trash(snapshot: Snapshot, uids: Sequence[int], _credential: int) -> None:
    account_id = snapshot.account_id
    trash_id = provide_mailbox(account_id, SpecialUse.TRASH)
    move_messages(account_id, snapshot.collection_id, to_ranges(uids), account_id, trash_id)


def _hide(snapshot: Snapshot, uids: Sequence[int], credential: int) -> None:
    days = get_policy(snapshot.account_id).hide_days
    until = epoch() + days * DAY if days else 0
    for some in chunks(to_ranges(uids)):
        condition, params = sql_condition("m.uid", some)
        db.execute(
            "INSERT INTO mail_pop3hidden"
            " (account_id, collection_id, credential, uid, hidden_until)"
            " SELECT m.account_id, m.collection_id, %s, m.uid, %s FROM mail_message m"
            f" WHERE m.collection_id = %s AND {condition}"
            " ON CONFLICT (collection_id, credential, uid)"
            " DO UPDATE SET hidden_until = excluded.hidden_until",
            [credential, until, snapshot.collection_id, *params],
        )


_ACTIONS: Mapping[str, Callable[[Snapshot, Sequence[int], int], None]] = {
    DeleteAction.DELETE: _delete,
    DeleteAction.TRASH: _move_to_trash,
    DeleteAction.HIDE: _hide,
}


def mark_seen(snapshot: Snapshot, uids: Sequence[int]) -> None:
    r"""Set `\Seen` on what was retrieved and is still there; raises `Stale`."""
    with db.write_transaction():
        lock_account(snapshot.account_id)
        _check_mailbox(snapshot)
        store_flags(
            snapshot.account_id,
            snapshot.collection_id,
            to_ranges(uids),
            StoreOp.ADD,
            SEEN,
            (),
            wants_rows=False,
        )


def _check_mailbox(snapshot: Snapshot) -> None:
    """Hold the mailbox against the snapshot: after a restore UIDs may be those of others."""
    try:
        info = queries.get_mailbox_by_id(snapshot.collection_id)
    except NotFound as error:
        raise Stale("The mailbox is gone.") from error
    if info.uid_validity != snapshot.uid_validity or info.account_id != snapshot.account_id:
        raise Stale("The mailbox was restored meanwhile: nothing was changed.")


def note_login(account_id: int, credential: int) -> None:
    """Note a login; raises `TooSoon` within LOGIN-DELAY of the last one (RFC 2449 §6.5)."""
    delay, now = limits.POP3_LOGIN_DELAY.value, epoch()
    with db.write_transaction():
        noted = db.fetch_rows(
            "INSERT INTO mail_pop3login (account_id, credential, logged_in_at)"
            " VALUES (%s, %s, %s) ON CONFLICT (account_id, credential)"
            " DO UPDATE SET logged_in_at = excluded.logged_in_at"
            " WHERE mail_pop3login.logged_in_at <= %s RETURNING logged_in_at",
            [account_id, credential, now, now - delay],
        )
        if not noted:
            raise TooSoon(f"Wait {delay} seconds between two logins.")


def forget_hidden() -> int:
    """Remove what hides nothing any more, and return how many rows.

    Its time is over, the message is gone, or the app password is revoked.
    """
    total = 0
    while removed := _forget_some():
        total += removed
    return total


def _forget_some() -> int:
    moment = epoch()
    with db.read_snapshot():
        rows = db.fetch_rows(
            f"SELECT id FROM mail_pop3hidden WHERE {_IDLE} LIMIT %s", [moment, BATCH]
        )
    if not rows:
        return 0
    condition, params = db.in_list("id", [row[0] for row in rows])
    # Looked at again: meanwhile a session may have hidden the message anew.
    with db.write_transaction():
        db.execute(
            f"DELETE FROM mail_pop3hidden WHERE {condition} AND ({_IDLE})", [*params, moment]
        )
    return len(rows)
