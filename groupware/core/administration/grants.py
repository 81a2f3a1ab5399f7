"""Grants on what accounts own, to accounts, groups and domains within the same reach."""

from django.db.models import QuerySet

from groupware.core import rights
from groupware.core.administration.administrator import Administrator
from groupware.core.errors import Invalid, NotFound
from groupware.core.models import Account, Collection, Domain, Grant
from groupware.core.rights import Grantee
from groupware.core.roles import Permission


def get(by: Administrator, number: int) -> Grant:
    """Return a grant on what an account that he sees owns; raises `NotFound`."""
    found = visible(by).filter(pk=number).first()
    if found is None:
        raise NotFound("There is no grant {number}.", number=number)
    return found


def create(
    by: Administrator, account: Account, object_id: str | None, grantee: str, letters: str
) -> Grant:
    """Grant on a collection, by its object id, or on all that an account owns.

    What the grantee had there before is replaced.
    """
    by.require_over(Permission.MANAGE, account)
    collection = None if object_id is None else _collection(account, object_id)
    found = _find_grantee(by, grantee)
    rights.grant(account, collection, found, rights.parse_rights(letters))
    made = rights.find_grant(account, collection, found)
    assert made is not None  # made just now, in this transaction
    return made


def revoke(by: Administrator, held: Grant) -> None:
    """Take a grant away."""
    by.require_over(Permission.MANAGE, held.account)
    rights.revoke(held.account, held.collection, rights.grantee_of(held))


def _collection(account: Account, object_id: str) -> Collection:
    found = Collection.objects.filter(account=account, object_id=object_id).first()
    if found is None:
        raise NotFound(
            "{login} has no collection {object_id}.", login=account.login, object_id=object_id
        )
    return found


def _find_grantee(by: Administrator, text: str) -> Grantee:
    """Return whom a grant is to, by address or, for all of a domain, by `@domain`."""
    is_domain = text.startswith("@")
    found: Grantee | None = (
        by.get_place(Permission.MANAGE, text[1:]) if is_domain else by.find_named(text)
    )
    if found is None:
        raise Invalid(
            "{text} is elsewhere: what is here is shared with those who are here.", text=text
        )
    by.require(Permission.MANAGE, found.pk if isinstance(found, Domain) else found.domain_id)
    return found


def visible(by: Administrator) -> QuerySet[Grant]:
    """Return the grants on what accounts that he sees own."""
    columns = ("account", "collection", "grantee_account", "grantee_group", "grantee_domain")
    found = Grant.objects.select_related(*columns)
    ids = by.sees.domain_ids
    return found if ids is None else found.filter(account__domain__in=ids)


def list_held(by: Administrator, account: Account) -> list[Grant]:
    """Return what an account holds itself, by groups and by its domain, of owners that he sees."""
    reached = rights.grants_reaching(account)
    return list(visible(by).filter(pk__in=reached).order_by("account__login", "pk"))
