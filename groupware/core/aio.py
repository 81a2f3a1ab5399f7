"""The only crossing between asyncio and the ORM, and the frame that every server runs in.

A command crosses once: `read` for a query in one snapshot, `write` for a service (its result
comes after the commit), `call` for work with transactions of its own.
"""

import asyncio
import resource
import signal
import threading
from collections.abc import Awaitable, Callable, Coroutine, Generator
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context, copy_context
from dataclasses import dataclass
from functools import partial
from types import coroutine
from typing import Any, ParamSpec, TypeVar

import structlog
import uvloop
from django.db import connections

from groupware.core import auth, db, events, flushing, limits
from groupware.core.groupcommit import POSTGRESQL_WRITERS, GroupCommitter, close_pool
from groupware.core.hub import ChangeWatch, Hub

READERS = 4
"""Threads of a process that read and prepare; Python runs one at a time anyway."""
CALLERS = 16
"""Threads that wait for others over the network, apart from the readers for the same reason."""
HASHERS = auth.MAX_HASHES_AT_ONCE + 1
"""Threads that prove credentials, apart from the readers so that a flood never stops them."""
MOST_CONNECTIONS = 1 + READERS + CALLERS + HASHERS + POSTGRESQL_WRITERS + flushing.CONNECTIONS
"""To PostgreSQL, of one process: each of its threads keeps one."""

P = ParamSpec("P")
T = TypeVar("T")

_log = structlog.get_logger("groupware.aio")


class Crossing:
    """The thread pools, the committer and the hub of one process."""

    def __init__(self) -> None:
        self.readers = ThreadPoolExecutor(READERS, thread_name_prefix="read")
        self.hashers = ThreadPoolExecutor(HASHERS, thread_name_prefix="login")
        self.is_embedded = db.is_sqlite()
        self._callers: ThreadPoolExecutor | None = None
        self._committer: GroupCommitter | None = None
        self._log_sync: db.LogSync | None = None
        self._lock = threading.Lock()

    @property
    def committer(self) -> GroupCommitter:
        """The committer, made at the first write."""
        with self._lock:
            if self._committer is None:
                self._committer = GroupCommitter()
            return self._committer

    @property
    def callers(self) -> ThreadPoolExecutor:
        """The threads that wait for others, which few processes need."""
        with self._lock:
            if self._callers is None:
                self._callers = ThreadPoolExecutor(CALLERS, thread_name_prefix="call")
            return self._callers

    def note_relaxed(self) -> None:
        """Let what was committed without a sync be synced a moment later."""
        if self._log_sync is None:
            file = db.database_file()
            assert file is not None
            self._log_sync = db.LogSync(file, limits.FLAG_SYNC.value)
        self._log_sync.note()

    def close(self) -> None:
        """Finish what was begun and close every database connection."""
        with self._lock:
            committer, self._committer = self._committer, None
            callers, self._callers = self._callers, None
        if self._log_sync is not None:
            self._log_sync.close()
        if committer is not None:
            committer.close()
        close_pool(self.readers, READERS)
        if callers is not None:
            close_pool(callers, CALLERS)
        close_pool(self.hashers, HASHERS)


_crossing: Crossing | None = None
_hub: Hub | None = None


def crossing() -> Crossing:
    """Return the crossing of this process."""
    global _crossing  # noqa: PLW0603 (one per process)
    if _crossing is None:
        _crossing = Crossing()
    return _crossing


def close_crossing() -> None:
    """Close the crossing; the next use opens a new one."""
    global _crossing
    held, _crossing = _crossing, None
    if held is not None:
        held.close()


def _in_snapshot(call: Callable[[], T]) -> T:
    with db.read_snapshot():
        return call()


async def _on(pool: ThreadPoolExecutor, call: Callable[[], T]) -> T:
    work = partial(copy_context().run, _recovered, call)
    return await asyncio.get_running_loop().run_in_executor(pool, work)


def _recovered(call: Callable[[], T]) -> T:
    db.recover()
    return call()


