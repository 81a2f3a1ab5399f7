"""`manage.py addressbook create|list|delete`: address books."""

from argparse import Namespace

from contacts.services.addressbooks import create_address_book, delete_address_book
from groupware.core.directory import get_account
from groupware.core.models import CollectionKind
from groupware.core.resources.collections import Face
from groupware.management.base import Answer, Subcommand, TableCommand, argument
from groupware.management.collections import (
    ACCOUNT,
    collection_argument,
    deleted,
    describe,
    find,
    list_of,
    new_name,
)

_KIND = CollectionKind.ADDRESS_BOOK.value


def create(options: Namespace) -> Answer:
    """Create an address book."""
    owner, name = new_name(options.collection, _KIND)
    face = Face(display_name=name, description=options.description)
    data = describe(owner, create_address_book(owner.pk, face))
    return Answer(data, f"Created {data['collection']}.")


def list_all(options: Namespace) -> Answer:
    """List the address books of an account."""
    return list_of(get_account(options.account), _KIND)


def delete(options: Namespace) -> Answer:
    """Delete an address book with everything in it."""
    held = find(options.collection, _KIND)
    delete_address_book(held.account_id, held.pk)
    return deleted(held)


BOOK = collection_argument("ADDRESS/addressbooks/NAME")
DESCRIPTION = argument("--description", metavar="TEXT", help="what it is for")


class Command(TableCommand):
    """The address books."""

    help = "Create, list and delete address books."
    subcommands = (
        Subcommand("create", "create an address book", create, (BOOK, DESCRIPTION)),
        Subcommand("list", "list the address books of an account", list_all, (ACCOUNT,)),
        Subcommand("delete", "delete an address book with everything in it", delete, (BOOK,)),
    )
