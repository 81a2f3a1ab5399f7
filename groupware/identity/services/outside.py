"""What people are called at an identity provider: found, linked and unlinked."""

from dataclasses import dataclass

from groupware.core import db
from groupware.core.clock import now
from groupware.core.errors import AlreadyExists, AuthenticationFailed, Invalid, NotFound
from groupware.core.models import Account
from groupware.core.principals import find_account
from groupware.identity.models import OutsideIdentity

MAX_SUBJECT = 255
"""Characters of a subject (OpenID Connect Core 1.0 §2)."""
MAX_ISSUER = 255


@dataclass(frozen=True, slots=True)
class Claims:
    """What a provider says of a person: its subject, and an address that it verified, or ""."""

    subject: str
    verified_email: str


def get_person(issuer: str, claims: Claims) -> Account:
    """Return who that is here: by a link, else by the address; raises `AuthenticationFailed`."""
    links = OutsideIdentity.objects.select_related("account")
    link = links.filter(provider=issuer, subject=claims.subject).first()
    account = link.account if link is not None else None
    if account is None and claims.verified_email:
        account = find_account(claims.verified_email)
    if account is None or not account.can_log_in:
        raise AuthenticationFailed(
            "Nobody here has the address that you have there: sign in with your password and"
            " link the two, or ask your administrator."
        )
    return account


def link(account_id: int, issuer: str, claims: Claims) -> None:
    """Let the person at the provider sign in as this account from now on."""
    if not 0 < len(claims.subject) <= MAX_SUBJECT or len(issuer) > MAX_ISSUER:
        raise Invalid("The provider says who you are in a form that cannot be kept.")
    with db.write_transaction():
        held = OutsideIdentity.objects.filter(provider=issuer, subject=claims.subject).first()
        if held is not None and held.account_id != account_id:
            raise AlreadyExists("That identity belongs to another account here.")
        OutsideIdentity.objects.filter(account_id=account_id, provider=issuer).delete()
        OutsideIdentity.objects.create(
            account_id=account_id, provider=issuer, subject=claims.subject, created_at=now()
        )


def unlink(account_id: int, issuer: str) -> None:
    """Forget what the person is called at the provider; raises `NotFound`."""
    with db.write_transaction():
        removed, _ = OutsideIdentity.objects.filter(account_id=account_id, provider=issuer).delete()
    if not removed:
        raise NotFound("The account is not linked there.")


def is_linked(account_id: int, issuer: str) -> bool:
    """Return whether the account is linked at the provider."""
    return OutsideIdentity.objects.filter(account_id=account_id, provider=issuer).exists()
