"""Transactions: snapshots that never wait for writers, and writes that are durable."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import structlog
from django.conf import settings
from django.db import connection, transaction

from groupware.core import crashpoints, limits
from groupware.core.db.connections import (
    Callback,
    is_sqlite,
    local,
    recover,
    synced,
    thread_connection,
)
from groupware.core.db.failures import outcomes
from groupware.core.db.rows import fetch_rows
from groupware.core.filelock import FileLock

_file_locks: dict[Path, FileLock] = {}
_file_locks_guard = threading.Lock()
_log = structlog.get_logger("groupware.db")


def lock_timeout() -> float:
    """Return the seconds that a write waits for its turn before it fails with `Busy`."""
    return float(limits.LOCK_TIMEOUT.value)


def write_lock() -> FileLock:
    """Return the lock that every write to the embedded database takes first."""
    data: Path = settings.GROUPWARE_DATA
    held = _file_locks.get(data)
    if held is None:
        with _file_locks_guard:
            held = _file_locks.setdefault(data, FileLock(data / "write.lock"))
    return held


def write_transaction() -> AbstractContextManager[None]:
    """Run the block in a transaction that is durable when the block is left.

    Inside another one (a group commit) it is a savepoint, durable when the outermost ends;
    whatever must follow the commit goes through `on_commit`. Raises `Busy` when the lock was
    not had in time, `DiskReserve` when the disk is full.
    """
    if local.reading:
        raise RuntimeError("a write transaction inside a read snapshot")
    return _INSIDE_RELAXED if local.relaxed else _transaction()


@contextmanager
def _transaction() -> Iterator[None]:
    if connection.in_atomic_block:
        with outcomes(), transaction.atomic():
            yield
        return
    callbacks: list[Callback] = []
    local.committed = callbacks
    try:
        with outcomes(), _outermost():
            yield
            crashpoints.reach("before-commit")
    finally:
        local.committed = None
    local.commits += 1
    crashpoints.reach("after-commit")
    # Here no lock is held: a callback may write, and others do not wait for the notices.
    run_callbacks(callbacks)


def count_commits() -> int:
    """Return how many write transactions this thread has committed: more than before, it wrote."""
    return local.commits


class _InsideRelaxed(AbstractContextManager[None]):
    """Lets a failure end the whole of a relaxed transaction: savepoints cost more than its work."""

    def __enter__(self) -> None:
        """Go on."""

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            local.is_doomed = True


_INSIDE_RELAXED = _InsideRelaxed()


@contextmanager
def _outermost() -> Iterator[None]:
    recover()
    if is_sqlite():
        with write_lock().held(lock_timeout()), synced(), _immediate(), transaction.atomic():
            yield
    else:
        with transaction.atomic():
            _set_lock_timeout()
            yield


def on_commit(callback: Callback) -> None:
    """Run `callback` after the outermost commit, when its locks are free.

    It may write in transactions of its own; its failure is logged and fails nothing else.
    """
    if local.relaxed and local.committed is not None:
        local.committed.append(callback)
    else:
        transaction.on_commit(partial(_note_committed, callback), robust=True)


def _note_committed(callback: Callback) -> None:
    if local.committed is None:
        run_callbacks([callback])
    else:
        local.committed.append(callback)


def run_callbacks(callbacks: list[Callback]) -> None:
    """Run what was to follow a commit."""
    for callback in callbacks:
        try:
            callback()
        except Exception:  # noqa: BLE001 (the commit stands, whatever follows it)
            _log.exception("a callback failed after the commit")


@contextmanager
def read_snapshot() -> Iterator[None]:
    """Read one consistent state; never waits for a writer.

    No cursor may stay open while bytes go to a client: read, leave, then send.
    """
    if local.reading or local.relaxed or thread_connection().in_atomic_block:
        yield
        return
    recover()
    with outcomes(), _begun_reading():
        local.reading = True
        try:
            yield
        finally:
            local.reading = False


def finds(query: str, params: Sequence[Any] = ()) -> bool:
    """Tell whether a query has a row now, which asks for one at most; takes no lock for it.

    What is done again and again looks before it writes: whoever finds nothing delays nobody.
    """
    with read_snapshot():
        return bool(fetch_rows(f"{query} LIMIT 1", params))


def single_read() -> AbstractContextManager[None]:
    """Read with one statement, which is a snapshot of its own, on a connection that is open."""
    return outcomes()


@contextmanager
def _begun_reading() -> Iterator[None]:
    """Hold one state of the database.

    The driver is told itself: Django's own frame costs several times what most queries do.
    """
    if not is_sqlite():
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield
        return
    held = thread_connection()
    if held.connection is None:
        held.ensure_connection()
    driver = held.connection
    with held.wrap_database_errors:
        driver.execute("BEGIN")
        try:
            yield
        finally:
            if driver.in_transaction:  # some failures end it themselves
                driver.execute("ROLLBACK")  # nothing was written


@contextmanager
def _immediate() -> Iterator[None]:
    """Begin with the write lock taken, so that a read first never meets a stale snapshot."""
    wrapper: Any = connection  # only SQLite's wrapper has the attribute
    wrapper.transaction_mode = "IMMEDIATE"
    try:
        yield
    finally:
        wrapper.transaction_mode = None


def _set_lock_timeout() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = '{int(lock_timeout() * 1000)}ms'")
