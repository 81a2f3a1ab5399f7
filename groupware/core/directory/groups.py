"""Groups: sets of accounts that are granted to and written to."""

from functools import partial
from typing import Any

from groupware.core import audit, db
from groupware.core.clock import now
from groupware.core.directory.lookups import (
    directory_change,
    get_account,
    get_group,
    get_own_domain,
    insert_address,
    parse,
    parse_label,
    refuse_taken,
)
from groupware.core.errors import AlreadyExists, Invalid, NotFound
from groupware.core.events import MailboxListChanged, publish
from groupware.core.models import Address, AddressKind, AddressTarget, Group, GroupMember


def create_group(name: str, *, description: str = "") -> Group:
    """Create a group named by an address, which leads to its members."""
    local_part, domain_name = parse(name)
    with directory_change():
        domain = get_own_domain(domain_name)
        refuse_taken(domain, local_part)
        group = Group.objects.create(
            domain=domain,
            name=f"{local_part}@{domain.name}",
            description=parse_label(description),
            created_at=now(),
        )
        address = insert_address(domain, local_part, AddressKind.LIST)
        AddressTarget.objects.create(address=address, group=group)
        audit.record("group.create", group, description=group.description)
    return group


def describe_anew(name: str, description: str) -> Group:
    """Say anew what a group is for."""
    with directory_change():
        group = get_group(name)
        group.description = parse_label(description)
        group.save(update_fields=["description"])
        audit.record("group.describe", group, description=group.description)
    return group


def _member(name: str) -> dict[str, Any]:
    local_part, domain = parse(name)
    group = Group.objects.filter(name=f"{local_part}@{domain}").first()
    return {"subgroup": group} if group is not None else {"account": get_account(name)}


def add_member(group_name: str, *members: str) -> None:
    """Add accounts or groups to a group, all or none; a group never comes to hold itself."""
    with directory_change():
        group = get_group(group_name)
        for member in members:
            found = _member(member)
            if (subgroup := found.get("subgroup")) is not None and _reaches(subgroup, group):
                raise Invalid("{group_name} would come to hold itself.", group_name=group_name)
            _, made = GroupMember.objects.get_or_create(group=group, **found)
            if not made:
                raise AlreadyExists(
                    "{member} is in {group_name} already.", member=member, group_name=group_name
                )
            _tell(found)
        audit.record("group.add", group, members=list(members))


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


def remove_member(group_name: str, *members: str) -> None:
    """Take accounts or groups out of a group, all or none."""
    with directory_change():
        group = get_group(group_name)
        for member in members:
            found = _member(member)
            gone, _ = GroupMember.objects.filter(group=group, **found).delete()
            if not gone:
                raise NotFound(
                    "{member} is not in {group_name}: `group list` shows who is.",
                    member=member,
                    group_name=group_name,
                )
            _tell(found)
        audit.record("group.remove", group, members=list(members))


def _tell(member: dict[str, Any]) -> None:
    """Publish after the commit that what is granted to a member has changed, a hint for each."""
    account = member.get("account")
    account_ids = {account.pk} if account is not None else _accounts_below(member["subgroup"])
    for account_id in account_ids:
        db.on_commit(partial(publish, MailboxListChanged(account_id)))


def _accounts_below(start: Group) -> set[int]:
    found: set[int] = set()
    seen: set[int] = set()
    waiting = [start.pk]
    while waiting:
        group_id = waiting.pop()
        if group_id in seen:
            continue
        seen.add(group_id)
        members = GroupMember.objects.filter(group_id=group_id)
        for account_id, subgroup_id in members.values_list("account_id", "subgroup_id"):
            if subgroup_id:
                waiting.append(subgroup_id)
            else:
                found.add(account_id)
    return found


def delete_group(name: str) -> None:
    """Delete a group and the addresses that lead only to it."""
    with directory_change():
        group = get_group(name)
        gone = audit.target_of(group)
        _tell({"subgroup": group})
        alone = [
            held.pk
            for held in Address.objects.filter(targets__group=group)
            if held.targets.count() == 1
        ]
        Address.objects.filter(pk__in=alone).delete()
        group.delete()
        audit.record("group.delete", gone)
