"""Finding what a name means, and what every writer of the directory shares."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import IntegrityError

from groupware.core import audit, db
from groupware.core.addresses import BadAddress, parse_address, parse_domain
from groupware.core.clock import now
from groupware.core.errors import AlreadyExists, Invalid, NotFound
from groupware.core.models import Account, Address, Domain, Group

MAX_LABEL = 200
"""Characters of a name or a description."""


def parse(text: str) -> tuple[str, str]:
    """Return (local part, domain) of an address; raises `Invalid`."""
    try:
        return parse_address(text)
    except BadAddress as error:
        raise Invalid(error.sentence) from error


def parse_target(text: str) -> tuple[str, str]:
    """Return (local part, domain); of `@domain` the local part is empty."""
    if not text.startswith("@"):
        return parse(text)
    try:
        return "", parse_domain(text[1:])
    except BadAddress as error:
        raise Invalid(error.sentence) from error


def parse_label(text: str) -> str:
    """Return a name or a description as it is kept; raises `Invalid`."""
    label = text.strip()
    if len(label) > MAX_LABEL or not label.isprintable():
        raise Invalid(
            "A name has at most {most} characters, all of them printable.", most=MAX_LABEL
        )
    return label


@contextmanager
def directory_change() -> Iterator[None]:
    """Write to the directory, one after the other, by the lock of the audit log."""
    with _names_once(), audit.change():
        yield


@contextmanager
def sharing_change() -> Iterator[None]:
    """Write what people may do themselves with what is theirs.

    The log is locked where somebody acts of whom it tells, and by nobody else.
    """
    with _names_once(), audit.change() if audit.is_somebody_acting() else db.write_transaction():
        yield


@contextmanager
def _names_once() -> Iterator[None]:
    """Refuse whoever takes a name at the same moment as another."""
    try:
        yield
    except IntegrityError as error:
        raise AlreadyExists(
            "Another change came first at the same moment: look what is there now, then try again.",
            detail=str(error),
        ) from error


def get_domain(name: str) -> Domain:
    """Return a domain by its name; raises `NotFound`."""
    try:
        domain = Domain.objects.filter(name=parse_domain(name)).first()
    except BadAddress as error:
        raise Invalid(error.sentence) from error
    if domain is None:
        raise NotFound(
            "There is no domain {name}: create it with `domain create {name}`.", name=name
        )
    return domain


def get_own_domain(name: str) -> Domain:
    """Return a domain that addresses can be in: one that is no alias of another."""
    domain = get_domain(name)
    if domain.alias_of is not None:
        raise Invalid(
            "{name} is an alias: use {domain}, every address is in both.",
            name=name,
            domain=domain.alias_of.name,
        )
    return domain


def get_account(address: str) -> Account:
    """Return an account by its login; raises `NotFound`."""
    local_part, domain = parse(address)
    account = Account.objects.filter(login=f"{local_part}@{domain}").first()
    if account is None:
        raise _no_account(address, local_part, domain)
    return account


def _no_account(address: str, local_part: str, domain_name: str) -> NotFound:
    """Say whose alias it is, so that nobody changes an account without naming it."""
    domain = Domain.objects.select_related("alias_of").filter(name=domain_name).first()
    held = Address.objects.filter(
        domain=(domain.alias_of or domain) if domain else None, local_part=local_part
    ).first()
    owners = list(held.targets.values_list("account__login", flat=True)) if held else []
    if len(owners) == 1 and owners[0]:
        return NotFound(
            "There is no account {address}: it is an alias of {owner}, write that.",
            address=address,
            owner=owners[0],
        )
    return NotFound("There is no account {address}: `account list` shows all.", address=address)


def get_group(name: str) -> Group:
    """Return a group by its name; raises `NotFound`."""
    local_part, domain = parse(name)
    group = Group.objects.filter(name=f"{local_part}@{domain}").first()
    if group is None:
        raise NotFound("There is no group {name}: `group list` shows all.", name=name)
    return group


def refuse_taken(domain: Domain, local_part: str) -> None:
    """Raise `AlreadyExists` where the address is in use."""
    if Address.objects.filter(domain=domain, local_part=local_part).exists():
        raise AlreadyExists(
            "The address {local_part}@{domain} is taken.", local_part=local_part, domain=domain.name
        )


def refuse_taken_address(text: str) -> None:
    """Raise what creating an account or a group of this address would: to ask nothing in vain."""
    local_part, domain_name = parse(text)
    refuse_taken(get_own_domain(domain_name), local_part)


def insert_address(domain: Domain, local_part: str, kind: str) -> Address:
    """Create an address that leads nowhere yet."""
    return Address.objects.create(domain=domain, local_part=local_part, kind=kind, created_at=now())
