"""Domains: tenants, and other names of them."""

from django.db.models import ProtectedError

from groupware.core import audit
from groupware.core.addresses import BadAddress, parse_domain
from groupware.core.clock import now
from groupware.core.directory.lookups import directory_change, get_domain
from groupware.core.errors import AlreadyExists, Invalid
from groupware.core.models import Domain


def create_domain(name: str, *, alias_of: str = "") -> Domain:
    """Create a tenant, or with `alias_of` another name of one."""
    try:
        name = parse_domain(name)
    except BadAddress as error:
        raise Invalid(str(error)) from error
    with directory_change():
        if Domain.objects.filter(name=name).exists():
            raise AlreadyExists(f"The domain {name} is there already.")
        target = get_domain(alias_of) if alias_of else None
        if target is not None and target.alias_of_id is not None:
            raise Invalid(f"{alias_of} is an alias itself: name the domain that it leads to.")
        domain = Domain.objects.create(name=name, alias_of=target, created_at=now())
        audit.record("domain.create", domain, alias_of=target.name if target else "")
    return domain


def delete_domain(name: str) -> None:
    """Delete a domain that nothing lives in; raises `Invalid` otherwise."""
    with directory_change():
        domain = get_domain(name)
        gone = audit.target_of(domain)
        inside = (domain.accounts, domain.groups, domain.addresses, domain.aliases)
        if any(held.exists() for held in inside):
            raise Invalid(
                f"{name} still has accounts, groups, addresses or alias domains:"
                " delete those first."
            )
        try:
            domain.delete()
        except ProtectedError as error:
            raise Invalid(f"{name} is still in use.") from error
        audit.record("domain.delete", gone)
