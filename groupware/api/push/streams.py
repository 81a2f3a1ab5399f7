"""Streams of events: each waits for hints in the event loop, and holds no thread meanwhile.

A hint (of the hub) or a heartbeat makes it look into the tables; what is told comes from there. A
client that does not read, whose credentials end, or that has too many streams, is let go. They are
told among the live sessions of their accounts (`groupware.core.livesessions`).
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from contextvars import copy_context
from dataclasses import dataclass
from typing import Any, Final

import structlog
from django.db import Error

from groupware.api.push import sse
from groupware.api.push.news import News, read_news
from groupware.api.push.positions import Positions
from groupware.core import aio, limits
from groupware.core.auth import Principal
from groupware.core.clock import epoch
from groupware.core.errors import AuthenticationFailed, GroupwareError
from groupware.core.events import Event
from groupware.core.livesessions import LiveSession, Wanted, credential_of, shown_client
from groupware.core.logging import bind_session
from groupware.rest import errors, problems

PROTOCOL: Final = "events"
GATHER_SECONDS: Final = 0.005
"""How long further changes are waited for: a burst is told once."""
_log = structlog.get_logger("groupware.events")

Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = Sequence[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Listener:
    """Somebody who wants to hear of changes, and whose credentials were looked at.

    `kinds` are values of `CollectionKind` that the credentials reach; `known` what Last-Event-ID
    says, `network` where it comes from, `client` what the program calls itself. `is_open` tells whether a browser that listens is still signed in; it reads a row.
    """

    principal: Principal
    kinds: frozenset[str]
    known: Positions | None = None
    is_open: Callable[[], bool] = lambda: True
    network: str = ""
    client: str = ""


class Full(GroupwareError):
    """No further stream is opened."""


errors.register(Full, problems.BUSY)


class Streams:
    """The streams of one process."""

    def __init__(self) -> None:
        self._of_accounts: Counter[int] = Counter()
        self._open: set[_Stream] = set()
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """End all streams: their clients connect anew."""
        self._stopping.set()

    def list_sessions(self, wanted: Wanted) -> Iterator[LiveSession]:
        """Tell the streams that somebody asks for."""
        return (held.session for held in self._open if wanted.takes(held.principal, PROTOCOL))

    def end_session(self, account_id: int, session_id: str) -> bool:
        """End a stream of an account at once; return False where it is not here."""
        for held in self._open:
            session = held.session
            if (session.account_id, session.id) == (account_id, session_id):
                held.ended.set()
                return True
        return False

    @contextmanager
    def _admit(self, account_id: int) -> Iterator[None]:
        """Count a stream as long as it lasts; raises `Full`."""
        if self._of_accounts.total() >= limits.EVENTS_STREAMS.value:
            raise Full("This server holds as many streams of events as it can: try again later.")
        if self._of_accounts[account_id] >= limits.EVENTS_OF_ACCOUNT.value:
            raise Full("Your account has as many streams of events as it may: close some first.")
        self._of_accounts[account_id] += 1
        try:
            yield
        finally:
            self._of_accounts[account_id] -= 1
            if not self._of_accounts[account_id]:
                del self._of_accounts[account_id]

    async def serve(
        self, listener: Listener, headers: Headers, receive: Receive, send: Send
    ) -> None:
        """Tell a client what changes until one of the two ends it; raises `Full` before the first."""
        with self._admit(listener.principal.account_id):
            await self._serve(_Stream(listener, headers, send), receive, send)

    async def _serve(self, stream: "_Stream", receive: Receive, send: Send) -> None:
        ends = [
            asyncio.create_task(_until_gone(receive)),
            asyncio.create_task(self._stopping.wait()),
            asyncio.create_task(stream.ended.wait()),
            asyncio.create_task(stream.run(), context=stream.context),
        ]
        self._open.add(stream)
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in ends:
                task.cancel()
            await asyncio.gather(*ends, return_exceptions=True)
            self._open.discard(stream)
            stream.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(limits.EVENTS_WRITE.value):
                await send({"type": "http.response.body", "body": b""})


class _Stream:
    """One client's."""

    def __init__(self, listener: Listener, headers: Headers, send: Send) -> None:
        self._listener = listener
        self._headers = headers
        self._send = send
        self._known = listener.known
        self._hint = asyncio.Event()
        self.ended = asyncio.Event()
        self._watched: dict[int, Callable[[], None]] = {}
        self.context = copy_context()
        self._session_id = self.context.run(bind_session, PROTOCOL, peer=listener.network)
        self._opened_at = self._active_at = epoch()

    @property
    def principal(self) -> Principal:
        """Who listens."""
        return self._listener.principal

    @property
    def session(self) -> LiveSession:
        """What is told of it; a client says nothing, and is active when it takes what it is sent."""
        return LiveSession(
            id=self._session_id,
            protocol=PROTOCOL,
            network=self._listener.network,
            credential=credential_of(self._listener.principal),
            began_at=self._opened_at,
            active_at=self._active_at,
            account_id=self.principal.account_id,
            client=shown_client(self._listener.client),
        )

    def close(self) -> None:
        """Watch nothing any more."""
        for end in self._watched.values():
            end()
        self._watched.clear()

    async def run(self) -> None:
        """Tell what happened since the client left, then whatever happens."""
        try:
            await self._run()
        except AuthenticationFailed:
            _log.info("a stream ended: its credentials have")
        except TimeoutError:
            _log.info("a stream ended: its client did not read")

    async def _run(self) -> None:
        await self._put({"type": "http.response.start", "status": 200, "headers": self._headers})
        # Watched before the first look, what happens between the two is a hint already.
        self._watch({self._listener.principal.account_id})
        await self._write(sse.render_opening() + await self._look())
        while True:
            is_hinted = await self._wait()
            told = await self._look()
            if told or not is_hinted:
                await self._write(told or sse.HEARTBEAT)

    async def _wait(self) -> bool:
        """Return at a hint, or when a heartbeat is due; tell which."""
        try:
            async with asyncio.timeout(limits.EVENTS_HEARTBEAT.value):
                await self._hint.wait()
        except TimeoutError:
            return False
        await asyncio.sleep(GATHER_SECONDS)
        return True

    async def _look(self) -> bytes:
        """Return the events of what is new; nothing while the database is away."""
        self._hint.clear()
        listener = self._listener
        try:
            news: News = await aio.read(_read, listener, self._known)
        except AuthenticationFailed:
            raise
        except (Error, GroupwareError) as error:
            _log.warning("a look for changes failed", reason=type(error).__name__)
            return b""
        self._watch(news.watched)
        self._known = news.positions
        event_id = news.positions.text()
        return b"".join(sse.render_event(*event, event_id) for event in news.events)

    def _watch(self, accounts: frozenset[int] | set[int]) -> None:
        for account_id in self._watched.keys() - accounts:
            self._watched.pop(account_id)()
        for account_id in accounts - self._watched.keys():
            self._watched[account_id] = aio.hub().subscribe(account_id, self._note)

    def _note(self, _event: Event) -> None:
        self._hint.set()

    async def _write(self, text: bytes) -> None:
        await self._put({"type": "http.response.body", "body": text, "more_body": True})

    async def _put(self, message: Message) -> None:
        async with asyncio.timeout(limits.EVENTS_WRITE.value):
            await self._send(message)
        self._active_at = epoch()


def _read(listener: Listener, known: Positions | None) -> News:
    if not listener.is_open():
        raise AuthenticationFailed("This browser was signed out.")
    return read_news(listener.principal, listener.kinds, known)


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
