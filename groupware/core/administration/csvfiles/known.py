"""What the directory holds of all that a file names, read in few queries, within a role's reach."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from django.utils.translation import gettext as _

from groupware.core.addresses import BadAddress, parse_address
from groupware.core.administration.administrator import Administrator
from groupware.core.administration.csvfiles.sheet import Wanted
from groupware.core.errors import GroupwareError, NotFound
from groupware.core.models import (
    Account,
    Address,
    AdminRole,
    Domain,
    Group,
    GroupMember,
)
from groupware.core.roles import Permission

MOST_AT_ONCE = 500
"""Names of one query."""
T = TypeVar("T")


class Known:
    """Domains, accounts, addresses and groups that rows name, as an administrator may reach them."""

    def __init__(self, by: Administrator, wanted: Sequence[Wanted]) -> None:
        self._by = by
        self._places: dict[str, Domain | GroupwareError] = {}
        logins = _folded(row.address for row in wanted)
        aliases = _folded(alias for row in wanted for alias in row.aliases)
        self._accounts: dict[str, Account] = {}
        self._groups: dict[str, Group] = {}
        self._leads: defaultdict[str, set[int | None]] = defaultdict(set)
        self._members: set[tuple[int, str]] = set()
        self._with_roles: set[int] = set()
        for part in _parts(logins):
            rows = by.accounts().select_related("state").filter(login__in=part)
            self._accounts |= {held.login: held for held in rows}
        for part in _parts(_folded(name for row in wanted for name in row.groups)):
            self._groups |= {held.name: held for held in by.groups().filter(name__in=part)}
        for part in _parts(list(dict.fromkeys(logins + aliases))):
            self._read_addresses(part)
        for keys in _parts([held.pk for held in self._accounts.values()]):
            members = GroupMember.objects.filter(account__in=keys, group__in=by.groups())
            self._members |= set(members.values_list("account_id", "group__name"))
            roles = AdminRole.objects.filter(account__in=keys)
            self._with_roles |= set(roles.values_list("account_id", flat=True))

    def _read_addresses(self, part: Sequence[str]) -> None:
        names = [address.rpartition("@") for address in part]
        rows = Address.objects.filter(
            domain__name__in={domain for _local, _at, domain in names},
            local_part__in={local for local, _at, _domain in names},
        )
        columns = ("local_part", "domain__name", "targets__account_id")
        for local_part, domain, account_id in rows.values_list(*columns):
            self._leads[f"{local_part}@{domain}"].add(account_id)

    def place(self, address: str) -> Domain:
        """Return the domain of an address, where he may manage; raises as `Administrator.get_place`."""
        name = address.rpartition("@")[2]
        if name not in self._places:
            try:
                self._places[name] = self._by.get_place(Permission.MANAGE, name)
            except GroupwareError as error:
                self._places[name] = error
        held = self._places[name]
        if isinstance(held, GroupwareError):
            raise type(held)(held.message)
        return held

    def account(self, address: str) -> Account | None:
        """Return the account that signs in by an address."""
        return self._accounts.get(address)

    def group(self, name: str) -> Group:
        """Return a group by its address; raises `NotFound`."""
        found = self._groups.get(name)
        if found is None:
            text = _("There is no group %(name)s that you administer: create it first.")
            raise NotFound(text % {"name": name})
        return found

    def leads_to(self, address: str, account: Account) -> bool:
        """Return whether an address leads to an account, alone or beside others."""
        return account.pk in self._leads.get(address, ())

    def is_taken(self, address: str) -> bool:
        """Return whether an address leads anywhere; asked of those in his domains alone."""
        return address in self._leads

    def is_member(self, account: Account, group: Group) -> bool:
        """Return whether a group holds an account itself."""
        return (account.pk, group.name) in self._members

    def require_over(self, account: Account) -> None:
        """Raise `NotAllowed` unless he may manage an account."""
        if account.is_superuser or account.pk in self._with_roles:
            self._by.require_over(Permission.MANAGE, account)
        else:
            self._by.require(Permission.MANAGE, account.domain_id)


def _folded(addresses: Iterable[str]) -> list[str]:
    """Return addresses as the directory has them; what is none is found nowhere."""
    found = {}
    for text in addresses:
        try:
            found["@".join(parse_address(text))] = True
        except BadAddress:
            continue
    return list(found)


def _parts(names: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(names), MOST_AT_ONCE):
        yield names[start : start + MOST_AT_ONCE]
