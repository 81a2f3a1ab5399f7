"""Reading contacts as plain rows: address books, the directory (`directory`), both (`search`).

Resources, their bytes and their changes are `groupware.core.resources.queries`'s. Whoever asks
more than one question reads in one `db.read_snapshot()`.
"""

from contacts.queries.cards import (
    CardRow,
    find_candidates,
    list_cards,
    query_cards,
    search_cards,
)
from contacts.queries.search import list_readable_books, search_contacts

__all__ = [
    "CardRow",
    "find_candidates",
    "list_cards",
    "list_readable_books",
    "query_cards",
    "search_cards",
    "search_contacts",
]
