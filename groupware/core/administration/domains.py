"""Domains: made and deleted by those who administer the whole server."""

from groupware.core import directory
from groupware.core.administration.administrator import Administrator
from groupware.core.models import Domain
from groupware.core.roles import Permission


def create(by: Administrator, name: str, alias_of: int | None) -> Domain:
    """Create a domain, or another name of one."""
    by.require(Permission.INSTALL, None)
    target = by.get_domain(alias_of).name if alias_of is not None else ""
    return directory.create_domain(name, alias_of=target)


def delete(by: Administrator, domain: Domain) -> None:
    """Delete a domain that nothing lives in."""
    by.require(Permission.INSTALL, None)
    directory.delete_domain(domain.name)
