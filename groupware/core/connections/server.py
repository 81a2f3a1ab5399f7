"""The connections of one protocol in one process: who is let in, looked after, told of, and ended."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Final

from django.conf import settings

from groupware.core.accepting import Acceptor
from groupware.core.aio import Stopping
from groupware.core.clock import epoch, monotonic
from groupware.core.connections.bounds import ConnectionLimits
from groupware.core.linger import Linger
from groupware.core.listeners import Listeners
from groupware.core.livesessions import LiveSession, Teller, Wanted, credential_of, shown_client
from groupware.core.tls import TlsContext

if TYPE_CHECKING:
    from groupware.core.connections.client import ClientConnection

SWEEP_SECONDS: Final = 1.0


class ConnectionServer(ABC):
    """The connections of one protocol in one process."""

    protocol: str
    """Its name, also that of its port; the one with TLS from the first octet on has an s more."""

    def __init__(self, tls: TlsContext | None, limits: ConnectionLimits) -> None:
        self.tls = tls
        self._limits = limits
        self.connections: set[ClientConnection] = set()
        self.linger = Linger()
        self.stopping = False
        self._sweeper: asyncio.Task[None] | None = None

    @abstractmethod
    def connect(self, *, secure: bool) -> "ClientConnection":
        """Return a connection that is not made yet."""

    def start(self) -> None:
        """Begin to look after time-outs."""
        self._sweeper = asyncio.get_running_loop().create_task(self._sweep_forever())

    def accepts(self) -> bool:
        """Tell whether there is room for one more connection."""
        held = len(self.connections)
        if self.stopping or held >= self._limits.connections:
            return False
        if held < self._limits.connections_before_login:
            return True
        before_login = sum(not one.is_logged_in for one in self.connections)
        return before_login < self._limits.connections_before_login

    async def serve(self, stopping: Stopping, listeners: Listeners, tls: TlsContext | None) -> None:
        """Serve both ports, or one without TLS, until the process is asked to stop."""
        self.start()
        listening = list(self._listen(listeners, tls))
        teller = Teller(asyncio.get_running_loop(), self)
        await stopping.wait()
        teller.close()
        for listener in listening:
            listener.close()
        await self.stop()

    def _listen(self, listeners: Listeners, tls: TlsContext | None) -> Iterator[Acceptor]:
        accept = partial(
            Acceptor,
            held=self.connections.__len__,
            is_shared=settings.GROUPWARE_PROCESSES > 1,
        )
        for listening in listeners.get(self.protocol):
            yield accept(listening, partial(self.connect, secure=False))
        if tls is not None:
            timeout = self._limits.handshake_timeout
            for listening in listeners.get(f"{self.protocol}s"):
                connect = partial(self.connect, secure=True)
                yield accept(listening, connect, ssl=tls.context, ssl_handshake_timeout=timeout)

    def list_sessions(self, wanted: Wanted) -> Iterator[LiveSession]:
        """Tell the sessions that somebody asks for."""
        began = epoch() - monotonic()
        for held in self.connections:
            principal = held.principal
            if principal is not None and wanted.takes(principal, self.protocol):
                yield LiveSession(
                    id=held.session_id,
                    protocol=self.protocol,
                    network=held.session.network,
                    credential=credential_of(principal),
                    began_at=int(began + held.opened_at),
                    active_at=int(began + held.active_at),
                    account_id=principal.account_id,
                    client=shown_client(held.session.client_name),
                    last_command=held.session.last_command,
                )

    def end_session(self, account_id: int, session_id: str) -> bool:
        """End a session of an account at once; return False where it is not here."""
        for held in list(self.connections):
            principal = held.principal
            if held.session_id == session_id and principal is not None:
                if principal.account_id != account_id:
                    return False
                held.end()
                return True
        return False

    async def stop(self) -> None:
        """Let commands in flight finish, then end every session."""
        self.stopping = True
        if self._sweeper is not None:
            self._sweeper.cancel()
        for held in list(self.connections):
            held.stop()
        ends = monotonic() + self._limits.stop_timeout
        while self.connections and monotonic() < ends:
            tasks = [held.task for held in self.connections if held.task is not None]
            if tasks:
                await asyncio.wait(tasks, timeout=max(0.0, ends - monotonic()))
            await asyncio.sleep(0.01)
        for held in list(self.connections):
            held.abort()

    async def _sweep_forever(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            if self.tls is not None:
                self.tls.reload_if_changed()
            now = monotonic()
            for held in list(self.connections):
                held.check_timeouts(now)
