"""What the doctor examines of contacts: that the columns of cards are what their bytes say.

Like an edge, a check reads through snapshots and leaves writing to the services.
"""

from contacts.checks.cards import check_cards

__all__ = ["check_cards"]