async def read(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a query in one snapshot; never waits for a writer."""
    call = partial(function, *args, **kwargs)
    return await _on(crossing().readers, partial(_in_snapshot, call))


async def glance(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a query that reads a few rows, in one snapshot.

    The embedded database is read on the event loop's own thread: that takes less time than
    handing the query to another one, and readers never wait there (docs/adr/0016).
    """
    # A connection that was closed is not opened again here: Django opens none in a loop.
    if crossing().is_embedded and db.can_read_here():
        return _in_snapshot(partial(function, *args, **kwargs))
    return await read(function, *args, **kwargs)


async def glance_once(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a query of one statement that reads a few rows; for the rest as `glance`.

    A statement reads one state of the database without being told to.
    """
    if crossing().is_embedded and db.can_read_here():
        with db.single_read():
            return function(*args, **kwargs)
    return await read(function, *args, **kwargs)


async def call(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run work that opens its own transactions, or none (preparing a message)."""
    return await _on(crossing().readers, partial(function, *args, **kwargs))


async def call_outside(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run work that may wait for others over the network, and has transactions of its own."""
    return await _on(crossing().callers, partial(function, *args, **kwargs))


def begin(work: Coroutine[Any, Any, None], context: Context) -> "asyncio.Task[None] | None":
    """Run work up to where it first waits; return the task of its rest, None where it is done.

    Most commands wait for nothing (`glance`), and a task for each would cost as much as they do.
    """
    try:
        awaited = context.run(work.send, None)
    except StopIteration:
        return None
    return asyncio.get_running_loop().create_task(_rest(work, awaited), context=context)


@coroutine
def _rest(work: Coroutine[Any, Any, None], awaited: Any) -> Generator[Any, Any, None]:
    while True:
        try:
            value = yield awaited
        except BaseException as error:  # noqa: BLE001 (the work's own affair, cancellation as well)
            step = partial(work.throw, error)
        else:
            step = partial(work.send, value)
        try:
            awaited = step()
        except StopIteration:
            return


async def write(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a service; returns when its writes are durable.

    Raises what the service raises, and `Busy` after a bounded wait.
    """
    future = crossing().committer.submit(partial(function, *args, **kwargs))
    return await asyncio.shield(asyncio.wrap_future(future))


def write_from_thread(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a service as `write` does, for work that has crossed to a thread already."""
    return crossing().committer.run(partial(function, *args, **kwargs))


def write_here(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run a service that changes a few rows, whose loss with the power can be borne.

    It runs on the event loop's own thread and is committed, not yet synced, when it returns
    (docs/adr/0019). Raises `db.NotNow` where `write` must do it: the database is a server's,
    another one writes, or FLAG_SYNC is 0. The service may raise that as well.
    """
    if not (crossing().is_embedded and limits.FLAG_SYNC.value):
        raise db.NotNow
    done = db.run_relaxed(partial(function, *args, **kwargs))
    crossing().note_relaxed()
    return done


async def authenticate(
    login: str, password: str, *, protocol: str, network: str, client: str = ""
) -> auth.Principal:
    """Prove credentials (`auth.authenticate`) on threads of their own."""
    said = {"protocol": protocol, "network": network, "client": client}
    proof = partial(auth.authenticate, login, password, **said)
    return await _on(crossing().hashers, proof)


async def authenticate_token(
    token: str, *, protocol: str, network: str, login: str = "", client: str = ""
) -> auth.Principal:
    """Find out whom a token speaks for (`auth.authenticate_token`), which computes nothing."""
    said = {"protocol": protocol, "network": network, "login": login, "client": client}
    return await read(partial(auth.authenticate_token, token, **said))


def change_watch() -> ChangeWatch:
    """Return a new watch for the event loop's thread."""
    return ChangeWatch()


def hub() -> Hub:
    """Return the hub of the running server."""
    if _hub is None:
        raise RuntimeError("no server runs in this process")
    return _hub


@dataclass(slots=True)
class Stopping:
    """Tells servers that the process is asked to stop."""

    event: asyncio.Event

    async def wait(self) -> None:
        """Return when SIGTERM or SIGINT came."""
        await self.event.wait()


def allow_many_files() -> None:
    """Let the process hold as many sockets as the system allows: a shell asks for 1,024."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def run_server(main: Callable[[Stopping], Awaitable[None]]) -> None:
    """Run a server until SIGTERM or SIGINT: `main` starts it, waits, and winds it down.

    `main` returns when every command in flight is finished; the writes they made are
    committed before the process ends.
    """
    allow_many_files()
    if db.is_sqlite():
        # For `glance` and `write_here`: Django opens no connection in a loop.
        db.thread_connection().ensure_connection()
        db.relax()
    flusher = flushing.Flusher()
    try:
        uvloop.run(_serve(main))
    finally:
        flusher.close()
        close_crossing()
        connections.close_all()
        events.close_sender()


def open_hub() -> None:
    """Start the hub of this process in the running event loop, where it is not there yet."""
    global _hub  # noqa: PLW0603 (one per process)
    if _hub is None:
        _hub = Hub(asyncio.get_running_loop(), read)
        _hub.start()


async def close_hub() -> None:
    """Close the hub, where there is one."""
    global _hub
    held, _hub = _hub, None
    if held is not None:
        await held.close()


async def _serve(main: Callable[[Stopping], Awaitable[None]]) -> None:
    loop = asyncio.get_running_loop()
    stopping = Stopping(asyncio.Event())
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.event.set)
    open_hub()
    try:
        await main(stopping)
    finally:
        await close_hub()
