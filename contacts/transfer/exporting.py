"""Exporting address books: a file of cards for each, every card byte for byte."""

from collections.abc import Iterator
from typing import BinaryIO

from groupware.core.models import CollectionKind
from groupware.core.resources.exporting import FileFormat
from groupware.core.resources.queries import CollectionInfo, read_page

PAGE = 200
"""Cards that are read at once, while others write."""


def _write_cards(info: CollectionInfo, file: BinaryIO) -> Iterator[None]:
    after = 0
    while True:
        page, after = read_page(info.collection_id, after, PAGE)
        for stored in page:
            file.write(stored.data)
            if not stored.data.endswith(b"\n"):
                file.write(b"\r\n")
            yield
        if not after:
            return


FORMAT = FileFormat(CollectionKind.ADDRESS_BOOK, ".vcf", _write_cards)
