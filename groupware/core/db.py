"""The one module that knows which database it is.

Reads are snapshots that never wait for writers. Writes take the lock of the account they
write to (`groupware.core.changes`) inside `write_transaction`.
"""

import asyncio
import json
import re
import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import structlog
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, OperationalError, connection, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from groupware.core import crashpoints, limits
from groupware.core.errors import Busy, DiskReserve
from groupware.core.filelock import FileLock

ROWS_OF_A_TRIP = 16
"""Rows that come at once from a database that is a server's, where a room bounds them."""

_PLACEHOLDER = re.compile(r"(?<!%)%s")
_BUSY_SQLSTATES = frozenset({"55P03", "40001", "40P01"})
_FULL_SQLSTATES = frozenset({"53100"})
_file_locks: dict[Path, FileLock] = {}
_file_locks_guard = threading.Lock()
_log = structlog.get_logger("groupware.db")

Callback = Callable[[], None]


class _Local(threading.local):
    """What this thread is doing with its connection."""

    committed: list[Callback] | None = None
    reading: bool = False
    wrapper: BaseDatabaseWrapper | None = None


_local = _Local()


def thread_connection() -> BaseDatabaseWrapper:
    """Return this thread's connection; `django.db.connection` looks for it at every use.

    It is kept at the first use outside of an event loop: inside, Django gives each task its own.
    """
    held = _local.wrapper
    if held is None:
        held = connections[DEFAULT_DB_ALIAS]
        if not _in_event_loop():
            _local.wrapper = held
    return held


def can_read_here() -> bool:
    """Tell whether this thread has a connection that is open and has not failed."""
    held = _local.wrapper
    return held is not None and held.connection is not None and not held.errors_occurred


def _in_event_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def is_sqlite() -> bool:
    """Whether the store is the embedded database."""
    return thread_connection().vendor == "sqlite"


def directory() -> Path | None:
    """Return where the embedded database keeps its files; None where it is a server's."""
    return Path(connection.settings_dict["NAME"]).parent if is_sqlite() else None


def lock_timeout() -> float:
    """Return the seconds that a write waits for its turn before it fails with `Busy`."""
    return float(limits.LOCK_TIMEOUT.value)


def _write_lock() -> FileLock:
    path = Path(settings.GROUPWARE_DATA) / "write.lock"
    with _file_locks_guard:
        if path not in _file_locks:
            _file_locks[path] = FileLock(path)
        return _file_locks[path]


@contextmanager
def write_transaction() -> Iterator[None]:
    """Run the block in a transaction that is durable when the block is left.

    Inside another one (a group commit) it is a savepoint, durable when the outermost ends;
    whatever must follow the commit goes through `on_commit`. Raises `Busy` when the lock was
    not had in time, `DiskReserve` when the disk is full.
    """
    if _local.reading:
        raise RuntimeError("a write transaction inside a read snapshot")
    if connection.in_atomic_block:
        with _outcomes(), transaction.atomic():
            yield
        return
    callbacks: list[Callback] = []
    _local.committed = callbacks
    try:
        with _outcomes(), _outermost():
            yield
            crashpoints.reach("before-commit")
    finally:
        _local.committed = None
    crashpoints.reach("after-commit")
    # Here no lock is held: a callback may write, and others do not wait for the notices.
    for callback in callbacks:
        _run_callback(callback)


@contextmanager
def _outermost() -> Iterator[None]:
    recover()
    if is_sqlite():
        with _write_lock().held(lock_timeout()), _immediate(), transaction.atomic():
            yield
    else:
        with transaction.atomic():
            _set_lock_timeout()
            yield


def on_commit(callback: Callback) -> None:
    """Run `callback` after the outermost commit, when its locks are free.

    It may write in transactions of its own; its failure is logged and fails nothing else.
    """
    transaction.on_commit(partial(_note_committed, callback), robust=True)


def _note_committed(callback: Callback) -> None:
    if _local.committed is None:
        _run_callback(callback)
    else:
        _local.committed.append(callback)


def _run_callback(callback: Callback) -> None:
    try:
        callback()
    except Exception:  # noqa: BLE001 (the commit stands, whatever follows it)
        _log.exception("a callback failed after the commit")


@contextmanager
def read_snapshot() -> Iterator[None]:
    """Read one consistent state; never waits for a writer.

    No cursor may stay open while bytes go to a client: read, leave, then send.
    """
    if _local.reading or thread_connection().in_atomic_block:
        yield
        return
    recover()
    with _outcomes(), _begun_reading():
        _local.reading = True
        try:
            yield
        finally:
            _local.reading = False


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
            driver.execute("ROLLBACK")  # nothing was written


