"""Provisioning of domains, accounts, addresses and groups: the only writers of the directory."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.contrib.auth.hashers import make_password
from django.db.models import ProtectedError

from groupware.core import crashpoints, db, provisioning
from groupware.core.addresses import BadAddress, parse_address, parse_domain
from groupware.core.changes import begin_change
from groupware.core.clock import epoch, now
from groupware.core.errors import AlreadyExists, Invalid, NotFound
from groupware.core.events import CredentialsChanged, publish
from groupware.core.models import (
    Account,
    AccountKind,
    AccountState,
    Address,
    AddressKind,
    AddressTarget,
    Collection,
    Domain,
    Group,
    GroupMember,
)

MIN_PASSWORD = 8
"""Characters that a password must have."""


@dataclass(frozen=True, slots=True)
class NewAccount:
    """What an account is created with; `quota_bytes` 0 means unlimited."""

    address: str
    name: str = ""
    kind: str = AccountKind.PERSON
    quota_bytes: int = 0
    is_admin: bool = False
    password: str | None = None


def _parse(text: str) -> tuple[str, str]:
    try:
        return parse_address(text)
    except BadAddress as error:
        raise Invalid(str(error)) from error


def create_domain(name: str, *, alias_of: str = "") -> Domain:
    """Create a tenant, or with `alias_of` another name of one."""
    try:
        name = parse_domain(name)
    except BadAddress as error:
        raise Invalid(str(error)) from error
    with db.write_transaction():
        if Domain.objects.filter(name=name).exists():
            raise AlreadyExists(f"The domain {name} is there already.")
        target = get_domain(alias_of) if alias_of else None
        if target is not None and target.alias_of_id is not None:
            raise Invalid(f"{alias_of} is an alias itself: name the domain that it leads to.")
        return Domain.objects.create(name=name, alias_of=target, created_at=now())


def get_domain(name: str) -> Domain:
    """Return a domain by its name; raises `NotFound`."""
    domain = Domain.objects.filter(name=name.strip().rstrip(".").lower()).first()
    if domain is None:
        raise NotFound(f"There is no domain {name}: create it with `domain create {name}`.")
    return domain


def delete_domain(name: str) -> None:
    """Delete a domain that nothing lives in; raises `Invalid` otherwise."""
    with db.write_transaction():
        domain = get_domain(name)
        if domain.accounts.exists() or domain.groups.exists() or domain.aliases.exists():
            raise Invalid(
                f"{name} still has accounts, groups or alias domains: delete those first."
            )
        try:
            domain.delete()
        except ProtectedError as error:
            raise Invalid(f"{name} is still in use.") from error


def get_account(address: str) -> Account:
    """Return an account by its login; raises `NotFound`."""
    account = Account.objects.filter(login=address.strip().lower()).first()
    if account is None:
        raise NotFound(f"There is no account {address}.")
    return account


def create_account(new: NewAccount) -> Account:
    """Create an account with its address, its counter and its first collections.

    Without a password nobody can log in. Raises `AlreadyExists`, `NotFound`, `Invalid`.
    """
    local_part, domain_name = _parse(new.address)
    if new.kind not in AccountKind.values:
        raise Invalid(f"An account is one of {', '.join(AccountKind.values)}.")
    if new.password is not None and new.kind != AccountKind.PERSON:
        raise Invalid("Only a person has a password: shared accounts and rooms never log in.")
    password = make_password(_checked_password(new.password))
    with db.write_transaction():
        domain = get_domain(domain_name)
        if domain.alias_of_id is not None:
            raise Invalid(f"{domain_name} is an alias: accounts live in the domain itself.")
        _refuse_taken(domain, local_part)
        account = Account.objects.create(
            login=f"{local_part}@{domain.name}",
            domain=domain,
            kind=new.kind,
            name=new.name,
            password=password,
            is_staff=new.is_admin,
            is_superuser=new.is_admin,
            created_at=now(),
        )
        AccountState.objects.create(
            account=account, next_uid_validity=epoch(), quota_bytes=new.quota_bytes
        )
        address = _insert_address(domain, local_part, AddressKind.PRIMARY)
        AddressTarget.objects.create(address=address, account=account)
        provisioning.provision(account.pk)
    crashpoints.reach("account-created")
    return account


def _checked_password(password: str | None) -> str | None:
    if password is not None and len(password) < MIN_PASSWORD:
        raise Invalid(f"A password has at least {MIN_PASSWORD} characters.")
    return password


def _refuse_taken(domain: Domain, local_part: str) -> None:
    if Address.objects.filter(domain=domain, local_part=local_part).exists():
        raise AlreadyExists(f"The address {local_part}@{domain.name} is taken.")


def _insert_address(domain: Domain, local_part: str, kind: str) -> Address:
    return Address.objects.create(domain=domain, local_part=local_part, kind=kind, created_at=now())


def rename_account(address: str, new_address: str, *, name: str | None = None) -> Account:
    """Give an account another primary address; the old one stays as an alias."""
    local_part, domain_name = _parse(new_address)
    with db.write_transaction():
        account = get_account(address)
        domain = get_domain(domain_name)
        held = Address.objects.filter(domain=domain, local_part=local_part).first()
        if held is None:
            held = _insert_address(domain, local_part, AddressKind.PRIMARY)
            AddressTarget.objects.create(address=held, account=account)
        elif list(held.targets.values_list("account_id", flat=True)) != [account.pk]:
            raise AlreadyExists(f"The address {local_part}@{domain.name} is taken.")
        Address.objects.filter(targets__account=account, kind=AddressKind.PRIMARY).exclude(
            pk=held.pk
        ).update(kind=AddressKind.ALIAS)
        Address.objects.filter(pk=held.pk).update(kind=AddressKind.PRIMARY)
        account.login = f"{local_part}@{domain.name}"
        account.domain = domain
        if name is not None:
            account.name = name
        account.save(update_fields=["login", "domain", "name"])
        _end_sessions(account)
    return account


def set_password(address: str, password: str) -> None:
    """Set a person's password; every live session of the account ends."""
    hashed = make_password(_checked_password(password))
    with db.write_transaction():
        account = get_account(address)
        if account.kind != AccountKind.PERSON:
            raise Invalid("Only a person has a password: shared accounts and rooms never log in.")
        account.password = hashed
        account.save(update_fields=["password"])
        _end_sessions(account)


