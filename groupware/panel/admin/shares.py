"""Grants as the pages of accounts show them, from both ends."""

from dataclasses import dataclass

from groupware.core import rights
from groupware.core.administration import Administrator, grants
from groupware.core.models import Account, Domain, Grant


@dataclass(frozen=True, slots=True)
class Shared:
    """A grant in words; `by` is the group or the domain through which somebody holds it."""

    pk: int
    owner: str
    place: str
    grantee: str
    rights: str
    by: str = ""


def tell(held: Grant, *, account: Account | None = None) -> Shared:
    """Return a grant in words, as `account` holds it."""
    grantee = rights.grantee_of(held)
    name = f"@{grantee}" if isinstance(grantee, Domain) else str(grantee)
    is_own = account is None or held.grantee_account_id == account.pk
    return Shared(
        held.pk,
        held.account.login,
        place_of(held),
        name,
        str(rights.rights_of(held)),
        "" if is_own else name,
    )


def place_of(held: Grant) -> str:
    """Return on what a grant is; the empty text for everything that the account owns."""
    return f"{held.collection.kind}/{held.collection.name}" if held.collection else ""


def grants_given(found: Account) -> list[Shared]:
    """Return what others may do with what an account owns."""
    held = rights.list_grants(found.pk)
    for each in held:
        each.account = found
    return [tell(each) for each in held]


def grants_held(by: Administrator, found: Account) -> list[Shared]:
    """Return what an account may do with what others own, of those whom the administrator sees."""
    held = grants.list_held(by, found)
    # Through a group an account also holds what it gave to the group.
    return [tell(each, account=found) for each in held if each.account_id != found.pk]
