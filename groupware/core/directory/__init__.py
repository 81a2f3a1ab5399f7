"""Provisioning of domains, accounts, addresses and groups: the only writers of the directory."""

from groupware.core.directory.accounts import (
    MIN_PASSWORD,
    NewAccount,
    create_account,
    delete_account,
    generate_password,
    rename_account,
    set_active,
    set_password,
    set_quota,
)
from groupware.core.directory.domains import create_domain, delete_domain
from groupware.core.directory.groups import add_member, create_group, delete_group, remove_member
from groupware.core.directory.listings import (
    AccountEntry,
    AddressEntry,
    CollectionEntry,
    DomainEntry,
    GroupEntry,
    describe_account,
    list_accounts,
    list_addresses,
    list_addresses_of,
    list_collections,
    list_domains,
    list_groups,
    list_groups_of,
)
from groupware.core.directory.lookups import get_account, get_domain, get_group
from groupware.core.directory.routes import create_address, delete_address

__all__ = [
    "MIN_PASSWORD",
    "AccountEntry",
    "AddressEntry",
    "CollectionEntry",
    "DomainEntry",
    "GroupEntry",
    "NewAccount",
    "add_member",
    "create_account",
    "create_address",
    "create_domain",
    "create_group",
    "delete_account",
    "delete_address",
    "delete_domain",
    "delete_group",
    "describe_account",
    "generate_password",
    "get_account",
    "get_domain",
    "get_group",
    "list_accounts",
    "list_addresses",
    "list_addresses_of",
    "list_collections",
    "list_domains",
    "list_groups",
    "list_groups_of",
    "remove_member",
    "rename_account",
    "set_active",
    "set_password",
    "set_quota",
]