def set_active(address: str, *, active: bool) -> None:
    """Enable or disable an account; mail still arrives, sessions of a disabled one end."""
    with db.write_transaction():
        account = get_account(address)
        account.is_active = active
        account.save(update_fields=["is_active"])
        _end_sessions(account)


def set_quota(address: str, quota_bytes: int) -> None:
    """Set the quota in octets; 0 means unlimited."""
    with db.write_transaction():
        account = get_account(address)
        begin_change(account.pk)
        AccountState.objects.filter(account=account).update(quota_bytes=quota_bytes)


def _end_sessions(account: Account) -> None:
    Account.objects.filter(pk=account.pk).update(credential_epoch=account.credential_epoch + 1)
    event = CredentialsChanged(account.pk)
    db.on_commit(lambda: publish(event))


def delete_account(address: str) -> None:
    """Delete an account with everything it owns and every address that leads only to it."""
    with db.write_transaction():
        account = get_account(address)
        begin_change(account.pk)
        Account.objects.filter(pk=account.pk).update(is_active=False)
        event = CredentialsChanged(account.pk)
        db.on_commit(lambda: publish(event))
        alone = [
            held.pk
            for held in Address.objects.filter(targets__account=account)
            if held.targets.count() == 1
        ]
        Address.objects.filter(pk__in=alone).delete()
        _delete_items(account.pk)
        Collection.objects.filter(account=account).delete()
        account.delete()


def _delete_items(account_id: int) -> None:
    """Delete item rows of every app before the collections that they restrict."""
    from groupware.core.models.store import Item

    for model in apps.get_models():
        if issubclass(model, Item):
            model._default_manager.filter(account_id=account_id).delete()


def create_address(text: str, targets: Sequence[str], *, kind: str = "") -> Address:
    """Create an alias, a list or, as `@domain`, a catch-all that leads to `targets`.

    A target is an account's address, a group's name, or an address outside.
    """
    if not targets:
        raise Invalid("An address leads somewhere: name at least one target with --to.")
    is_catch_all = text.startswith("@")
    local_part, domain_name = ("", text[1:].lower()) if is_catch_all else _parse(text)
    with db.write_transaction():
        domain = get_domain(domain_name)
        _refuse_taken(domain, local_part)
        default = AddressKind.CATCH_ALL if is_catch_all else AddressKind.ALIAS
        address = _insert_address(domain, local_part, kind or default)
        for target in targets:
            AddressTarget.objects.create(address=address, **_resolve_target(target))
    return address


