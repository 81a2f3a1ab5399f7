"""Roles: given and taken by those who have as much themselves."""

from django.db.models import Q, QuerySet

from groupware.core import roles
from groupware.core.administration.administrator import Administrator
from groupware.core.errors import NotAllowed, NotFound
from groupware.core.models import Account, AdminRole, Role
from groupware.core.roles import Permission


def visible(by: Administrator) -> QuerySet[AdminRole]:
    """Return the roles of accounts that he sees, in domains that he sees."""
    found = AdminRole.objects.filter(account__in=by.accounts()).select_related("account", "domain")
    if (ids := by.sees.domain_ids) is not None:
        found = found.filter(Q(domain__in=ids) | Q(domain=None))
    return found


def get(by: Administrator, number: int) -> AdminRole:
    """Return a role of an account that he sees; raises `NotFound`."""
    found = visible(by).filter(pk=number).first()
    if found is None:
        raise NotFound("There is no role {number}.", number=number)
    return found


def grant(by: Administrator, account: Account, role: str, domain_id: int | None) -> AdminRole:
    """Give an account a role that he has himself, or one below it, in a domain of his."""
    by.require_over(Permission.MANAGE, account)
    _check_held(by, role, domain_id)
    domain = "" if domain_id is None else by.get_domain(domain_id).name
    return roles.grant_role(account.login, role, domain)


def revoke(by: Administrator, held: AdminRole) -> None:
    """Take a role away that he could have given."""
    by.require_over(Permission.MANAGE, held.account)
    _check_held(by, held.role, held.domain_id)
    roles.revoke_role(held.account.login, held.role, held.domain.name if held.domain else "")


def _check_held(by: Administrator, role: str, domain_id: int | None) -> None:
    """Raise unless his own roles give all that the role gives."""
    reach = by.reach(Permission.MANAGE)
    if reach.role == Role.GLOBAL:
        return
    if domain_id is not None:
        by.get_domain(domain_id)  # what he does not see is not there
    if role == Role.GLOBAL or domain_id not in reach.ruled_ids:
        raise NotAllowed("Nobody gives or takes a role beyond his own.")
