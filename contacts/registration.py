"""What contacts add to the kernel."""

from functools import partial

from contacts.checks import check_cards
from contacts.services.addressbooks import create_default_address_book
from contacts.services.cards import WRITER
from contacts.transfer import importing
from contacts.transfer.exporting import FORMAT
from groupware.core import doctor, exchange, provisioning
from groupware.core.exchange import Exporter, Importer
from groupware.core.models import CollectionKind
from groupware.core.resources import moving
from groupware.core.resources.exporting import export_collections
from groupware.core.resources.importing import import_files


def register() -> None:
    """Register everything once, when the app is ready."""
    provisioning.register(create_default_address_book)
    moving.register(WRITER)
    doctor.register(check_cards)
    text = "a file of cards of any version, or a directory of them"
    importer = partial(import_files, importing.FORMAT)
    exchange.register_importer(Importer("vcf", CollectionKind.ADDRESS_BOOK, text, importer))
    exporter = partial(export_collections, FORMAT)
    exchange.register_exporter(Exporter(CollectionKind.ADDRESS_BOOK, "addressbooks", exporter))