def _resolve_target(text: str) -> dict[str, Any]:
    name = text.strip().lower()
    if (account := Account.objects.filter(login=name).first()) is not None:
        return {"account": account}
    if (group := Group.objects.filter(name=name).first()) is not None:
        return {"group": group}
    local_part, domain_name = _parse(text)
    domain = Domain.objects.filter(name=domain_name).first()
    if domain is None:
        return {"forward_to": f"{local_part}@{domain_name}"}
    held = Address.objects.filter(domain=domain, local_part=local_part).first()
    if held is None:
        raise NotFound(f"There is no account, group or address {text}.")
    return {"forward_to": f"{local_part}@{domain_name}"}


def delete_address(text: str) -> None:
    """Delete an alias, a list or a catch-all; a primary address goes with its account."""
    local_part, domain_name = ("", text[1:].lower()) if text.startswith("@") else _parse(text)
    with db.write_transaction():
        held = Address.objects.filter(domain__name=domain_name, local_part=local_part).first()
        if held is None:
            raise NotFound(f"There is no address {text}.")
        if held.kind == AddressKind.PRIMARY:
            raise Invalid(f"{text} is an account's primary address: rename or delete the account.")
        held.delete()


def create_group(name: str, *, description: str = "") -> Group:
    """Create a group named by an address, which leads to its members."""
    local_part, domain_name = _parse(name)
    with db.write_transaction():
        domain = get_domain(domain_name)
        _refuse_taken(domain, local_part)
        group = Group.objects.create(
            domain=domain,
            name=f"{local_part}@{domain.name}",
            description=description,
            created_at=now(),
        )
        address = _insert_address(domain, local_part, AddressKind.LIST)
        AddressTarget.objects.create(address=address, group=group)
    return group


def get_group(name: str) -> Group:
    """Return a group by its name; raises `NotFound`."""
    group = Group.objects.filter(name=name.strip().lower()).first()
    if group is None:
        raise NotFound(f"There is no group {name}.")
    return group


def _member(name: str) -> dict[str, Any]:
    try:
        return {"account": get_account(name)}
    except NotFound:
        return {"subgroup": get_group(name)}


def add_member(group_name: str, member: str) -> None:
    """Add an account or a group to a group; a group never comes to hold itself."""
    with db.write_transaction():
        group = get_group(group_name)
        found = _member(member)
        if (subgroup := found.get("subgroup")) is not None and _reaches(subgroup, group):
            raise Invalid(f"{group_name} would come to hold itself.")
        _, made = GroupMember.objects.get_or_create(group=group, **found)
        if not made:
            raise AlreadyExists(f"{member} is in {group_name} already.")


def _reaches(start: Group, wanted: Group) -> bool:
    seen: set[int] = set()
    waiting = [start.pk]
    while waiting:
        group_id = waiting.pop()
        if group_id == wanted.pk:
            return True
        if group_id not in seen:
            seen.add(group_id)
            found = GroupMember.objects.filter(group_id=group_id, subgroup__isnull=False)
            waiting += [key for key in found.values_list("subgroup_id", flat=True) if key]
    return False


def remove_member(group_name: str, member: str) -> None:
    """Take an account or a group out of a group."""
    with db.write_transaction():
        gone, _ = GroupMember.objects.filter(
            group=get_group(group_name), **_member(member)
        ).delete()
        if not gone:
            raise NotFound(f"{member} is not in {group_name}.")


def delete_group(name: str) -> None:
    """Delete a group and the addresses that lead only to it."""
    with db.write_transaction():
        group = get_group(name)
        alone = [
            held.pk
            for held in Address.objects.filter(targets__group=group)
            if held.targets.count() == 1
        ]
        Address.objects.filter(pk__in=alone).delete()
        group.delete()


def generate_password() -> str:
    """Return a strong password that can be read over the telephone."""
    alphabet = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(alphabet) for _ in range(4)) for _ in range(4))
