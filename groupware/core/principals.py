"""Whoever a session belongs to, and whom an address that signs in leads to."""

from dataclasses import dataclass
from datetime import datetime

from groupware.core.addresses import BadAddress, parse_address
from groupware.core.models import Account, AddressTarget, Domain


@dataclass(frozen=True, slots=True)
class Principal:
    """Whoever a session belongs to, as of the login.

    `scopes` are what a token was given; None is everything that the account may do. A session
    that a token opened ends with it: at `expires_at`, or as soon as it is revoked. `token_client` is
    what the token was given to.
    """

    account_id: int
    login: str
    credential_epoch: int
    app_password_id: int | None = None
    token_id: str | None = None
    scopes: frozenset[str] | None = None
    expires_at: datetime | None = None
    token_client: str = ""


@dataclass(frozen=True, slots=True)
class TokenGrant:
    """What a token stands for; `token_id` names it without opening anything.

    `client` names what it was given to, which goes on with another token when it is renewed.
    """

    account_id: int
    token_id: str
    scopes: frozenset[str]
    expires_at: datetime
    client: str = ""


def find_account(login: str) -> Account | None:
    """Find an account by its primary address, or by any address that leads to it alone."""
    try:
        local_part, domain_name = parse_address(login)
    except BadAddress:
        return None
    account = Account.objects.filter(login=f"{local_part}@{domain_name}").first()
    if account is not None:
        return account
    domain = Domain.objects.select_related("alias_of").filter(name=domain_name).first()
    if domain is None:
        return None
    targets = AddressTarget.objects.select_related("account").filter(
        address__domain=domain.alias_of or domain, address__local_part=local_part
    )
    found = list(targets[:2])
    return found[0].account if len(found) == 1 else None
