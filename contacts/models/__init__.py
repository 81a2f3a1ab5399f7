"""Tables of contacts: what core's collections and resources lack, and the directory."""

from contacts.models.card import Card
from contacts.models.directory import Directory, DirectoryCard

__all__ = ["Card", "Directory", "DirectoryCard"]
