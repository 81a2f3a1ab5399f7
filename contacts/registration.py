"""What contacts add to the kernel."""

from contacts.services.addressbooks import create_default_address_book
from contacts.services.cards import WRITER
from groupware.core import provisioning
from groupware.core.resources import moving


def register() -> None:
    """Register everything once, when the app is ready."""
    provisioning.register(create_default_address_book)
    moving.register(WRITER)
