"""Accounts: people, shared mailboxes, rooms and equipment."""

import secrets
from dataclasses import dataclass, field

from django.apps import apps
from django.contrib.auth.hashers import make_password
from django.db import connection
from django.db.models import F

from groupware.core import audit, crashpoints, db, limits, provisioning, quotawarnings
from groupware.core.changes import begin_change
from groupware.core.clock import epoch, now
from groupware.core.directory.lookups import (
    directory_change,
    get_account,
    get_own_domain,
    insert_address,
    parse,
    parse_label,
    refuse_taken,
)
from groupware.core.errors import AlreadyExists, Invalid
from groupware.core.events import CredentialsChanged, publish
from groupware.core.models import (
    Account,
    AccountKind,
    AccountState,
    Address,
    AddressKind,
    AddressTarget,
    AdminRole,
    Collection,
    Domain,
    Role,
)
from groupware.core.models.store import Item

MIN_PASSWORD = 8
"""Characters that a password must have."""
_NO_LOGIN = (
    "Only a person signs in, with a password or as an administrator: shared accounts, rooms and"
    " equipment never do."
)


@dataclass(frozen=True, slots=True)
class NewAccount:
    """What an account is created with.

    `quota_bytes` 0 means unlimited, None what the installation gives (`DEFAULT_QUOTA`). `hashed` is the
    password as `hash_password` returned it, for whoever creates many: hashing takes long, and here it
    is done while others wait.
    """

    address: str
    name: str = ""
    kind: str = AccountKind.PERSON
    quota_bytes: int | None = None
    is_admin: bool = False
    password: str | None = None
    hashed: str | None = field(default=None, repr=False)


def create_account(new: NewAccount) -> Account:
    """Create an account with its address, its counter and its first collections.

    Without a password nobody can log in. Raises `AlreadyExists`, `NotFound`, `Invalid`.
    """
    local_part, domain_name = parse(new.address)
    if new.kind not in AccountKind.values:
        raise Invalid("An account is one of {kinds}.", kinds=", ".join(AccountKind.values))
    if new.kind != AccountKind.PERSON and (new.is_admin or new.password or new.hashed):
        raise Invalid(_NO_LOGIN)
    name = parse_label(new.name)
    password = new.hashed or make_password(checked_password(new.password))
    with directory_change():
        domain = get_own_domain(domain_name)
        refuse_taken(domain, local_part)
        account = Account.objects.create(
            login=f"{local_part}@{domain.name}",
            domain=domain,
            kind=new.kind,
            name=name,
            password=password,
            is_staff=new.is_admin,
            is_superuser=new.is_admin,
            created_at=now(),
        )
        quota = limits.DEFAULT_QUOTA.value if new.quota_bytes is None else new.quota_bytes
        AccountState.objects.create(account=account, next_uid_validity=epoch(), quota_bytes=quota)
        address = insert_address(domain, local_part, AddressKind.PRIMARY)
        AddressTarget.objects.create(address=address, account=account)
        if new.is_admin:
            AdminRole.objects.create(account=account, role=Role.GLOBAL, created_at=now())
        provisioning.provision(account.pk)
        audit.record("account.create", account, kind=new.kind, admin=new.is_admin, quota=quota)
    crashpoints.reach("account-created")
    return account


def hash_password(password: str) -> str:
    """Return a password as it is kept; raises `Invalid` for what cannot be one."""
    return make_password(checked_password(password))


def checked_password(password: str | None) -> str | None:
    """Return what can be a password, or None for none; raises `Invalid`."""
    if password is not None and len(password) < MIN_PASSWORD:
        raise Invalid("A password has at least {least} characters.", least=MIN_PASSWORD)
    if password is not None and ("\0" in password or not _is_unicode(password)):
        raise Invalid("A password is text in UTF-8 without NUL: no protocol takes other octets.")
    return password


def _is_unicode(text: str) -> bool:
    return not any("\ud800" <= char <= "\udfff" for char in text)


def rename_account(address: str, new_address: str, *, name: str | None = None) -> Account:
    """Give an account another primary address, another name, or both.

    The old address stays as an alias. With the address the login changes, and sessions end.
    """
    local_part, domain_name = parse(new_address)
    with directory_change():
        account = get_account(address)
        domain, home = get_own_domain(domain_name), audit.target_of(account)
        if name is not None:
            account.name = parse_label(name)
        if account.login != f"{local_part}@{domain.name}":
            _make_primary(account, domain, local_part)
            _end_sessions(account)
        account.save(update_fields=["login", "domain", "name"])
        if account.domain_id != home.domain_id:
            # For those who see one of the two domains alone.
            audit.record("account.leave", home, to=account.login)
        audit.record("account.rename", account, before=home.name, name=account.name)
    return account