@dataclass(slots=True)
class Room:
    """How many octets of rows may be held; only the columns at `places` are counted."""

    octets: int
    places: Sequence[int]

    @property
    def is_full(self) -> bool:
        """Tell whether no further row should be read."""
        return self.octets <= 0


def fetch_rows(query: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """Return the rows of one query with `%s` for its parameters.

    Hot: on the embedded database it goes to the driver itself, past Django's wrappers.
    """
    held = thread_connection()
    driver = held.connection
    if driver is None or held.queries_logged or not isinstance(driver, sqlite3.Connection):
        with connection.cursor() as cursor:
            cursor.execute(query, params)
            rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows
    try:
        return driver.execute(_for_sqlite(query), params).fetchall()
    except sqlite3.Error:
        with held.wrap_database_errors:
            raise


def fetch_rows_into(room: Room, query: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """Return the first rows of one query, up to the one that fills the room. Hot, as `fetch_rows`.

    Run it inside `read_snapshot`. The rows behind stay where they are: one of them may be large.
    """
    held = thread_connection()
    driver = held.connection
    if driver is None or held.queries_logged or not isinstance(driver, sqlite3.Connection):
        with _open_stream() as cursor:
            cursor.execute(query, params)
            return _take_rows(cursor, room)
    try:
        with closing(driver.execute(_for_sqlite(query), params)) as rows:
            return _take_rows(rows, room)
    except sqlite3.Error:
        with held.wrap_database_errors:
            raise


def _open_stream() -> Any:
    """Return a cursor that leaves rows with the server until they are asked for."""
    cursor: Any = connection.chunked_cursor()
    cursor.itersize = ROWS_OF_A_TRIP
    return cursor


def _take_rows(rows: Iterable[tuple[Any, ...]], room: Room) -> list[tuple[Any, ...]]:
    taken: list[tuple[Any, ...]] = []
    left, places = room.octets, room.places
    for row in rows:
        taken.append(row)
        for place in places:
            left -= len(row[place])
        if left <= 0:
            break
    room.octets = left
    return taken


def execute(query: str, params: Sequence[Any] = ()) -> int:
    """Run one statement and return how many rows it changed. Hot, as `fetch_rows` is."""
    held = thread_connection()
    driver = held.connection
    if driver is None or held.queries_logged or not isinstance(driver, sqlite3.Connection):
        with connection.cursor() as cursor:
            cursor.execute(query, params)
            return int(cursor.rowcount)
    try:
        return driver.execute(_for_sqlite(query), params).rowcount
    except sqlite3.Error:
        with held.wrap_database_errors:
            raise


@lru_cache(maxsize=512)
def _for_sqlite(query: str) -> str:
    return _PLACEHOLDER.sub("?", query).replace("%%", "%")


def recover() -> None:
    """Open a new connection where the last failure left this thread's unusable.

    Transactions do it by themselves; whoever runs single statements does it first.
    """
    held = thread_connection()
    if held.errors_occurred:
        held.close_if_unusable_or_obsolete()


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


@contextmanager
def _outcomes() -> Iterator[None]:
    """Tell the database's temporary failures from bugs."""
    try:
        yield
    except OperationalError as error:
        if is_busy(error):
            raise Busy("The server is busy; try again in a moment.", detail=str(error)) from error
        if _is_full(error):
            raise DiskReserve("The server's disk is full.", detail=str(error)) from error
        raise


def is_busy(error: OperationalError) -> bool:
    """Whether the database gave up waiting for a lock."""
    sqlstate = getattr(error.__cause__, "sqlstate", None)
    return sqlstate in _BUSY_SQLSTATES or "database is locked" in str(error)


def _is_full(error: OperationalError) -> bool:
    sqlstate = getattr(error.__cause__, "sqlstate", None)
    return sqlstate in _FULL_SQLSTATES or "database or disk is full" in str(error)


def key_share(table: str, key: int) -> bool:
    """Whether the row is there, and keep it there until the transaction ends."""
    suffix = "" if is_sqlite() else " FOR KEY SHARE"
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT 1 FROM "{table}" WHERE id = %s{suffix}', [key])
        return cursor.fetchone() is not None


def holds(column: str) -> str:
    """Return the SQL condition that a binary column holds the octets of one parameter."""
    return f"instr({column}, %s) > 0" if is_sqlite() else f"position(%s IN {column}) > 0"


def in_list(column: str, values: list[int]) -> tuple[str, list[Any]]:
    """Return (SQL condition, its parameters) for `column IN values`, of any length."""
    if is_sqlite():
        return f"{column} IN (SELECT value FROM json_each(%s))", [json.dumps(values)]
    return f"{column} = ANY(%s)", [values]
