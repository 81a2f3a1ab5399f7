"""Calls on threads of their own, each with a database connection that is closed after it."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event
from typing import Any, Protocol, TypeVar

from django.db import connection, connections

from groupware.core import db
from groupware.core.changes import begin_change

T = TypeVar("T")
SECONDS = 20.0
"""After which a test that waits for another thread has failed."""


class Start(Protocol):
    """Begins a call on a thread."""

    def __call__(self, call: Callable[[], T]) -> "Future[T]":
        """Begin `call`; its result or error is the future's."""
        ...


@contextmanager
def threads(count: int = 4) -> Iterator[Start]:
    """Yield what begins a call on one of `count` threads; waits for all of them at the end."""
    with ThreadPoolExecutor(count) as pool:

        def start(call: Callable[[], T]) -> "Future[T]":
            return pool.submit(_closing_connections, call)

        yield start


def _closing_connections(call: Callable[[], T]) -> T:
    try:
        return call()
    finally:
        connections.close_all()


def in_thread(call: Callable[[], T]) -> T:
    """Return the result of a call that had a connection of its own."""
    with threads(1) as start:
        return start(call).result(SECONDS)


def wait(event: Event) -> None:
    """Wait for another thread; it is an error when it does not come."""
    if not event.wait(SECONDS):
        raise TimeoutError("the other thread did not come")


def wait_until_blocked(future: "Future[Any]") -> None:
    """Wait until PostgreSQL says that a write waits; on SQLite it waits for the store's lock."""
    if db.is_sqlite():
        return
    query = "SELECT COUNT(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    with connection.cursor() as cursor:
        while not future.done():
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            cursor.execute(query)
            if cursor.fetchone()[0]:
                return


@contextmanager
def account_locked_elsewhere(account_id: int) -> Iterator[None]:
    """Hold the account's write lock, and on SQLite that of the store, on another thread."""
    held, release = Event(), Event()

    def hold() -> None:
        with db.write_transaction():
            begin_change(account_id)
            held.set()
            wait(release)

    with threads(1) as start:
        holding = start(hold)
        wait(held)
        try:
            yield
        finally:
            release.set()
            holding.result(SECONDS)
