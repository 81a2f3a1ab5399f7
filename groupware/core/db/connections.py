"""The connection of each thread, and which database it goes to."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper

Callback = Callable[[], None]


class Local(threading.local):
    """What this thread is doing with its connection."""

    committed: list[Callback] | None = None
    commits: int = 0
    reading: bool = False
    relaxed: bool = False
    is_doomed: bool = False
    wrapper: BaseDatabaseWrapper | None = None
    relaxed_driver: sqlite3.Connection | None = None


local = Local()


def thread_connection() -> BaseDatabaseWrapper:
    """Return this thread's connection; `django.db.connection` looks for it at every use.

    It is kept at the first use outside of an event loop: inside, Django gives each task its own.
    """
    held = local.wrapper
    if held is None:
        held = connections[DEFAULT_DB_ALIAS]
        if not _in_event_loop():
            local.wrapper = held
    return held


def most_connections() -> int | None:
    """Return how many connections the database takes from servers; None where it sets no bound."""
    if is_sqlite():
        return None
    with thread_connection().cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('max_connections')::int"
            " - current_setting('superuser_reserved_connections')::int"
        )
        row = cursor.fetchone()
    return int(row[0])


def is_free() -> bool:
    """Tell whether this thread is in no transaction and in no snapshot."""
    return not (local.reading or local.relaxed or thread_connection().in_atomic_block)


def can_read_here() -> bool:
    """Tell whether this thread has a connection that is open, and reads.

    One that failed for a while (a full disk) is tried: in an event loop nothing else would do it.
    """
    held = local.wrapper
    if held is None or held.connection is None:
        return False
    if held.errors_occurred:
        held.errors_occurred = not _reads(held.connection)
    return not held.errors_occurred


def _reads(driver: Any) -> bool:
    try:
        driver.execute("SELECT 1 FROM django_migrations LIMIT 1").fetchone()
    except sqlite3.Error:
        return False
    return True


def _in_event_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def is_sqlite() -> bool:
    """Whether the store is the embedded database."""
    return thread_connection().vendor == "sqlite"


def database_file() -> Path | None:
    """Return the embedded database's file; None where it is a server's."""
    return Path(connection.settings_dict["NAME"]) if is_sqlite() else None


def directory() -> Path | None:
    """Return where the embedded database keeps its files; None where it is a server's."""
    file = database_file()
    return None if file is None else file.parent


def relax() -> None:
    """Let this thread's open connection be one that `run_relaxed` writes on.

    It commits without waiting for the disk then, waits for no lock, and leaves it to another
    connection to carry the log over into the database: that syncs. An event loop may do neither.
    """
    driver = thread_connection().connection
    driver.execute("PRAGMA synchronous=NORMAL")
    driver.execute("PRAGMA wal_autocheckpoint=0")
    driver.execute("PRAGMA busy_timeout=0")
    local.relaxed_driver = driver


def leave_unsynced() -> None:
    """Let this thread's commits come to the disk with the next one that somebody waits for.

    For what may be lost with the power; a kill takes nothing that is committed. A database server
    loses both alike, and is left as it is.
    """
    held = thread_connection()
    if held.vendor == "sqlite" and not held.in_atomic_block:
        held.ensure_connection()
        held.connection.execute("PRAGMA synchronous=NORMAL")


def is_relaxed() -> bool:
    """Tell whether this thread's connection commits without waiting for the disk."""
    driver = local.relaxed_driver
    return driver is not None and driver is thread_connection().connection


@contextmanager
def synced() -> Iterator[None]:
    """Let what is committed in the block be on the disk, also on a relaxed connection."""
    if not is_relaxed():
        yield
        return
    driver = thread_connection().connection
    driver.execute("PRAGMA synchronous=FULL")
    try:
        yield
    finally:
        driver.execute("PRAGMA synchronous=NORMAL")


def recover() -> None:
    """Open a new connection where the last failure left this thread's unusable.

    Transactions do it by themselves; whoever runs single statements does it first.
    """
    held = thread_connection()
    if held.errors_occurred:
        held.close_if_unusable_or_obsolete()
