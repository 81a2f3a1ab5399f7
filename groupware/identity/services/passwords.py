"""A person's own password, and changing it."""

from groupware.core import auth, directory
from groupware.core.errors import Invalid
from groupware.core.models import Account
from groupware.identity.services import elsewhere


def change(account_id: int, current: str, new: str, *, network: str) -> None:
    """Set a person's own password; every session ends, that of the caller as well.

    Whoever calls this has seen the second factor proven. Raises `AuthenticationFailed` where
    `current` is not the password, `Invalid` where another system keeps it.
    """
    account = Account.objects.get(pk=account_id)
    refuse_kept_elsewhere(account)
    if account.has_usable_password():
        auth.prove_password(account.login, current, network=network)
    directory.set_password(account.login, new)


def refuse_kept_elsewhere(account: Account) -> None:
    """Raise `Invalid` where the password of an account is another system's affair."""
    if elsewhere.keeps_password(account):
        raise Invalid(
            "The password of this account is kept by your organization's directory: change it there."
        )
