"""Cards for tests, and what is seen of them."""

from contacts.services.cards import put_card
from groupware.core.models import Account, ResourceCollection
from groupware.core.resources.items import Written
from groupware.core.resources.moving import Place


def card(name: str, *lines: str, uid: str = "", version: str = "3.0") -> bytes:
    """Return a card with this full name and more lines."""
    uid = uid or f"uid-{name}"
    inside = [f"VERSION:{version}", f"UID:{uid}", f"FN:{name}", f"N:{name};;;;", *lines]
    return "\r\n".join(["BEGIN:VCARD", *inside, "END:VCARD", ""]).encode()


def book_of(account: Account, role: str = "default") -> int:
    """Return the collection of an account's address book."""
    face = ResourceCollection.objects.get(
        account=account, role=role, collection__kind="addressbooks"
    )
    return int(face.collection_id)


def put(account: Account, book: int, name: str, *lines: str, uid: str = "") -> Written:
    """Put a card at an href made of its name."""
    return put_card(Place(account.pk, book, f"{name}.vcf"), card(name, *lines, uid=uid))
