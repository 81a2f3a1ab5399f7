"""Tables of contacts: what core's collections and resources lack."""

from contacts.models.card import Card

__all__ = ["Card"]
