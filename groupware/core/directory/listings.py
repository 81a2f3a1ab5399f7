"""Reading the directory as a whole: what there is, for whoever administers it.

Each listing takes a fixed number of queries and reads one snapshot.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Model, QuerySet

from groupware.core import db
from groupware.core.directory.lookups import get_domain, get_group
from groupware.core.models import (
    Account,
    Address,
    AddressTarget,
    Collection,
    Domain,
    Group,
    GroupMember,
)


@dataclass(frozen=True, slots=True)
class DomainEntry:
    """A domain, and how much lives in it; `alias_of` is empty for a tenant."""

    name: str
    alias_of: str
    accounts: int
    groups: int
    addresses: int


@dataclass(frozen=True, slots=True)
class AccountEntry:
    """An account and what it uses; `quota_bytes` 0 means unlimited."""

    address: str
    name: str
    kind: str
    active: bool
    admin: bool
    quota_bytes: int
    bytes_used: int
    items_used: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class AddressEntry:
    """An address and the accounts, groups and outside addresses that it leads to."""

    address: str
    kind: str
    targets: list[str]


@dataclass(frozen=True, slots=True)
class GroupEntry:
    """A group and its members: accounts and groups."""

    name: str
    description: str
    members: list[str]


@dataclass(frozen=True, slots=True)
class CollectionEntry:
    """A collection and what it holds."""

    kind: str
    name: str
    items: int
    bytes: int


def list_domains() -> list[DomainEntry]:
    """Return every domain by name."""
    with db.read_snapshot():
        accounts, groups, addresses = map(_by_domain, (Account, Group, Address))
        domains = Domain.objects.order_by("name").values_list("id", "name", "alias_of__name")
        return [
            DomainEntry(name, alias_of or "", accounts[key], groups[key], addresses[key])
            for key, name, alias_of in domains
        ]


def _by_domain(model: type[Model]) -> Counter[int]:
    rows: Any = model._default_manager.order_by().values_list("domain")  # noqa: SLF001 (documented)
    return Counter(dict(rows.annotate(Count("pk"))))


def _within(rows: QuerySet[Any], domain: str) -> QuerySet[Any]:
    """Keep the rows of a domain, under whichever of its names; of all domains without one."""
    if not domain:
        return rows
    held = get_domain(domain)
    return rows.filter(domain=held.alias_of or held)


def list_accounts(domain: str = "") -> list[AccountEntry]:
    """Return the accounts by address, of all domains or of one."""
    with db.read_snapshot():
        rows = _within(Account.objects.select_related("state"), domain)
        return [_account_entry(account) for account in rows.order_by("login")]


def describe_account(account: Account) -> AccountEntry:
    """Return what there is to say of one account."""
    return _account_entry(Account.objects.select_related("state").get(pk=account.pk))


def _account_entry(account: Account) -> AccountEntry:
    return AccountEntry(
        address=account.login,
        name=account.name,
        kind=account.kind,
        active=account.is_active,
        admin=account.is_superuser,
        quota_bytes=account.state.quota_bytes,
        bytes_used=account.state.bytes_used,
        items_used=account.state.items_used,
        created_at=account.created_at,
    )


def list_addresses(domain: str = "") -> list[AddressEntry]:
    """Return the addresses by domain and name, of all domains or of one."""
    with db.read_snapshot():
        return _address_entries(_within(Address.objects.all(), domain))


def list_addresses_of(account: Account) -> list[AddressEntry]:
    """Return the addresses that lead to an account, also beside others."""
    with db.read_snapshot():
        return _address_entries(Address.objects.filter(targets__account=account))


def describe_address(address: Address) -> AddressEntry:
    """Return an address with where it leads."""
    return _address_entries(Address.objects.filter(pk=address.pk))[0]


def _address_entries(addresses: QuerySet[Address]) -> list[AddressEntry]:
    targets: defaultdict[int, list[str]] = defaultdict(list)
    rows = AddressTarget.objects.filter(address__in=addresses.order_by().values("id"))
    for key, *leads_to in rows.order_by("id").values_list(
        "address_id", "account__login", "group__name", "forward_to"
    ):
        targets[key] += filter(None, leads_to)
    held = addresses.order_by("domain__name", "local_part")
    return [
        AddressEntry(f"{local_part}@{domain}", kind, targets[key])
        for key, local_part, domain, kind in held.values_list(
            "id", "local_part", "domain__name", "kind"
        )
    ]


def list_groups(domain: str = "") -> list[GroupEntry]:
    """Return the groups by name with their members, of all domains or of one."""
    with db.read_snapshot():
        return _group_entries(_within(Group.objects.all(), domain))


def describe_group(name: str) -> GroupEntry:
    """Return one group with its members; raises `NotFound`."""
    return _group_entries(Group.objects.filter(pk=get_group(name).pk))[0]


def _group_entries(groups: QuerySet[Group]) -> list[GroupEntry]:
    members: defaultdict[int, list[str]] = defaultdict(list)
    rows = GroupMember.objects.filter(group__in=groups.order_by().values("id"))
    for key, *member in rows.values_list("group_id", "account__login", "subgroup__name"):
        members[key] += filter(None, member)
    return [
        GroupEntry(group.name, group.description, sorted(members[group.pk]))
        for group in groups.order_by("name")
    ]


def list_groups_of(account: Account) -> list[str]:
    """Return the groups that hold an account themselves."""
    rows = GroupMember.objects.filter(account=account).order_by("group__name")
    return list(rows.values_list("group__name", flat=True))


def list_places(account: Account) -> list[tuple[str, str, str]]:
    """Return (object id, kind, name) of the collections of an account by kind and name."""
    rows = Collection.objects.filter(account=account).order_by("kind", "name")
    return list(rows.values_list("object_id", "kind", "name"))


def list_collections(account: Account) -> list[CollectionEntry]:
    """Return the collections of an account by kind and name."""
    rows = Collection.objects.filter(account=account).order_by("kind", "name")
    return [CollectionEntry(*row) for row in rows.values_list("kind", "name", "items", "bytes")]
