"""Addresses that lead somewhere: aliases, lists, catch-alls."""

from collections.abc import Sequence
from typing import Any

from groupware.core import audit
from groupware.core.directory.lookups import (
    directory_change,
    get_own_domain,
    insert_address,
    parse,
    parse_target,
    refuse_taken,
)
from groupware.core.errors import Invalid, NotFound
from groupware.core.models import Account, Address, AddressKind, AddressTarget, Domain, Group


def create_address(text: str, targets: Sequence[str], *, kind: str = "") -> Address:
    """Create an alias, a list or, as `@domain`, a catch-all that leads to `targets`.

    A target is an account's address, a group's name, or an address outside.
    """
    if not targets:
        raise Invalid("An address leads somewhere: name at least one target with --to.")
    local_part, domain_name = parse_target(text)
    with directory_change():
        domain = get_own_domain(domain_name)
        refuse_taken(domain, local_part)
        address = insert_address(domain, local_part, kind or _kind_of(local_part, targets))
        _insert_targets(address, targets)
        audit.record("address.create", address, targets=list(targets))
    return address


def set_targets(text: str, targets: Sequence[str]) -> Address:
    """Let an alias, a list or a catch-all lead elsewhere: to all of `targets` and nowhere else.

    Raises as `create_address` does, and `Invalid` for the address of an account or a group.
    """
    if not targets:
        raise Invalid("An address leads somewhere: name at least one target, or delete it.")
    with directory_change():
        address = _get_changeable(text)
        if address.kind == AddressKind.LIST and Group.objects.filter(name=str(address)).exists():
            raise Invalid("{text} is a group's address: change its members instead.", text=text)
        address.targets.all().delete()
        _insert_targets(address, targets)
        address.kind = _kind_of(address.local_part, targets)
        address.save(update_fields=["kind"])
        audit.record("address.set-targets", address, targets=list(targets))
    return address


def _insert_targets(address: Address, targets: Sequence[str]) -> None:
    found: list[dict[str, Any]] = []
    for target in map(_resolve_target, targets):
        if target not in found:
            found.append(target)
            AddressTarget.objects.create(address=address, **target)


def _kind_of(local_part: str, targets: Sequence[str]) -> str:
    if not local_part:
        return AddressKind.CATCH_ALL
    return AddressKind.ALIAS if len(targets) == 1 else AddressKind.LIST


def _resolve_target(text: str) -> dict[str, Any]:
    local_part, domain_name = parse(text)
    name = f"{local_part}@{domain_name}"
    if (account := Account.objects.filter(login=name).first()) is not None:
        return {"account": account}
    if (group := Group.objects.filter(name=name).first()) is not None:
        return {"group": group}
    domain = Domain.objects.select_related("alias_of").filter(name=domain_name).first()
    if domain is not None:
        domain = domain.alias_of or domain
        if not Address.objects.filter(domain=domain, local_part=local_part).exists():
            raise NotFound(
                "There is no account, group or address {text}: create it first.", text=text
            )
    return {"forward_to": name}


def delete_address(text: str) -> None:
    """Delete an alias, a list or a catch-all; a primary address goes with its account."""
    with directory_change():
        held = _get_changeable(text)
        gone = audit.target_of(held)
        held.delete()
        audit.record("address.delete", gone)


def _get_changeable(text: str) -> Address:
    local_part, domain_name = parse_target(text)
    held = Address.objects.filter(domain__name=domain_name, local_part=local_part).first()
    if held is None:
        raise NotFound("There is no address {text}: `address list` shows all.", text=text)
    if held.kind == AddressKind.PRIMARY:
        raise Invalid(
            "{text} is an account's primary address: rename or delete the account.", text=text
        )
    return held
