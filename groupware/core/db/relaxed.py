"""Writes whose loss with the power can be borne: committed at once, synced a moment later.

docs/adr/0019 says which those are, and what a client is told after such a loss.
"""

import os
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Final, TypeVar

import structlog
from django.db import OperationalError

from groupware.core import crashpoints
from groupware.core.db.connections import (
    Callback,
    can_read_here,
    is_relaxed,
    local,
    thread_connection,
)
from groupware.core.db.failures import outcomes
from groupware.core.db.transactions import run_callbacks, write_lock

CHECKPOINT_AFTER: Final = 512
"""Relaxed commits after which the log is carried over into the database: some 12 MB of it."""

T = TypeVar("T")

_log = structlog.get_logger("groupware.db")


class NotNow(Exception):
    """A relaxed write is not possible at the moment: do it in a durable transaction."""


def run_relaxed(call: Callable[[], T]) -> T:
    """Run a service in a transaction that is committed when this returns, but not yet synced.

    For the embedded database, on a connection that was relaxed; by the driver alone, so that it
    may run in an event loop. What fails in an inner `write_transaction` fails all of it. Raises
    `NotNow` at once where another one writes, or where the connection is not free or has failed.

    Hot, as the benchmark of single STOREs: hence no context managers.
    """
    if not (is_relaxed() and can_read_here()) or thread_connection().in_atomic_block:
        raise NotNow
    lock = write_lock()
    if not lock.take_at_once():
        raise NotNow
    callbacks: list[Callback] = []
    try:
        done = _commit(call, callbacks)
    finally:
        lock.release()
    crashpoints.reach("after-commit")
    run_callbacks(callbacks)
    return done


def _commit(call: Callable[[], T], callbacks: list[Callback]) -> T:
    held = thread_connection()
    driver = held.connection
    try:
        driver.execute("BEGIN IMMEDIATE")
    except sqlite3.Error as error:  # one who does not take our lock, or what `write` will meet, too
        raise NotNow from error
    try:
        local.relaxed, local.is_doomed, local.committed = True, False, callbacks
        done = call()
        if local.is_doomed:
            raise RuntimeError("a transaction goes on after a failure inside it")
        crashpoints.reach("before-commit")
        driver.execute("COMMIT")
    except (sqlite3.Error, OperationalError):
        with outcomes(), held.wrap_database_errors:
            raise
    finally:
        local.relaxed, local.committed = False, None
        if driver.in_transaction:
            driver.execute("ROLLBACK")
    return done


class LogSync:
    """Syncs the log a moment after relaxed commits, on a thread of its own."""

    def __init__(self, database: Path, delay: float) -> None:
        """`delay` is how many seconds a commit may be in the system's memory alone."""
        self._database = database
        self._delay = delay
        self._commits = 0
        self._begun = threading.Event()
        self._due = threading.Event()
        self._is_closing = False
        self._thread = threading.Thread(target=self._run, name="log-sync", daemon=True)
        self._thread.start()

    def note(self) -> None:
        """Note a relaxed commit of this process. Hot: guarded by the benchmark of single STOREs."""
        self._commits += 1
        if not self._begun.is_set():
            self._begun.set()
        if not self._commits % CHECKPOINT_AFTER:
            self._due.set()

    def close(self) -> None:
        """Sync what is not synced yet, and stop."""
        self._is_closing = True
        self._due.set()
        self._begun.set()
        self._thread.join()

    def _run(self) -> None:
        while True:
            self._begun.wait()
            checkpoint = self._due.wait(self._delay)
            # Both before the sync: what is noted from now on may come too late for it.
            self._begun.clear()
            self._due.clear()
            is_closing = self._is_closing
            try:
                self._sync(checkpoint=checkpoint)
            except (OSError, sqlite3.Error):
                _log.exception("the log could not be synced")
                self._begun.set()
            if is_closing:
                return

    def _sync(self, *, checkpoint: bool) -> None:
        # The log has no locks, which to close another descriptor of the database would drop.
        with suppress(FileNotFoundError):  # no log: all of it was carried over, and synced
            descriptor = os.open(f"{self._database}-wal", os.O_RDONLY | os.O_CLOEXEC)
            try:
                os.fdatasync(descriptor)
            finally:
                os.close(descriptor)
        if checkpoint:
            with closing(sqlite3.connect(self._database)) as connection:
                connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
