"""What contacts add to the kernel."""

from contacts.services.addressbooks import create_default_address_book
from groupware.core import provisioning


def register() -> None:
    """Register everything once, when the app is ready."""
    provisioning.register(create_default_address_book)
