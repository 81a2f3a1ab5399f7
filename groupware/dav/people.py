"""Principals: which of them a requester may know of, and which groups they are in.

Whoever is in a domain knows the accounts and groups of it, and whoever grants him something.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from groupware.core import db, holdings
from groupware.core.models import Account, Domain, Group
from groupware.core.rights import GROUPS_HELD, Grantee
from groupware.dav.resources import (
    DOMAINS,
    GROUPS,
    PROXY_READ,
    PROXY_WRITE,
    Kind,
    Resource,
    find,
    principal_path,
)

_ACCOUNT = "SELECT id, login, name, kind, domain_id FROM core_account"


class Person(NamedTuple):
    """A principal and what it is searched by."""

    path: str
    display_name: str
    addresses: Sequence[str]
    user_type: str


USER_TYPES = {"person": "INDIVIDUAL", "room": "ROOM", "equipment": "RESOURCE"}
"""CUTYPE by the kind of an account (RFC 6638 §2.4.2)."""


def list_people(account_id: int) -> list[Person]:
    """Return the principals that an account may know of, by path. Four queries."""
    owners = [owner.account_id for owner in holdings.list_owners(account_id)]
    condition, params = db.in_list("id", owners)
    accounts = db.fetch_rows(
        f"{_ACCOUNT} WHERE domain_id = (SELECT domain_id FROM core_account WHERE id = %s)"
        f" OR {condition} ORDER BY id",
        [account_id, *params],
    )
    addresses = list_addresses([row[0] for row in accounts])
    people = [
        Person(
            principal_path(key),
            name or login,
            addresses.get(key, [login]),
            USER_TYPES.get(kind, "UNKNOWN"),
        )
        for key, login, name, kind, _ in accounts
    ]
    groups = db.fetch_rows(
        "SELECT g.id, g.name FROM core_group g JOIN core_account a ON a.domain_id = g.domain_id"
        " WHERE a.id = %s ORDER BY g.id",
        [account_id],
    )
    return people + [Person(f"/{GROUPS}/{key}/", name, [name], "GROUP") for key, name in groups]


def list_addresses(account_ids: Sequence[int]) -> dict[int, list[str]]:
    """Return the mail addresses that lead to each account alone, the login first. One query."""
    condition, params = db.in_list("t.account_id", account_ids)
    found: dict[int, list[str]] = {}
    for account_id, address in db.fetch_rows(
        "SELECT t.account_id, a.local_part || '@' || d.name FROM core_addresstarget t"
        " JOIN core_address a ON a.id = t.address_id JOIN core_domain d ON d.id = a.domain_id"
        f" WHERE {condition} AND a.kind IN ('primary', 'alias')"
        " AND NOT EXISTS (SELECT 1 FROM core_addresstarget o"
        " WHERE o.address_id = t.address_id AND o.id <> t.id)"
        " ORDER BY a.kind DESC, a.id",
        params,
    ):
        found.setdefault(account_id, []).append(address)
    return found


def memberships_of(account_id: int) -> list[str]:
    """Return the paths of the groups and the domain that an account is in, also through groups."""
    groups = db.fetch_rows(
        f"{GROUPS_HELD} SELECT group_id FROM held ORDER BY group_id", [account_id]
    )
    domains = db.fetch_rows("SELECT domain_id FROM core_account WHERE id = %s", [account_id])
    return [
        *(f"/{GROUPS}/{key}/" for (key,) in groups),
        *(f"/{DOMAINS}/{key}/" for (key,) in domains),
    ]


def members_of(group: Resource, requester_id: int) -> list[str]:
    """Return the paths of the members of a group or a domain, those of the requester's domain."""
    domain = "(SELECT domain_id FROM core_account WHERE id = %s)"
    if group.kind is Kind.DOMAIN:
        rows = db.fetch_rows(
            f"SELECT id FROM core_account WHERE domain_id = %s AND domain_id = {domain}"
            " ORDER BY id",
            [group.group_id, requester_id],
        )
        return [principal_path(key) for (key,) in rows]
    rows = db.fetch_rows(
        "SELECT m.account_id, m.subgroup_id FROM core_groupmember m"
        " LEFT JOIN core_account a ON a.id = m.account_id"
        " LEFT JOIN core_group g ON g.id = m.subgroup_id"
        f" WHERE m.group_id = %s AND COALESCE(a.domain_id, g.domain_id) = {domain} ORDER BY m.id",
        [group.group_id, requester_id],
    )
    return [principal_path(key) if key else f"/{GROUPS}/{below}/" for key, below in rows]


def path_of_grantee(grantee: Grantee) -> str:
    """Return the path of the principal that a grant is to."""
    if isinstance(grantee, Account):
        return principal_path(grantee.pk)
    return f"/{GROUPS if isinstance(grantee, Group) else DOMAINS}/{grantee.pk}/"


def find_grantee(path: str, requester_id: int) -> Grantee | None:
    """Return what can be granted to at a path; None for what is none, or not for the requester."""
    found = find(path, requester_id)
    if found is None:
        return None
    if found.kind is Kind.PRINCIPAL and found.owner is not None:
        return Account.objects.filter(pk=found.owner.account_id).first()
    if found.kind is Kind.GROUP:
        return Group.objects.filter(pk=found.group_id).first()
    if found.kind is Kind.DOMAIN:
        return Domain.objects.filter(pk=found.group_id).first()
    return None


def proxy_paths(account_ids: Iterable[int], segment: str) -> list[str]:
    """Return the paths of the groups of delegates of accounts."""
    assert segment in (PROXY_READ, PROXY_WRITE)
    return [f"{principal_path(account_id)}{segment}/" for account_id in account_ids]
