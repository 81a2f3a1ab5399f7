"""Making, changing and deleting address books, and the one that an account begins with."""

from contacts.services import hooks
from contacts.services.hooks import CardChange
from groupware.core import db
from groupware.core.changes import lock_account
from groupware.core.models import CollectionKind, CollectionRole
from groupware.core.resources import collections
from groupware.core.resources.collections import Face

TABLES = ("contacts_card",)
"""Those whose rows hang on a resource."""


def create_address_book(account_id: int, face: Face, *, slug: str = "", role: str = "") -> int:
    """Create an address book and return its collection's id.

    Raises `AlreadyExists` for a slug that is taken, `Invalid`, `LimitExceeded`.
    """
    with db.write_transaction():
        _, collection_id = collections.create_collection(
            account_id, CollectionKind.ADDRESS_BOOK, face, slug=slug, role=role
        )
        return collection_id


def change_address_book(account_id: int, collection_id: int, face: Face) -> None:
    """Change what an address book shows; raises `NotFound`, `Invalid`."""
    collections.describe_collection(account_id, collection_id, face)


def delete_address_book(account_id: int, collection_id: int) -> None:
    """Delete an address book with everything in it; raises `NotFound`."""
    with db.write_transaction():
        lock_account(account_id)
        rows = db.fetch_rows(
            "SELECT id FROM core_resource WHERE collection_id = %s AND account_id = %s",
            [collection_id, account_id],
        )
        hooks.tell(account_id, [CardChange(resource_id, None) for (resource_id,) in rows])
        collections.delete_collection(account_id, collection_id, TABLES)


def create_default_address_book(account_id: int) -> None:
    """Create what a new account begins with (the provisioner)."""
    face = Face(display_name="Contacts")
    create_address_book(account_id, face, slug="contacts", role=CollectionRole.DEFAULT)
