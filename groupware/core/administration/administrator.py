"""Who administers: what he sees, what he may do where, and a transaction that does it as him.

Invariant: rows of the directory come to the other modules of this package through the methods of
an `Administrator`, by number or by name. What is in a domain that he does not see is not there
(`NotFound`); what he sees and may not change is refused (`NotAllowed`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from django.db.models import QuerySet
from django.utils.translation import gettext_noop as _

from groupware.core import audit, db, roles
from groupware.core.addresses import BadAddress, parse_domain
from groupware.core.directory.lookups import parse
from groupware.core.errors import Invalid, NotAllowed, NotFound
from groupware.core.models import Account, Address, Domain, Group, Role
from groupware.core.roles import Permission, Reach

T = TypeVar("T")
_NOT_HERE = "Your role does not reach as far: ask an administrator of the domain."


@dataclass(frozen=True, slots=True)
class By:
    """Whoever asks, as the edge knows him; `network` is his address."""

    account_id: int
    login: str
    network: str


class Administrator:
    """Somebody with a role, as of this moment; raises `NotAllowed` for anybody else."""

    def __init__(self, account_id: int) -> None:
        self.account_id = account_id
        self.sees = roles.find_reach(account_id, Permission.LOOK)
        self._reaches: dict[Permission, Reach] = {Permission.LOOK: self.sees}

    @classmethod
    def of_the_machine(cls) -> "Administrator":
        """Return whoever runs a command: the machine is his, and so is everything on it."""
        made = cls.__new__(cls)
        made.account_id, made.sees = 0, Reach(0, Role.GLOBAL, None, frozenset())
        made._reaches = dict.fromkeys(Permission, made.sees)  # noqa: SLF001 (its own)
        return made

    def reach(self, permission: Permission) -> Reach:
        """Return where he may do something; raises `NotAllowed` for nowhere."""
        if permission not in self._reaches:
            self._reaches[permission] = roles.find_reach(self.account_id, permission)
        return self._reaches[permission]

    def may(self, permission: Permission) -> bool:
        """Return whether he may do something anywhere: for what is shown, never for what is done."""
        try:
            self.reach(permission)
        except NotAllowed:
            return False
        return True

    def may_in(self, permission: Permission, domain_id: int | None) -> bool:
        """Return whether he may do something in a domain: for what is shown, as `may`."""
        return self.may(permission) and domain_id in self.reach(permission)

    def require(self, permission: Permission, domain_id: int | None) -> Reach:
        """Raise `NotAllowed` unless he may do something in a domain; None is the whole server."""
        reach = self.reach(permission)
        if reach.domain_ids is not None and domain_id not in reach.domain_ids:
            raise NotAllowed(_NOT_HERE)
        return reach

    def require_over(self, permission: Permission, account: Account) -> None:
        """Raise `NotAllowed` unless he may do something to an account, whose roles his reach."""
        roles.check_over(self.require(permission, account.domain_id), account)

    def domains(self) -> QuerySet[Domain]:
        """Return the domains that he sees, with their other names."""
        found = Domain.objects.select_related("alias_of")
        if (ids := self.sees.domain_ids) is None:
            return found
        return found.filter(pk__in=ids) | found.filter(alias_of__in=ids)

    def accounts(self) -> QuerySet[Account]:
        """Return the accounts that he sees."""
        found = Account.objects.defer("password")
        ids = self.sees.domain_ids
        return found if ids is None else found.filter(domain__in=ids)

    def groups(self) -> QuerySet[Group]:
        """Return the groups that he sees."""
        ids = self.sees.domain_ids
        return Group.objects.all() if ids is None else Group.objects.filter(domain__in=ids)

    def addresses(self) -> QuerySet[Address]:
        """Return the addresses that he sees."""
        found = Address.objects.select_related("domain")
        ids = self.sees.domain_ids
        return found if ids is None else found.filter(domain__in=ids)

    def get_domain(self, number: int) -> Domain:
        """Return a domain; raises `NotFound`."""
        return _one(self.domains(), number, _("There is no domain {number}."))

    def get_account(self, number: int) -> Account:
        """Return an account; raises `NotFound`."""
        return _one(self.accounts(), number, _("There is no account {number}."))

    def get_group(self, number: int) -> Group:
        """Return a group; raises `NotFound`."""
        return _one(self.groups(), number, _("There is no group {number}."))

    def get_address(self, number: int) -> Address:
        """Return an address; raises `NotFound`."""
        return _one(self.addresses(), number, _("There is no address {number}."))

    def get_place(self, permission: Permission, domain_name: str) -> Domain:
        """Return the domain that something is to be in, by its name.

        Raises `NotFound` for one that he does not see, `NotAllowed`, and `Invalid` for another name
        of one, in which nothing lies.
        """
        try:
            name = parse_domain(domain_name)
        except BadAddress as error:
            raise Invalid(error.sentence) from error
        found = self.domains().filter(name=name).first()
        if found is None:
            raise NotFound("There is no domain {name} that you administer.", name=name)
        if found.alias_of is not None:
            raise Invalid(
                "{name} is another name of {domain}: use that.",
                name=name,
                domain=found.alias_of.name,
            )
        self.require(permission, found.pk)
        return found

    def find_named(self, text: str) -> Account | Group | None:
        """Return the account or the group of an address; None for an address elsewhere.

        Raises `NotFound` for what he does not see, of this server's domains, and `Invalid`.
        """
        local_part, domain_name = parse(text)
        domain = Domain.objects.select_related("alias_of").filter(name=domain_name).first()
        if domain is None:
            return None
        name = f"{local_part}@{(domain.alias_of or domain).name}"
        found = (
            self.groups().filter(name=name).first() or self.accounts().filter(login=name).first()
        )
        if found is None:
            raise NotFound("There is no account or group {text} that you administer.", text=text)
        return found


Row = TypeVar("Row", Domain, Account, Group, Address)


def _one(rows: QuerySet[Row], number: int, refusal: str) -> Row:
    found = rows.filter(pk=number).first()
    if found is None:
        raise NotFound(refusal, number=number)
    return found


def administer(by: By, work: Callable[[Administrator], T]) -> T:
    """Run `work` in one transaction with his roles as they are in it, and let the log name him.

    The log is locked first: of two who change the directory at once the second sees what the first
    did, so that what `work` compares (If-Match) still holds when it writes.
    """
    with db.write_transaction():
        audit.lock()
        administrator = Administrator(by.account_id)
        actor = audit.Actor(by.account_id, by.login, administrator.sees.role, by.network)
        with audit.acting(actor):
            return work(administrator)
