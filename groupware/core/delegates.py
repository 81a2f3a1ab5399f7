"""Delegates: who has all calendars of an account, to read or to write, also those that come later.

A delegate is a grantee with one of two named rights on the whole account (docs/adr/0031), which
give nothing but calendars (`rights.on_calendar`).
"""

from collections.abc import Iterable

from groupware.core.holdings import list_owners
from groupware.core.models import Account, Grant
from groupware.core.rights import (
    DELEGATE_READ,
    DELEGATE_WRITE,
    Grantee,
    Rights,
    grantee_of,
    make_rights,
    replace_grants,
    rights_of,
)

__all__ = ["DELEGATE_READ", "DELEGATE_WRITE", "list_delegates", "list_delegators", "set_delegates"]


def list_delegates(account_id: int, right: str) -> list[Grantee]:
    """Return who holds one of the two rights, in the order in which they were given it."""
    grants = Grant.objects.filter(account_id=account_id, collection=None).select_related(
        "grantee_account", "grantee_group", "grantee_domain"
    )
    return [grantee_of(held) for held in grants.order_by("id") if right in rights_of(held)]


def set_delegates(account: Account, right: str, delegates: Iterable[Grantee]) -> None:
    """Let these hold one of the two rights, and nobody else; other rights stay as they are.

    Raises `Invalid` for the owner, `NotFound` for what is gone.
    """

    def give(held: Rights) -> Rights:
        return held | make_rights("", [right])

    def take(held: Rights) -> Rights:
        return make_rights(held.letters, [name for name in held.named if name != right])

    replace_grants(account, None, dict.fromkeys(delegates, give), take)


def list_delegators(account_id: int, right: str) -> list[int]:
    """Return the accounts whose delegate an account is, itself or by a group or its domain."""
    return [owner.account_id for owner in list_owners(account_id) if right in owner.rights]