def _make_primary(account: Account, domain: Domain, local_part: str) -> None:
    held = Address.objects.filter(domain=domain, local_part=local_part).first()
    if held is None:
        held = insert_address(domain, local_part, AddressKind.PRIMARY)
        AddressTarget.objects.create(address=held, account=account)
    elif list(held.targets.values_list("account_id", flat=True)) != [account.pk]:
        raise AlreadyExists(
            "The address {local_part}@{domain} is taken.", local_part=local_part, domain=domain.name
        )
    Address.objects.filter(targets__account=account, kind=AddressKind.PRIMARY).exclude(
        pk=held.pk
    ).update(kind=AddressKind.ALIAS)
    Address.objects.filter(pk=held.pk).update(kind=AddressKind.PRIMARY)
    account.login = f"{local_part}@{domain.name}"
    account.domain = domain


def get_person(address: str) -> Account:
    """Return an account that can have a password; raises `NotFound`, `Invalid`."""
    account = get_account(address)
    if account.kind != AccountKind.PERSON:
        raise Invalid(_NO_LOGIN)
    return account


def set_password(address: str, password: str) -> None:
    """Set a person's password; every live session of the account ends."""
    hashed = make_password(checked_password(password))
    with directory_change():
        account = get_person(address)
        account.password = hashed
        account.save(update_fields=["password"])
        _end_sessions(account)
        audit.record("account.set-password", account)


def set_active(address: str, *, active: bool) -> None:
    """Enable or disable an account; mail still arrives, sessions of a disabled one end."""
    with directory_change():
        account = get_account(address)
        account.is_active = active
        account.save(update_fields=["is_active"])
        _end_sessions(account)
        audit.record("account.enable" if active else "account.disable", account)


def set_quota(address: str, quota_bytes: int) -> None:
    """Set the quota in octets; 0 means unlimited. Who has used most of it is warned."""
    with directory_change():
        account = get_account(address)
        change = begin_change(account.pk)
        AccountState.objects.filter(account=account).update(quota_bytes=quota_bytes)
        quotawarnings.settle(account.pk, quota=quota_bytes, used=change.bytes_used)
        audit.record("account.set-quota", account, quota=quota_bytes)


def sign_out(address: str) -> None:
    """End every live session of an account, of whatever protocol."""
    with directory_change():
        account = get_account(address)
        _end_sessions(account)
        audit.record("account.end-sessions", account)


def _end_sessions(account: Account) -> None:
    Account.objects.filter(pk=account.pk).update(credential_epoch=F("credential_epoch") + 1)
    event = CredentialsChanged(account.pk)
    db.on_commit(lambda: publish(event))


def delete_account(address: str, *, successor: Account | None = None) -> None:
    """Delete an account with everything it owns; a successor gets its addresses, as aliases.

    Without one every address goes that leads only to it. Raises `NotFound`, and `NotAllowed` where an app forbids it (what is on hold).
    """
    with directory_change():
        account = get_account(address)
        target = audit.target_of(account)
        provisioning.check_deletion(account.pk)
        begin_change(account.pk)
        Account.objects.filter(pk=account.pk).update(is_active=False)
        event = CredentialsChanged(account.pk)
        db.on_commit(lambda: publish(event))
        if successor is not None:
            _lead_to(successor, account)
        _delete_addresses(account)
        _delete_items(account.pk)
        Collection.objects.filter(account=account).delete()
        account.delete()
        audit.record("account.delete", target)


def _lead_to(successor: Account, account: Account) -> None:
    """Let what led to an account lead to its successor, unless it leads there already."""
    held = Address.objects.filter(targets__account=successor)
    AddressTarget.objects.filter(account=account).exclude(address__in=held).update(
        account=successor
    )
    Address.objects.filter(targets__account=successor, kind=AddressKind.PRIMARY).exclude(
        local_part=successor.login.rpartition("@")[0], domain=successor.domain_id
    ).update(kind=AddressKind.ALIAS)


def _delete_addresses(account: Account) -> None:
    """Delete the addresses that lead to nobody else."""
    alone = [
        held.pk
        for held in Address.objects.filter(targets__account=account)
        if held.targets.count() == 1
    ]
    Address.objects.filter(pk__in=alone).delete()


def _delete_items(account_id: int) -> None:
    """Delete item rows of every app, and what hangs on them, before their collections.

    In the database alone: an account may hold a million.
    """
    with connection.cursor() as cursor:
        for model in apps.get_models():
            if not issubclass(model, Item):
                continue
            table = model._meta.db_table
            for dependent in model._meta.related_objects:
                held, column = dependent.related_model._meta.db_table, dependent.field.column
                cursor.execute(
                    f'DELETE FROM "{held}" WHERE "{column}" IN'
                    f' (SELECT id FROM "{table}" WHERE account_id = %s)',
                    [account_id],
                )
            cursor.execute(f'DELETE FROM "{table}" WHERE account_id = %s', [account_id])


def generate_password() -> str:
    """Return a strong password that can be read over the telephone."""
    alphabet = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(alphabet) for _ in range(4)) for _ in range(4))
