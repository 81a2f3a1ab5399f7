"""Importing files into a calendar or an address book, in batches that share a transaction.

Invariant: what has a UID that the collection holds is there already. Whatever ends an import, the
next one goes on where it was.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from groupware.core import db
from groupware.core.errors import GroupwareError, Invalid, LimitExceeded, OverQuota
from groupware.core.exchange import IMPORTED, SKIPPED, ImportRequest, Listener, Transferred
from groupware.core.models import Collection
from groupware.core.resources.items import Check, PreconditionFailed, Written, etag_of
from groupware.core.resources.moving import Place
from groupware.core.resources.queries import list_resources

BATCH = 100
"""Items of a transaction: an account's other writers wait for no more than that."""
_PLAIN_UID = re.compile(r"[A-Za-z0-9_@-][A-Za-z0-9._@-]{0,199}")


@dataclass(frozen=True, slots=True)
class FileItem:
    """One item of a file; `where` is for whoever looks for it there.

    `share` is how much of its file has been read, `href` a wish. `put` writes it, and may stand in
    a transaction of many.
    """

    where: str
    uid: str
    data: bytes
    share: float
    put: Callable[[Place, Check], Written]
    href: str = ""


@dataclass(frozen=True, slots=True)
class ImportFormat:
    """How an app reads files, and makes collections that are not there.

    `create(account_id, name, path)` returns a collection; `read` tells the listener of what is
    broken; `refusals` are what `put` raises of one item alone.
    """

    kind: str
    suffix: str
    items: str
    create: Callable[[int, str, Path], int]
    read: Callable[[Path, Listener], Iterator[FileItem]]
    refusals: tuple[type[Exception], ...] = (Invalid,)


class _Stopped(Exception):
    """Nothing more can be imported; the text says why."""


def import_files(form: ImportFormat, request: ImportRequest) -> Transferred:
    """Import a file, or all of a directory; raises `Invalid` where there is none."""
    return _Import(form, request).run()


class _Import:
    """Files on their way into a collection."""

    def __init__(self, form: ImportFormat, request: ImportRequest) -> None:
        self._form = form
        self._request = request
        self._files = _list_files(Path(request.path), form.suffix)
        self._done = Transferred()
        self._counts = self._done.of(request.name)
        self._collection_id = self._prepare()
        self._etags: dict[str, str] = {}
        self._hrefs: set[str] = set()
        self._batch: list[tuple[str, FileItem]] = []
        self._differing = 0
        for row in list_resources(self._collection_id) if self._collection_id else ():
            self._hrefs.add(row.href)
            if row.ical_uid is not None:
                self._etags[row.ical_uid] = row.etag

    def run(self) -> Transferred:
        """Import file by file, until something ends it."""
        sizes = [file.stat().st_size for file in self._files]
        total, before = sum(sizes) or 1, 0
        try:
            for path, size in zip(self._files, sizes, strict=True):
                for item in self._form.read(path, self._request.listener):
                    self._take(item)
                    self._tell(min((before + size * item.share) / total, 1.0))
                before += size
            self._flush()
        except _Stopped as stopped:
            self._done.stopped = f"stopped: {stopped}"
        if self._differing:
            self._request.listener.note(
                f"Of the {self._form.items} that are here already {self._differing} differ from"
                " the file's; they stay."
            )
        return self._done

    def _prepare(self) -> int:
        """Return the collection, made where it is missing; 0 in a dry run."""
        account_id, name = self._request.account_id, self._request.name
        held = Collection.objects.filter(
            account_id=account_id, kind=self._form.kind, name=name
        ).first()
        if held is not None:
            return held.pk
        if self._request.is_dry:
            return 0
        return self._form.create(account_id, name, Path(self._request.path))

    def _take(self, item: FileItem) -> None:
        """Leave out what is there; write when a batch is full."""
        etag = etag_of(item.data)
        if item.uid in self._etags:
            self._counts[SKIPPED] += 1
            self._differing += self._etags[item.uid] != etag
            return
        href = self._free_href(item)
        self._etags[item.uid] = etag
        self._hrefs.add(href)
        self._batch.append((href, item))
        if len(self._batch) >= BATCH:
            self._flush()

    def _free_href(self, item: FileItem) -> str:
        plain = item.uid.removeprefix("urn:uuid:")
        if item.href and item.href not in self._hrefs:
            return item.href
        if _PLAIN_UID.fullmatch(plain) and plain + self._form.suffix not in self._hrefs:
            return plain + self._form.suffix
        return sha256(item.uid.encode()).hexdigest()[:40] + self._form.suffix

    def _flush(self) -> None:
        batch, self._batch = self._batch, []
        if batch and not self._request.is_dry:
            self._write(batch)
        self._counts[IMPORTED] += len(batch) if self._request.is_dry else 0

    def _write(self, batch: list[tuple[str, FileItem]]) -> None:
        """Write a batch; where it does not fit as a whole, what of it does."""
        where = batch[0][1].where
        try:
            with db.write_transaction():
                for href, item in batch:
                    place = Place(self._request.account_id, self._collection_id, href)
                    item.put(place, _refuse_over)
        except (OverQuota, LimitExceeded) as error:
            if len(batch) == 1:
                raise _Stopped(f"{where}: {error.message}") from error
            self._write_each(batch)
        except self._form.refusals as error:
            if len(batch) > 1:
                self._write_each(batch)
            else:
                self._request.listener.broken(where, str(error))
        except GroupwareError as error:
            raise _Stopped(f"{where}: {error.message}") from error
        else:
            self._counts[IMPORTED] += len(batch)

    def _write_each(self, batch: list[tuple[str, FileItem]]) -> None:
        for one in batch:
            self._write([one])

    def _tell(self, share: float) -> None:
        text = f"{self._counts[IMPORTED]} imported, {self._counts[SKIPPED]} there already"
        self._request.listener.progress(text, share)


def _refuse_over(etag: str | None) -> None:
    if etag is not None:
        raise PreconditionFailed("Another program writes to the collection.")


def _list_files(path: Path, suffix: str) -> list[Path]:
    if path.is_dir():
        files = sorted(file for file in path.rglob(f"*{suffix}") if file.is_file())
        if not files:
            raise Invalid(f"There is no {suffix} file in {path}.")
        return files
    if not path.is_file():
        raise Invalid(f"{path}: there is no such file. Look at what you wrote.")
    return [path]
