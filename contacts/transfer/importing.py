"""Importing files of cards into an address book; a card without a UID gets one made of its bytes.

What is the same for calendars is `groupware.core.resources.importing`'s.
"""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from contacts.services.addressbooks import create_address_book
from contacts.services.cards import put_card
from contacts.vcard.cards import InvalidCard
from contacts.vcard.files import BrokenCard, prepare_card, split_cards
from contacts.vcard.limits import CardLimits
from groupware.core import limits
from groupware.core.exchange import Listener
from groupware.core.models import CollectionKind
from groupware.core.resources.collections import Face
from groupware.core.resources.importing import FileItem, ImportFormat
from groupware.core.resources.items import Check, Written
from groupware.core.resources.moving import Place


def _read_cards(path: Path, listener: Listener) -> Iterator[FileItem]:
    bounds = CardLimits(octets=limits.RESOURCE_SIZE.value)
    size = path.stat().st_size or 1
    with path.open("rb") as file:
        for found in split_cards(file, bounds):
            where = f"{path}:{found.line}"
            if isinstance(found, BrokenCard):
                listener.broken(where, found.reason)
                continue
            try:
                data, card = prepare_card(found.data, bounds)
            except InvalidCard as error:
                listener.broken(where, error.text)
                continue
            assert card.uid is not None
            yield FileItem(where, card.uid, data, file.tell() / size, partial(_put, data))


def _put(data: bytes, place: Place, check: Check) -> Written:
    return put_card(place, data, check=check)


def _create(account_id: int, name: str, _path: Path) -> int:
    return create_address_book(account_id, Face(name))


FORMAT = ImportFormat(CollectionKind.ADDRESS_BOOK, ".vcf", "cards", _create, _read_cards)
