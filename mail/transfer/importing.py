"""Importing archives: message by message into mailboxes, in batches that share a transaction.

Invariant: a batch is committed whole or not at all, and `Presence` is read from what is
committed. So whatever ends an import, the next one goes on where it was.
"""

from collections import Counter
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import replace

from groupware.core import limits
from groupware.core.blobs import BlobGone
from groupware.core.errors import (
    Busy,
    GroupwareError,
    Invalid,
    LimitExceeded,
    OverQuota,
)
from groupware.core.exchange import IMPORTED, SKIPPED, ImportRequest, Transferred
from groupware.core.groupcommit import close_pool
from mail import queries
from mail.archives.messages import (
    Archive,
    BrokenMessage,
    FoundMailbox,
    FoundMessage,
    NotAnArchive,
    OpenArchive,
    too_large,
)
from mail.names import DELIMITER, canonical_name
from mail.services import mailboxes
from mail.services.appending import NewMessage, append_messages
from mail.services.content import prepare_message
from mail.transfer.presence import Presence

BATCH = 50
"""Messages of a transaction: an account's other writers wait for no more than that."""
BATCH_OCTETS = 4 << 20
"""Octets from which on a batch is full, however few messages it has."""
STAGERS = 4
"""Threads that make bytes durable: a sync of the disk, most of an import's time, is shared."""
ATTEMPTS = 3
"""Times that a batch is tried while others write, or the collector takes its bytes."""


class _Stopped(Exception):
    """Nothing more can be imported; the text says why."""


def import_archive(open_archive: OpenArchive, request: ImportRequest) -> Transferred:
    """Import everything of an archive; raises `Invalid` where it is none, `OSError`."""
    try:
        archive = open_archive(request.path, largest=limits.MESSAGE_SIZE.value)
    except NotAnArchive as error:
        raise Invalid(str(error)) from error
    except (FileNotFoundError, NotADirectoryError) as error:
        raise Invalid(f"{error.filename}: {error.strerror}. Look at what you wrote.") from error
    pool = ThreadPoolExecutor(STAGERS, thread_name_prefix="stage")
    try:
        return _Import(archive, request, pool).run()
    finally:
        close_pool(pool, STAGERS)


class _Import:
    """One archive on its way into an account."""

    def __init__(self, archive: Archive, request: ImportRequest, pool: Executor) -> None:
        self._archive = archive
        self._pool = pool
        self._request = request
        self._listener = request.listener
        self._done = Transferred()
        self._targets: dict[str, _Target] = {}
        self._names_only: list[str] = []

    def run(self) -> Transferred:
        """Import mailbox by mailbox, until something ends it."""
        try:
            for found in self._archive.mailboxes:
                self._import_mailbox(found)
            if not self._request.is_dry:
                self._subscribe()
                self._leave_names()
        except _Stopped as stopped:
            share = f"{self._archive.reading.share:.0%}"
            self._done.stopped = f"stopped after {share} of {self._request.path}: {stopped}"
        except NotAnArchive as error:
            self._done.stopped = f"stopped: {error}"
        return self._done

    def _import_mailbox(self, found: FoundMailbox) -> None:
        name = self._name(found.path)
        try:
            collection_id = self._prepare(name, found)
        except GroupwareError as error:
            self._listener.broken(f"mailbox {name}", error.message)
            return
        if not found.selectable:
            return
        # Two mailboxes of an archive may lead to one here: what is there counts once for both.
        if name not in self._targets:
            counts = self._done.of(name)
            self._targets[name] = _Target(self._request, collection_id, counts, self._pool)
        target = self._targets[name]
        for message in found.messages:
            if isinstance(message, BrokenMessage):
                self._listener.broken(message.origin, message.reason)
            else:
                target.take(message)
            self._tell()
        target.flush()

    def _name(self, path: str) -> str:
        """Return the mailbox of a path in the archive: below INBOX lies the account's own root."""
        target = self._request.name
        if not path:
            return target
        return canonical_name(path if target == "INBOX" else f"{target}{DELIMITER}{path}")

    def _prepare(self, name: str, found: FoundMailbox) -> int | None:
        """Return the mailbox, made where it is missing; None for one that would be made."""
        account_id = self._request.account_id
        held = queries.find_mailbox(account_id, name)
        if held is not None and (held.selectable or not found.selectable):
            return held.collection_id
        if not found.selectable:
            self._names_only.append(name)
        if self._request.is_dry or not found.selectable:
            return None
        special_use = found.special_use or ""
        try:
            made = mailboxes.create_mailbox(account_id, name, special_use)
        except mailboxes.UseRefused as error:
            self._listener.note(f"{name} does not become {special_use}: {error.message}")
            made = mailboxes.create_mailbox(account_id, name)
        if self._archive.subscriptions is None:
            mailboxes.subscribe(account_id, name)
        return made.collection_id

    def _subscribe(self) -> None:
        """Subscribe to what the archive says was subscribed to."""
        for path in self._archive.subscriptions or ():
            name = self._name("" if path == "INBOX" else path)
            try:
                mailboxes.subscribe(self._request.account_id, name)
            except GroupwareError as error:
                self._listener.note(f"{name} is not subscribed to: {error.message}")

    def _leave_names(self) -> None:
        """Let what were but names in the archive, and came with what is below them, be that."""
        for name in self._names_only:
            held = queries.find_mailbox(self._request.account_id, name)
            if held is not None and held.selectable and not held.items:
                mailboxes.delete_mailbox(self._request.account_id, name)

    def _tell(self) -> None:
        counts = [f"{self._done.total(what)} {word}" for what, word in _WORDS]
        self._listener.progress(", ".join(counts), self._archive.reading.share)


