"""The one module that knows which database it is.

Reads are snapshots that never wait for writers. Writes take the lock of the account they
write to (`groupware.core.changes`) inside `write_transaction`.
"""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import OperationalError, connection, transaction

from groupware.core import crashpoints
from groupware.core.errors import Busy
from groupware.core.filelock import FileLock

LOCK_TIMEOUT = 10.0
"""Seconds that a write waits for its turn before it fails with `Busy`."""

_BUSY_SQLSTATES = frozenset({"55P03", "40001", "40P01"})
_file_locks: dict[Path, FileLock] = {}
_file_locks_guard = threading.Lock()


def is_sqlite() -> bool:
    """Whether the store is the embedded database."""
    return connection.vendor == "sqlite"


def _write_lock() -> FileLock:
    path = Path(settings.GROUPWARE_DATA) / "write.lock"
    with _file_locks_guard:
        if path not in _file_locks:
            timeout = float(getattr(settings, "LOCK_TIMEOUT", LOCK_TIMEOUT))
            _file_locks[path] = FileLock(path, timeout=timeout)
        return _file_locks[path]


@contextmanager
def write_transaction() -> Iterator[None]:
    """Run the block in a transaction that is durable when the block is left.

    Inside another one (a group commit) it is a savepoint, durable when the outermost ends;
    whatever must follow the commit goes through `on_commit`. Raises `Busy` when the lock was
    not had in time.
    """
    if connection.in_atomic_block:
        with _busy_errors(), transaction.atomic():
            yield
        return
    with _busy_errors():
        if is_sqlite():
            with _write_lock().held(), _immediate(), transaction.atomic():
                yield
                crashpoints.reach("before-commit")
        else:
            with transaction.atomic():
                _set_lock_timeout()
                yield
                crashpoints.reach("before-commit")
        crashpoints.reach("after-commit")


def on_commit(callback: Callable[[], None]) -> None:
    """Run `callback` after the outermost commit; it is only a hint and may not fail the write."""
    transaction.on_commit(callback, robust=True)


@contextmanager
def read_snapshot() -> Iterator[None]:
    """Read one consistent state; never waits for a writer.

    No cursor may stay open while bytes go to a client: read, leave, then send.
    """
    if connection.in_atomic_block:
        yield
        return
    with transaction.atomic():
        if not is_sqlite():
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield


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
    timeout = float(getattr(settings, "LOCK_TIMEOUT", LOCK_TIMEOUT))
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = '{int(timeout * 1000)}ms'")


@contextmanager
def _busy_errors() -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        if is_busy(error):
            raise Busy("The server is busy; try again in a moment.", detail=str(error)) from error
        raise


def is_busy(error: OperationalError) -> bool:
    """Whether the database gave up waiting for a lock."""
    sqlstate = getattr(error.__cause__, "sqlstate", None)
    return sqlstate in _BUSY_SQLSTATES or "database is locked" in str(error)


def key_share(table: str, key: int) -> bool:
    """Whether the row is there, and keep it there until the transaction ends."""
    suffix = "" if is_sqlite() else " FOR KEY SHARE"
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT 1 FROM "{table}" WHERE id = %s{suffix}', [key])
        return cursor.fetchone() is not None


def in_list(column: str, values: list[int]) -> tuple[str, list[Any]]:
    """Return (SQL condition, its parameters) for `column IN values`, of any length."""
    if is_sqlite():
        return f"{column} IN (SELECT value FROM json_each(%s))", [json.dumps(values)]
    return f"{column} = ANY(%s)", [values]
