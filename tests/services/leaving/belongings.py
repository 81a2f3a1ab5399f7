"""What tests give people, and how they look for it elsewhere."""

from contacts.services.cards import put_card
from groupware.core.models import Account, Collection, CollectionKind, Resource
from groupware.core.resources.moving import Place
from groupware.core.resources.queries import find_by_role


def default_of(account: Account, kind: str) -> int:
    """Return the calendar or address book that an account begins with."""
    found = find_by_role(account.pk, kind, "default")
    assert found is not None
    return found.collection_id


def card_of(account: Account, uid: str) -> None:
    """Put a card into somebody's address book."""
    lines = ("BEGIN:VCARD", "VERSION:4.0", f"UID:{uid}", f"FN:{uid.title()} Nowak", "END:VCARD", "")
    book = default_of(account, CollectionKind.ADDRESS_BOOK)
    put_card(Place(account.pk, book, f"{uid}.vcf"), "\r\n".join(lines).encode())


def resources_of(account: Account) -> dict[str, list[str | None]]:
    """Return the UIDs of events and cards by the names of their collections."""
    found: dict[str, list[str | None]] = {}
    for row in Resource.objects.filter(account=account).order_by("ical_uid"):
        name = Collection.objects.get(pk=row.collection_id).name
        found.setdefault(name, []).append(row.ical_uid)
    return found
