"""Who may administer what: a role everywhere or in one domain, and what no role leads beyond.

A global admin may do everything. A domain admin may do in its domain what is done to a domain from
inside. The help desk, of a domain or of all, looks at people and lets them in again. Nothing is kept
between requests: a role that was taken away is gone at the next one.

Invariant: nobody gets by a role what is beyond it. Who may do something to an account could act as
that account: he must have all that its roles give (`check_over`).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum

from groupware.core import audit
from groupware.core.clock import now
from groupware.core.directory.lookups import directory_change, get_account, get_own_domain
from groupware.core.errors import AlreadyExists, Invalid, NotAllowed, NotFound
from groupware.core.models import Account, AccountKind, AdminRole, Domain, Role


class Permission(StrEnum):
    """What somebody may do in the domains of a role."""

    LOOK = "look"
    """See domains, accounts, addresses, groups, grants and sessions."""
    HELP = "help"
    """Set a password, take a second factor away, end sessions, unlock: let people in again."""
    MANAGE = "manage"
    """Change accounts, addresses, groups, grants, quotas, lists, keys of a domain, and roles."""
    QUEUE = "queue"
    """See and change what waits to be sent."""
    TRACE = "trace"
    """See where messages of a domain went: who wrote to whom."""
    AUDIT = "audit"
    """Read the audit log."""
    INSTALL = "install"
    """Make and delete domains, and what is everybody's."""


_GIVES: dict[str, frozenset[Permission]] = {
    Role.GLOBAL: frozenset(Permission),
    Role.DOMAIN: frozenset(Permission) - {Permission.INSTALL},
    Role.HELP_DESK: frozenset({Permission.LOOK, Permission.HELP}),
}
_NO_ROLE = "That is for administrators: your role does not reach as far."


@dataclass(frozen=True, slots=True)
class Held:
    """A role; `domain` is empty for all domains."""

    login: str
    role: str
    domain: str


@dataclass(frozen=True, slots=True)
class Reach:
    """In which domains somebody may do something; `domain_ids` None are all.

    `ruled_ids` are those that he is domain admin of, whatever it is that he may do.
    """

    account_id: int
    role: str
    domain_ids: frozenset[int] | None
    ruled_ids: frozenset[int]

    def __contains__(self, domain_id: object) -> bool:
        """Whether a domain, by its id, is within it."""
        return self.domain_ids is None or domain_id in self.domain_ids


def find_reach(account_id: int, permission: Permission) -> Reach:
    """Return where an account may do something, by all its roles; raises `NotAllowed` for nowhere."""
    rows = AdminRole.objects.filter(account_id=account_id).values_list("role", "domain_id")
    held: list[tuple[str, int | None]] = list(rows)
    giving = [(role, domain_id) for role, domain_id in held if permission in _GIVES[role]]
    if not giving:
        raise NotAllowed(_NO_ROLE)
    ruled = frozenset(
        domain_id for role, domain_id in held if role == Role.DOMAIN and domain_id is not None
    )
    everywhere = any(domain_id is None for _, domain_id in giving)
    domain_ids = frozenset(domain_id for _, domain_id in giving if domain_id is not None)
    roles = {role for role, _ in giving}
    best = next(role for role in (Role.GLOBAL, Role.DOMAIN, Role.HELP_DESK) if role in roles)
    return Reach(account_id, best.value, None if everywhere else domain_ids, ruled)


def check(account_id: int, permission: Permission, domain: Domain) -> Reach:
    """Return where an account may do something, if the domain is among it.

    Raises `NotAllowed` where no role of it gives the permission anywhere, and `NotFound` for a
    domain that it is not to know of.
    """
    reach = find_reach(account_id, permission)
    if (domain.alias_of_id or domain.pk) not in reach:
        raise NotFound("There is no domain {domain}.", domain=domain.name)
    return reach


def check_over(reach: Reach, account: Account) -> None:
    """Raise `NotAllowed` where the account's roles give more than those of who acts."""
    if reach.role == Role.GLOBAL:
        return
    held = AdminRole.objects.filter(account=account).values_list("role", "domain_id")
    beyond = account.is_superuser or any(
        role == Role.GLOBAL or domain_id not in reach.ruled_ids for role, domain_id in held
    )
    if beyond:
        raise NotAllowed(
            "{login} has a role that yours does not reach: ask a global administrator.",
            login=account.login,
        )


def list_roles(account_id: int | None = None) -> list[Held]:
    """Return the roles of everybody, or of one account, by address."""
    held = AdminRole.objects.order_by("account__login", "role", "domain__name", "id")
    if account_id is not None:
        held = held.filter(account_id=account_id)
    rows = held.values_list("account__login", "role", "domain__name")
    return [Held(login, role, domain or "") for login, role, domain in rows]


def grant_role(address: str, role: str, domain: str = "") -> AdminRole:
    """Give a person a role, everywhere or in a domain.

    Raises `NotFound`, `AlreadyExists`, and `Invalid` for who does not sign in and for a role that
    does not fit its place.
    """
    with _change(address, role, domain) as (account, place):
        if account.kind != AccountKind.PERSON:
            raise Invalid("{login} never signs in: only a person administers.", login=account.login)
        if AdminRole.objects.filter(account=account, role=role, domain=place).exists():
            raise AlreadyExists("{login} has this role already.", login=account.login)
        held = AdminRole.objects.create(account=account, role=role, domain=place, created_at=now())
        _keep_in_step(account)
        _record("role.grant", account, role, place)
    return held


def revoke_role(address: str, role: str, domain: str = "") -> None:
    """Take a role away; raises `NotFound` where it is not held."""
    with _change(address, role, domain) as (account, place):
        gone, _ = AdminRole.objects.filter(account=account, role=role, domain=place).delete()
        if not gone:
            raise NotFound(
                "{login} does not have this role: `role list` shows who does.", login=account.login
            )
        _keep_in_step(account)
        _record("role.revoke", account, role, place)


@contextmanager
def _change(address: str, role: str, domain: str) -> Iterator[tuple[Account, Domain | None]]:
    if role not in Role.values:
        raise Invalid("A role is one of {roles}.", roles=", ".join(Role.values))
    if role == Role.GLOBAL and domain:
        raise Invalid("A global administrator has no domain: leave it out, or take another role.")
    if role == Role.DOMAIN and not domain:
        raise Invalid("Say which domain is to be administered.")
    with directory_change():
        place = get_own_domain(domain) if domain else None
        yield get_account(address), place


def _keep_in_step(account: Account) -> None:
    """Let Django's own flags say what the roles say."""
    is_global = AdminRole.objects.filter(account=account, role=Role.GLOBAL).exists()
    Account.objects.filter(pk=account.pk).update(is_staff=is_global, is_superuser=is_global)
    account.is_staff = account.is_superuser = is_global


def _record(action: str, account: Account, role: str, place: Domain | None) -> None:
    audit.record(action, account, role=role, domain=place.name if place else "")
