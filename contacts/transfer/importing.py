"""Importing files of cards into an address book, in batches that share a transaction.

Invariant: a card whose UID the book holds is there already. A card without a UID gets one made of
its bytes, so that whatever ends an import, the next one goes on where it was.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from contacts.services.addressbooks import create_address_book
from contacts.services.cards import put_card
from contacts.vcard.cards import InvalidCard
from contacts.vcard.files import BrokenCard, prepare_card, split_cards
from contacts.vcard.limits import CardLimits
from groupware.core import db, limits
from groupware.core.errors import GroupwareError, Invalid, LimitExceeded, OverQuota
from groupware.core.exchange import IMPORTED, SKIPPED, ImportRequest, Transferred
from groupware.core.models import Collection, CollectionKind
from groupware.core.resources.collections import Face
from groupware.core.resources.items import PreconditionFailed, etag_of
from groupware.core.resources.moving import Place
from groupware.core.resources.queries import list_resources

BATCH = 100
"""Cards of a transaction: an account's other writers wait for no more than that."""
SUFFIX = ".vcf"
_PLAIN_UID = re.compile(r"[A-Za-z0-9_@-][A-Za-z0-9._@-]{0,199}")


class _Stopped(Exception):
    """Nothing more can be imported; the text says why."""


@dataclass(frozen=True, slots=True)
class _New:
    """A card that is to be put; `where` is for whoever looks for it in the file."""

    where: str
    href: str
    data: bytes


def import_cards(request: ImportRequest) -> Transferred:
    """Import a file of cards, or all of a directory; raises `Invalid` where there is none."""
    return _Import(request).run()


class _Import:
    """Files on their way into an address book."""

    def __init__(self, request: ImportRequest) -> None:
        self._request = request
        self._files = _list_files(Path(request.path))
        self._octets = sum(file.stat().st_size for file in self._files)
        self._done = Transferred()
        self._counts = self._done.of(request.name)
        self._collection_id = self._prepare()
        self._etags: dict[str, str] = {}
        self._hrefs: set[str] = set()
        self._batch: list[_New] = []
        self._differing = 0
        for row in list_resources(self._collection_id) if self._collection_id else ():
            self._hrefs.add(row.href)
            if row.ical_uid is not None:
                self._etags[row.ical_uid] = row.etag

    def run(self) -> Transferred:
        """Import file by file, until something ends it."""
        try:
            for share, where, found in self._read():
                self._take(where, found)
                self._tell(share)
            self._flush()
        except _Stopped as stopped:
            self._done.stopped = f"stopped: {stopped}"
        if self._differing:
            self._request.listener.note(
                f"Of the cards that are here already {self._differing} differ from the file's; they stay."
            )
        return self._done

    def _prepare(self) -> int:
        """Return the address book, made where it is missing; 0 in a dry run."""
        account_id, name = self._request.account_id, self._request.name
        held = Collection.objects.filter(
            account_id=account_id, kind=CollectionKind.ADDRESS_BOOK, name=name
        ).first()
        if held is not None:
            return held.pk
        return 0 if self._request.is_dry else create_address_book(account_id, Face(name))

    def _read(self) -> Iterator[tuple[float, str, bytes]]:
        """Yield how far the reading is, where a card begins, and its bytes."""
        before = 0
        bounds = CardLimits(octets=limits.RESOURCE_SIZE.value)
        for path in self._files:
            with path.open("rb") as file:
                for found in split_cards(file, bounds):
                    where = f"{path}:{found.line}"
                    if isinstance(found, BrokenCard):
                        self._request.listener.broken(where, found.reason)
                        continue
                    share = (before + file.tell()) / (self._octets or 1)
                    yield min(share, 1.0), where, found.data
                before += file.tell()

    def _take(self, where: str, data: bytes) -> None:
        """Leave out what is there; write when a batch is full."""
        bounds = CardLimits(octets=limits.RESOURCE_SIZE.value)
        try:
            data, card = prepare_card(data, bounds)
        except InvalidCard as error:
            self._request.listener.broken(where, error.text)
            return
        assert card.uid is not None
        etag = etag_of(data)
        if card.uid in self._etags:
            self._counts[SKIPPED] += 1
            self._differing += self._etags[card.uid] != etag
            return
        href = self._free_href(card.uid)
        self._etags[card.uid] = etag
        self._hrefs.add(href)
        self._batch.append(_New(where, href, data))
        if len(self._batch) >= BATCH:
            self._flush()

    def _free_href(self, uid: str) -> str:
        plain = uid.removeprefix("urn:uuid:")
        if _PLAIN_UID.fullmatch(plain) and plain + SUFFIX not in self._hrefs:
            return plain + SUFFIX
        return sha256(uid.encode()).hexdigest()[:40] + SUFFIX

    def _flush(self) -> None:
        batch, self._batch = self._batch, []
        if batch and not self._request.is_dry:
            self._write(batch)
        self._counts[IMPORTED] += len(batch) if self._request.is_dry else 0

    def _write(self, batch: list[_New]) -> None:
        """Write a batch; where it does not fit as a whole, what of it does."""
        try:
            with db.write_transaction():
                for new in batch:
                    place = Place(self._request.account_id, self._collection_id, new.href)
                    put_card(place, new.data, check=_refuse_over)
        except (OverQuota, LimitExceeded) as error:
            if len(batch) == 1:
                raise _Stopped(f"{batch[0].where}: {error.message}") from error
            for new in batch:
                self._write([new])
        except Invalid as error:
            if len(batch) > 1:
                for new in batch:
                    self._write([new])
            else:
                self._request.listener.broken(batch[0].where, error.message)
        except GroupwareError as error:
            raise _Stopped(f"{batch[0].where}: {error.message}") from error
        else:
            self._counts[IMPORTED] += len(batch)

    def _tell(self, share: float) -> None:
        text = f"{self._counts[IMPORTED]} imported, {self._counts[SKIPPED]} there already"
        self._request.listener.progress(text, share)


def _refuse_over(etag: str | None) -> None:
    if etag is not None:
        raise PreconditionFailed("Another program writes to the address book.")


def _list_files(path: Path) -> list[Path]:
    if path.is_dir():
        files = sorted(file for file in path.rglob(f"*{SUFFIX}") if file.is_file())
        if not files:
            raise Invalid(f"There is no {SUFFIX} file in {path}.")
        return files
    if not path.is_file():
        raise Invalid(f"{path}: there is no such file. Look at what you wrote.")
    return [path]
