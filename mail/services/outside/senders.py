"""Addresses elsewhere as which an account here sends, by the server there."""

from dataclasses import dataclass, replace

from groupware.core import db, limits
from groupware.core.addresses import BadAddress, parse_address
from groupware.core.changes import lock_account
from groupware.core.clock import epoch
from groupware.core.directory.lookups import parse
from groupware.core.errors import AlreadyExists, Invalid, LimitExceeded, NotFound
from groupware.core.models import Domain
from mail.models import OutsideSender, QueuedMessage
from mail.outside.servers import Server
from mail.outside.smtp import check_smtp
from mail.services.outside.servers import (
    Login,
    check_login,
    check_password,
    read_server,
    seal_password,
)


@dataclass(frozen=True, slots=True)
class SenderInfo:
    """A sender as it is shown."""

    sender_id: int
    address: str
    host: str
    port: int
    tls: str
    user: str


def add_sender(account_id: int, address: str, login: Login) -> int:
    """Let an account send as an address elsewhere, through the server that its login names.

    Raises `Invalid`, also for an address of this server; `AlreadyExists`, `LimitExceeded`.
    """
    local_part, domain = parse(address)
    login = check_login(login)
    with db.write_transaction():
        lock_account(account_id)
        if Domain.objects.filter(name=domain).exists():
            raise Invalid(
                "{domain} is a domain of this server: grant send-as instead.", domain=domain
            )
        held = OutsideSender.objects.filter(account_id=account_id)
        if held.count() >= (most := limits.OUTSIDE_ACCOUNTS.value):
            raise LimitExceeded("An account has at most {most} outside senders.", most=most)
        address = f"{local_part}@{domain}"
        if held.filter(address=address).exists():
            raise AlreadyExists("The account sends as {address} already.", address=address)
        row = OutsideSender.objects.create(
            account_id=account_id,
            address=address,
            host=login.host,
            port=login.port,
            tls=login.tls,
            user=login.user,
            secret=seal_password(account_id, login),
            created_at=epoch(),
        )
    return row.pk


def set_sender_password(account_id: int, address: str, password: str) -> None:
    """Give the password of a sender anew."""
    check_password(password)
    with db.write_transaction():
        lock_account(account_id)
        row = get_sender(account_id, address)
        row.secret = seal_password(account_id, replace(_login_of(row), password=password))
        row.save(update_fields=["secret"])


def remove_sender(account_id: int, address: str) -> None:
    """Let an account not send as an address elsewhere any more.

    Raises `Invalid` while mail of it waits: it would go another way than it was to.
    """
    with db.write_transaction():
        lock_account(account_id)
        row = get_sender(account_id, address)
        waiting = QueuedMessage.objects.filter(account_id=account_id, mail_from__iexact=row.address)
        if waiting.exists():
            raise Invalid(
                "Mail of {address} is waiting to be sent: wait, or drop it first.",
                address=row.address,
            )
        row.delete()


def list_senders(account_id: int) -> list[SenderInfo]:
    """Return the addresses elsewhere as which an account sends."""
    rows = OutsideSender.objects.filter(account_id=account_id).order_by("address")
    return [SenderInfo(row.pk, row.address, row.host, row.port, row.tls, row.user) for row in rows]


def get_sender(account_id: int, address: str) -> OutsideSender:
    """Return a sender; raises `NotFound`."""
    key = sender_for(account_id, address)
    if key is None:
        raise NotFound(
            "The account does not send as {address}: `outside list` shows all.", address=address
        )
    return OutsideSender.objects.get(pk=key)


def sender_for(account_id: int, address: str) -> int | None:
    """Return the sender that an account has for an address, None where it has none."""
    try:
        local_part, domain = parse_address(address)
    except BadAddress:
        return None
    rows = db.fetch_rows(
        "SELECT id FROM mail_outsidesender WHERE account_id = %s AND address = %s",
        [account_id, f"{local_part}@{domain}"],
    )
    return int(rows[0][0]) if rows else None


def return_address(account_id: int | None, mail_from: str) -> str:
    """Return whom here it concerns what becomes of a sender's message, "" for who is not elsewhere.

    A notification to the address elsewhere would go around by the server there.
    """
    if account_id is None or sender_for(account_id, mail_from) is None:
        return ""
    rows = db.fetch_rows("SELECT login FROM core_account WHERE id = %s", [account_id])
    return str(rows[0][0]) if rows else ""


def check_sender(account_id: int, address: str) -> None:
    """Log in to the server of a sender; raises `OutsideFailed`, `NotFound`."""
    check_smtp(read_sender(get_sender(account_id, address)))


def read_sender(row: OutsideSender) -> Server:
    """Return the server through which a sender sends; raises `Unsealable`."""
    return read_server(row.account_id, _login_of(row), row.secret)


def _login_of(row: OutsideSender) -> Login:
    return Login("smtp", row.host, row.user, "", row.port, row.tls)
