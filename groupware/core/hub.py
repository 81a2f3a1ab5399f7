"""Events of this and other processes, brought into the event loop of a server.

Notices are hints and may be lost, so a look at the counters of the watched accounts each
second finds what was missed.
"""

import asyncio
import socket
import sqlite3
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import structlog
from django.db import Error, connection

from groupware.core import db, events
from groupware.core.errors import GroupwareError
from groupware.core.models import Account, AccountState

POLL_SECONDS = 1.0
GATHER_SECONDS = 0.002
"""After a notice, how long further ones to other processes wait: each wakes all of them."""

_log = structlog.get_logger("groupware.hub")

Callback = Callable[[events.Event], None]
Reader = Callable[..., Awaitable[Any]]


class ChangeWatch:
    """Tells cheaply whether anything was committed: 5 µs on the embedded database."""

    def __init__(self) -> None:
        self._connection: sqlite3.Connection | None = None
        self._count = 0
        if db.is_sqlite():
            self._connection = sqlite3.connect(
                str(connection.settings_dict["NAME"]), check_same_thread=False
            )

    def version(self) -> int:
        """Return a number that differs when something was committed; always on PostgreSQL."""
        if self._connection is None:
            self._count += 1
            return self._count
        return int(self._connection.execute("PRAGMA data_version").fetchone()[0])

    def close(self) -> None:
        """Release the connection."""
        if self._connection is not None:
            self._connection.close()


def _poll(account_ids: list[int]) -> tuple[dict[int, int], dict[int, int]]:
    states = AccountState.objects.filter(account_id__in=account_ids)
    accounts = Account.objects.filter(pk__in=account_ids, is_active=True)
    return (
        dict(states.values_list("account_id", "next_modseq")),
        dict(accounts.values_list("pk", "credential_epoch")),
    )


def _subject(event: events.Event) -> tuple[Any, ...]:
    """Return what an event is about, whenever it happened."""
    collection_id = event.collection_id if isinstance(event, events.CollectionChanged) else 0
    return type(event), event.account_id, collection_id


class Hub:
    """Hands each event to the sessions that watch its account; lives in one event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop, reader: Reader) -> None:
        self._loop = loop
        self._read = reader
        self._callbacks: dict[int, dict[int, Callback]] = {}
        self._next_key = 0
        self._known: dict[int, tuple[int, int]] = {}
        self._watch = ChangeWatch()
        self._version = -1
        self._socket: socket.socket | None = None
        self._end: Callable[[], None] | None = None
        self._thread = threading.get_ident()
        self._gathering: asyncio.TimerHandle | None = None
        self._gathered: dict[tuple[Any, ...], events.Event] = {}
        self._poller: asyncio.Task[None] | None = None
        events.directory().mkdir(mode=0o700, parents=True, exist_ok=True)

    def start(self) -> None:
        """Begin to hand on."""
        self._end = events.carry(self._take)
        self._poller = self._loop.create_task(self._poll_forever())

    def _listen(self) -> None:
        """Bind the socket of this process: from now on others wake it with each notice."""
        path = events.directory() / events.own_socket_name()
        path.unlink(missing_ok=True)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self._socket.bind(events.socket_address(path))
        self._loop.add_reader(self._socket.fileno(), self._receive)

    def _listen_no_more(self) -> None:
        if self._socket is not None:
            self._loop.remove_reader(self._socket.fileno())
            self._socket.close()
            self._socket = None
            (events.directory() / events.own_socket_name()).unlink(missing_ok=True)

    async def close(self) -> None:
        """Stop listening and remove the socket."""
        if self._poller is not None:
            self._poller.cancel()
            with suppress(asyncio.CancelledError):
                await self._poller
        if self._end is not None:
            self._end()
        self._send_gathered()
        if self._gathering is not None:
            self._gathering.cancel()
        self._listen_no_more()
        self._watch.close()

    def subscribe(self, account_id: int, callback: Callback) -> Callable[[], None]:
        """Call `callback` for every event of the account; returns what ends it."""
        if self._socket is None:
            self._listen()
        self._next_key += 1
        key = self._next_key
        self._callbacks.setdefault(account_id, {})[key] = callback
        # What happened since the session's login is told at the next look, noticed or not.
        self._known.pop(account_id, None)
        self._version = -1

        def unsubscribe() -> None:
            held = self._callbacks.get(account_id, {})
            held.pop(key, None)
            if not held:
                self._callbacks.pop(account_id, None)
                self._known.pop(account_id, None)

        return unsubscribe

    def _take(self, event: events.Event) -> None:
        """Hand on what this process published, on whichever thread."""
        in_loop = threading.get_ident() == self._thread
        call = self._loop.call_soon if in_loop else self._loop.call_soon_threadsafe
        with suppress(RuntimeError):  # the loop is closed: nobody is left to tell
            call(self._carry, event)

    def _carry(self, event: events.Event) -> None:
        self._dispatch(event)
        if self._gathering is not None:
            # The newest one says all that older ones of the same thing did.
            self._gathered[_subject(event)] = event
            return
        events.send(event)
        self._gathering = self._loop.call_later(GATHER_SECONDS, self._send_gathered)

    def _send_gathered(self) -> None:
        gathered, self._gathered, self._gathering = self._gathered, {}, None
        for event in gathered.values():
            events.send(event)
        if gathered:
            self._gathering = self._loop.call_later(GATHER_SECONDS, self._send_gathered)

    def _receive(self) -> None:
        if self._socket is None:
            return
        for _ in range(1000):
            try:
                data = self._socket.recv(512)
            except BlockingIOError:
                return
            if (event := events.decode(data)) is not None:
                self._dispatch(event)

    def _dispatch(self, event: events.Event) -> None:
        for callback in list(self._callbacks.get(event.account_id, {}).values()):
            try:
                callback(event)
            except Exception:  # noqa: BLE001 (one session's bug is not the others' silence)
                _log.exception("a session failed at an event")

    async def _poll_forever(self) -> None:
        while True:
            await asyncio.sleep(POLL_SECONDS)
            try:
                await self._look()
            except (Error, sqlite3.Error, GroupwareError) as error:
                # The database is away for a while: the next second looks again.
                self._version = -1
                _log.warning("poll failed", reason=type(error).__name__)

    async def _look(self) -> None:
        if not self._callbacks:
            self._listen_no_more()
            return
        version = self._watch.version()
        if version != self._version:
            self._version = version
            await self._compare(list(self._callbacks))

    async def _compare(self, account_ids: list[int]) -> None:
        states, epochs = await self._read(_poll, account_ids)
        for account_id in account_ids:
            modseq, epoch = states.get(account_id, 0), epochs.get(account_id, -1)
            known = self._known.get(account_id)
            self._known[account_id] = (modseq, epoch)
            if known is None or known[0] != modseq:
                self._dispatch(events.CollectionChanged(account_id, 0, modseq))
            if known is None or known[1] != epoch:
                self._dispatch(events.CredentialsChanged(account_id))
