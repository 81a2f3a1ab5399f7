"""Outside accounts: adding, changing, pausing and removing them, and what is known of each."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from groupware.core import audit, db, limits
from groupware.core.changes import lock_account
from groupware.core.clock import epoch
from groupware.core.directory.lookups import parse_label
from groupware.core.errors import AlreadyExists, Invalid, LimitExceeded, NotFound
from groupware.core.models import Account
from mail import queries
from mail.models import (
    OutsideAccount,
    OutsideAfter,
    OutsideMailbox,
    OutsideMessage,
    OutsideProtocol,
    OutsideState,
)
from mail.names import MAX_NAME, canonical_name
from mail.services.outside.servers import Login, check_login, check_password, seal_password

MAX_DAYS = 36_500
MAX_SECONDS = 30 * 86_400


@dataclass(frozen=True, slots=True)
class Wishes:
    """What is fetched, and how; `mailboxes` are (theirs, ours), ours "" for where mail is filed.

    `seconds` is the time between two fetches, 0 what the installation says.
    """

    mailboxes: tuple[tuple[str, str], ...] = (("INBOX", ""),)
    after: str = OutsideAfter.LEAVE
    delete_days: int = 0
    seconds: int = 0


@dataclass(frozen=True, slots=True)
class OutsideInfo:
    """An outside account as it is shown; the times are epoch seconds, 0 for never."""

    outside_id: int
    account: str
    name: str
    protocol: str
    host: str
    port: int
    tls: str
    user: str
    wishes: Wishes
    state: str
    last_at: int
    next_at: int
    failed_since: int
    outcome: str
    fetched: int
    problems: tuple[str, ...]


def add_outside(account_id: int, login: Login, wishes: Wishes, name: str = "") -> int:
    """Let an account get the mail of another elsewhere; return its id. Nothing is fetched yet.

    Raises `Invalid`, `AlreadyExists`, `LimitExceeded`, `NotFound`.
    """
    if login.protocol not in OutsideProtocol.values:
        raise Invalid(
            "The protocol is one of {choices}.", choices=", ".join(OutsideProtocol.values)
        )
    login = check_login(login)
    default = login.user if "@" in login.user else f"{login.user}@{login.host}"
    name = parse_label(name or default[:200])
    with db.write_transaction():
        lock_account(account_id)
        held = OutsideAccount.objects.filter(account_id=account_id)
        if held.count() >= (most := limits.OUTSIDE_ACCOUNTS.value):
            raise LimitExceeded("An account has at most {most} outside ones.", most=most)
        if held.filter(name=name).exists():
            raise AlreadyExists("There is an outside account {name} already.", name=name)
        row = _insert(account_id, name, login)
        _change(row, wishes)
    return row.pk


def _insert(account_id: int, name: str, login: Login) -> OutsideAccount:
    now = epoch()
    return OutsideAccount.objects.create(
        account_id=account_id,
        name=name,
        protocol=login.protocol,
        host=login.host,
        port=login.port,
        tls=login.tls,
        user=login.user,
        secret=seal_password(account_id, login),
        state=OutsideState.ACTIVE,
        created_at=now,
        next_at=now,
        after=OutsideAfter.LEAVE,
        seconds=0,
    )


def change_outside(account_id: int, name: str, wishes: Wishes) -> None:
    """Let something else be fetched, or otherwise; what was fetched stays known."""
    with db.write_transaction():
        lock_account(account_id)
        _change(find_outside(account_id, name), wishes)


def _change(row: OutsideAccount, wishes: Wishes) -> None:
    _check_wishes(row.protocol, wishes)
    row.after, row.delete_days, row.seconds = wishes.after, wishes.delete_days, wishes.seconds
    row.save(update_fields=["after", "delete_days", "seconds"])
    named: list[str] = []
    for theirs, ours in wishes.mailboxes:
        path = canonical_name(ours) if ours else ""
        target = queries.get_mailbox(row.account_id, path) if path else None
        named.append(canonical_name(theirs))
        OutsideMailbox.objects.update_or_create(
            outside=row,
            name=named[-1],
            defaults={
                "path": path,
                "target_id": target.collection_id if target else None,
                "is_fetched": True,
            },
        )
    # The others keep what is known of them, in case they are wanted again.
    OutsideMailbox.objects.filter(outside=row).exclude(name__in=named).update(is_fetched=False)


def _check_wishes(protocol: str, wishes: Wishes) -> None:
    if wishes.after not in OutsideAfter.values:
        raise Invalid(
            "What becomes of it there is one of {choices}.", choices=", ".join(OutsideAfter.values)
        )
    if protocol == OutsideProtocol.POP3:
        if wishes.after == OutsideAfter.SEEN:
            raise Invalid("POP3 knows nothing of what is seen: choose leave or delete.")
        if [theirs for theirs, _ in wishes.mailboxes] != ["INBOX"]:
            raise Invalid("POP3 has one mailbox, its INBOX.")
    most = limits.OUTSIDE_MAILBOXES.value
    if not 1 <= len(wishes.mailboxes) <= most:
        raise Invalid("Name 1 to {most} mailboxes to fetch.", most=most)
    if any(
        not 1 <= len(name) <= MAX_NAME or not name.isprintable() for name, _ in wishes.mailboxes
    ):
        raise Invalid("A mailbox name is printable, and not empty.")
    if not 0 <= wishes.delete_days <= MAX_DAYS or not 0 <= wishes.seconds <= MAX_SECONDS:
        raise Invalid("Neither days nor seconds are as many as that.")


def set_password(account_id: int, name: str, password: str) -> None:
    """Give the password anew, and begin again where refused logins ended it."""
    check_password(password)
    with db.write_transaction():
        lock_account(account_id)
        row = find_outside(account_id, name)
        row.secret = seal_password(account_id, replace(login_of(row), password=password))
        row.save(update_fields=["secret"])
        _resume(row)


def pause_outside(account_id: int, name: str) -> None:
    """Fetch nothing until it is resumed."""
    with audit.change():
        lock_account(account_id)
        row = find_outside(account_id, name)
        row.state = OutsideState.PAUSED
        row.save(update_fields=["state"])
        _record("outside.pause", account_id, name)


def resume_outside(account_id: int, name: str) -> None:
    """Fetch again, at once, whatever had ended it."""
    with audit.change():
        lock_account(account_id)
        _resume(find_outside(account_id, name))
        _record("outside.resume", account_id, name)


def _resume(row: OutsideAccount) -> None:
    row.state = OutsideState.ACTIVE
    row.failures = row.refusals = 0
    row.next_at = epoch()
    row.was_told = False
    row.save(update_fields=["state", "failures", "refusals", "next_at", "was_told"])


def remove_outside(account_id: int, name: str) -> None:
    """Forget an outside account and what was fetched from it; the mail stays, here and there."""
    with audit.change():
        lock_account(account_id)
        row = find_outside(account_id, name)
        # In the database alone: it may know of a million messages.
        db.execute("DELETE FROM mail_outsidemessage WHERE outside_id = %s", [row.pk])
        row.delete()
        _record("outside.remove", account_id, name)


def _record(action: str, account_id: int, name: str) -> None:
    audit.record(action, Account.objects.get(pk=account_id), outside=name)


def retry_problems(account_id: int, name: str) -> int:
    """Let what was not fetched for some reason be tried again; return how many there are."""
    with db.write_transaction():
        lock_account(account_id)
        row = find_outside(account_id, name)
        return OutsideMessage.objects.filter(outside=row).exclude(problem="").update(attempts=0)


def find_outside(account_id: int, name: str) -> OutsideAccount:
    """Return an outside account by its name; raises `NotFound`."""
    row = OutsideAccount.objects.filter(account_id=account_id, name=name).first()
    if row is None:
        raise NotFound("There is no outside account {name}: `outside list` shows all.", name=name)
    return row


def login_of(row: OutsideAccount) -> Login:
    """Return the login of a row, without its password."""
    return Login(row.protocol, row.host, row.user, "", row.port, row.tls)


def list_outside(account_id: int | None = None) -> list[OutsideInfo]:
    """Return the outside accounts of an account, or of all."""
    rows = OutsideAccount.objects.select_related("account").order_by("account__login", "name")
    if account_id is not None:
        rows = rows.filter(account_id=account_id)
    return [describe_outside(row, row.account) for row in rows]


MOST_PROBLEMS = 20


def describe_outside(row: OutsideAccount, account: Account) -> OutsideInfo:
    """Return what is shown of an outside account."""
    mailboxes = OutsideMailbox.objects.filter(outside=row, is_fetched=True).order_by("name")
    names = mailboxes.values_list("name", "path", "target__name")
    dealt = OutsideMessage.objects.filter(outside=row)
    problems = dealt.exclude(problem="").order_by("-id").values_list("problem", flat=True)
    return OutsideInfo(
        outside_id=row.pk,
        account=account.login,
        name=row.name,
        protocol=row.protocol,
        host=row.host,
        port=row.port,
        tls=row.tls,
        user=row.user,
        wishes=Wishes(_pairs(list(names)), row.after, row.delete_days, row.seconds),
        state=row.state,
        last_at=row.last_at,
        next_at=row.next_at,
        failed_since=row.failed_since,
        outcome=row.outcome,
        fetched=dealt.filter(problem="").count(),
        problems=tuple(problems[:MOST_PROBLEMS]),
    )


def _pairs(rows: Sequence[tuple[str, str, str | None]]) -> tuple[tuple[str, str], ...]:
    """Return (theirs, ours), ours by the name that it has by now."""
    return tuple((theirs, (now or path) if path else "") for theirs, path, now in rows)