_WORDS = ((IMPORTED, "imported"), (SKIPPED, "there already"))


class _Target:
    """A mailbox that is filled; in a dry run, or where it is not there, it stays as it is."""

    def __init__(
        self,
        request: ImportRequest,
        collection_id: int | None,
        counts: Counter[str],
        pool: Executor,
    ) -> None:
        self._request = request
        self._collection_id = collection_id
        self._counts = counts
        self._pool = pool
        self._presence = Presence(collection_id)
        self._batch: list[FoundMessage] = []
        self._octets = 0

    def take(self, message: FoundMessage) -> None:
        """Leave out what is there; write when a batch is full."""
        if len(message.data) > (limit := limits.MESSAGE_SIZE.value):
            wrong = too_large(message.origin, limit)
            self._request.listener.broken(wrong.origin, wrong.reason)
            return
        if self._presence.take(message.data, message.internal_date):
            self._counts[SKIPPED] += 1
            return
        self._batch.append(message)
        self._octets += len(message.data)
        if len(self._batch) >= BATCH or self._octets >= BATCH_OCTETS:
            self.flush()

    def flush(self) -> None:
        """Write what waits."""
        batch, self._batch, self._octets = self._batch, [], 0
        if self._request.is_dry or self._collection_id is None:
            self._counts[IMPORTED] += len(batch)
        elif batch:
            self._write(self._collection_id, batch)

    def _write(self, collection_id: int, batch: list[FoundMessage]) -> None:
        """Write a batch; where it does not fit as a whole, what of it does."""
        try:
            self._append(collection_id, batch)
        except (OverQuota, LimitExceeded) as error:
            if len(batch) > 1:
                for message in batch:
                    self._write(collection_id, [message])
            elif batch[0].keywords and isinstance(error, LimitExceeded):
                words = " ".join(batch[0].keywords)
                self._request.listener.note(
                    f"{batch[0].origin}: without its keywords {words}: {error.message}"
                )
                self._write(collection_id, [replace(batch[0], keywords=())])
            else:
                raise _Stopped(f"{batch[0].origin}: {error.message}") from error
        except GroupwareError as error:
            raise _Stopped(f"{batch[0].origin}: {error.message}") from error

    def _append(self, collection_id: int, batch: list[FoundMessage]) -> None:
        for attempt in range(1, ATTEMPTS + 1):
            new = self._stage(batch)
            try:
                append_messages(self._request.account_id, collection_id, new)
            except (BlobGone, Busy):
                if attempt == ATTEMPTS:
                    raise
            else:
                break
        self._counts[IMPORTED] += len(batch)

    def _stage(self, batch: list[FoundMessage]) -> list[NewMessage]:
        """Make the bytes of a batch durable; several at once share a sync of the disk."""
        prepared = self._pool.map(prepare_message, [message.data for message in batch])
        return [
            NewMessage(
                staged,
                message.flags,
                message.keywords,
                message.internal_date,
                message.internal_zone,
            )
            for staged, message in zip(prepared, batch, strict=True)
        ]
