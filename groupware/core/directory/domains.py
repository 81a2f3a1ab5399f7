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
        raise Invalid(error.sentence) from error
    with directory_change():
        if Domain.objects.filter(name=name).exists():
            raise AlreadyExists("The domain {name} is there already.", name=name)
        target = get_domain(alias_of) if alias_of else None
        if target is not None and target.alias_of_id is not None:
            raise Invalid(
                "{alias_of} is an alias itself: name the domain that it leads to.",
                alias_of=alias_of,
            )
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
                "{name} still has accounts, groups, addresses or alias domains: delete those "
                "first.",
                name=name,
            )
        try:
            domain.delete()
        except ProtectedError as error:
            raise Invalid("{name} is still in use.", name=name) from error
        audit.record("domain.delete", gone)
