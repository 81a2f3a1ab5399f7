"""Searching all contacts that somebody may read: own and shared address books, and the directory."""

from contacts.queries.cards import CardRow, search_cards
from contacts.queries.directory import search_entries
from contacts.vcard.cards import read_card
from contacts.vcard.columns import make_columns
from contacts.vcard.limits import NO_LIMITS
from groupware.core import db
from groupware.core.holdings import list_owners
from groupware.core.models import CollectionKind
from groupware.core.resources.queries import Stored


def list_readable_books(account_id: int) -> list[int]:
    """Return the address books that an account may read, its own and others'."""
    owners = {other.account_id: other for other in list_owners(account_id)}
    within, params = db.in_list("account_id", [account_id, *owners])
    rows = db.fetch_rows(
        f"SELECT id, account_id FROM core_collection WHERE kind = %s AND {within} ORDER BY id",
        [CollectionKind.ADDRESS_BOOK.value, *params],
    )
    return [
        collection_id
        for collection_id, owner_id in rows
        if owner_id == account_id or "r" in owners[owner_id].rights_on(collection_id)
    ]


def search_contacts(account_id: int, text: str, *, limit: int = 100) -> list[CardRow]:
    """Return cards that hold every word: those of address books, then those of the directory.

    What is in the directory has neither row nor collection: both numbers are 0. It is as it was at
    its last refresh.
    """
    found = search_cards(list_readable_books(account_id), text, limit)
    rows = db.fetch_rows("SELECT domain_id FROM core_account WHERE id = %s", [account_id])
    for (domain_id,) in rows:
        found += map(_row, search_entries(domain_id, text, limit - len(found)))
    return found


def _row(stored: Stored) -> CardRow:
    made = make_columns(read_card(stored.data, NO_LIMITS))
    return CardRow(
        resource_id=0,
        collection_id=0,
        href=stored.href,
        etag=stored.etag,
        kind=made.kind,
        full_name=made.full_name,
        names=made.names,
        mails=made.mails,
        phones=made.phones,
        birthday=made.birthday,
        size=len(stored.data),
    )
