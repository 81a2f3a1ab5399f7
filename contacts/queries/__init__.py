"""Reading cards, as plain rows: those of address books (`cards`), and a domain's directory.

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

__all__ = ["CardRow", "find_candidates", "list_cards", "query_cards", "search_cards"]
