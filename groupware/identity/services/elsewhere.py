"""Whose passwords other systems keep: those ask here, and none other."""

from groupware.core.models import Account
from groupware.identity import ldap


def keeps_password(account: Account) -> bool:
    """Return whether the account's password is checked by another system."""
    return ldap.is_looked_up(account)
