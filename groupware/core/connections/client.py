"""One connection: where its session writes to, and what feeds it."""

import asyncio
import contextvars
import socket
import ssl
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar, Final, Protocol, cast

import structlog

from groupware.core import aio
from groupware.core.clock import monotonic
from groupware.core.connections.bounds import ConnectionLimits
from groupware.core.connections.server import ConnectionServer
from groupware.core.linger import MOMENT
from groupware.core.logging import bind_session
from groupware.core.metrics import SESSIONS
from groupware.core.principals import Principal

SENT_AT_ONCE: Final = 64 * 1024
"""Octets of responses that are kept for one sending."""
ENDED_SECONDS: Final = 0.25
"""How long a client that somebody ends may take to hear of it."""
_NO_DELAY: Final = (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


class Conversing(Protocol):
    """What a connection knows of its session."""

    network: str
    last_command: str
    closing: bool

    @property
    def client_name(self) -> str:
        """What the program calls itself, where it says so."""

    def close(self) -> None:
        """End the session; what was written still goes out."""


class ClientConnection(asyncio.Protocol, ABC):
    """One connection: where its session writes to, and what feeds it."""

    keep_alive: ClassVar[Sequence[tuple[int, int, int]]] = ()
    """Options of the socket by which the system asks whether the client is there."""
    session: Conversing

    def __init__(self, server: ConnectionServer, limits: ConnectionLimits) -> None:
        self._server = server
        self._limits = limits
        self._transport: asyncio.Transport | None = None
        self._context = contextvars.copy_context()
        self.session_id = ""
        self._can_write = asyncio.Event()
        self._can_write.set()
        self._write_blocked_since = 0.0
        self._opened = self._active = monotonic()
        self._output: list[bytes] = []
        self._output_size = 0
        self._is_quick = False
        self._is_working = False
        self._is_paused = False
        self.task: asyncio.Task[None] | None = None

    # What a protocol says and does.

    @property
    @abstractmethod
    def is_logged_in(self) -> bool:
        """Tell whether somebody is logged in."""

    @property
    def principal(self) -> Principal | None:
        """Whoever has logged in, where somebody logs in at all."""
        return None

    @abstractmethod
    def _greet(self) -> None:
        """Say the first words."""

    @abstractmethod
    def _refuse(self) -> None:
        """End the session: there is no room."""

    @abstractmethod
    def _say_stopping(self) -> None:
        """End the session: the server goes down."""

    @abstractmethod
    def _say_ended(self) -> None:
        """End the session: somebody asked for that."""

    @abstractmethod
    def _check_silence(self, now: float) -> None:
        """End the session where nothing came for too long."""

    @abstractmethod
    async def _work_off(self) -> None:
        """Answer what has come, as far as it is whole."""

    @property
    def opened_at(self) -> float:
        """When the client came, on the clock of `monotonic`."""
        return self._opened

    @property
    def active_at(self) -> float:
        """When octets came last."""
        return self._active

    # asyncio's side.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet, or refuse where there is no room."""
        # uvloop's transports are of their own kind, so isinstance says nothing of them.
        self._transport = transport = cast("asyncio.Transport", transport)
        transport.set_write_buffer_limits(high=self._limits.buffered_output)
        peer = transport.get_extra_info("peername")
        self.session.network = str(peer[0]) if peer else "local"
        protocol = self._server.protocol
        self.session_id = self._context.run(bind_session, protocol, peer=self.session.network)
        self._set_options(transport.get_extra_info("socket"))
        if not self._server.accepts():
            self._refuse()
            return
        self._server.connections.add(self)
        SESSIONS.labels(protocol).inc()
        self._greet()
        self._flush()

    def _set_options(self, connected: socket.socket | None) -> None:
        if connected is None or connected.family not in {socket.AF_INET, socket.AF_INET6}:
            return
        for level, option, value in (*self.keep_alive, _NO_DELAY):
            connected.setsockopt(level, option, value)

    def eof_received(self) -> bool:
        """Close when the client does: half of a connection is of no use."""
        return False

    def connection_lost(self, _exc: Exception | None) -> None:
        """Forget the client."""
        self._can_write.set()
        self._transport = None
        self.session.close()
        if self in self._server.connections:
            self._server.connections.discard(self)
            SESSIONS.labels(self._server.protocol).dec()

    def pause_writing(self) -> None:
        """Note that the client takes nothing for now."""
        self._can_write.clear()
        self._write_blocked_since = monotonic()

    def resume_writing(self) -> None:
        """Go on writing."""
        self._can_write.set()

    # The session's side.

    def write(self, data: bytes) -> None:
        """Keep until the command ends or much is kept: each sending costs a call of the kernel."""
        self._output.append(data)
        self._output_size += len(data)
        if self._output_size > SENT_AT_ONCE:
            self._flush()

    def _flush(self) -> None:
        """Send what is kept, or let the transport keep it until the client takes it."""
        if self._output_size and self._transport is not None:
            self._transport.write(self._packed(b"".join(self._output)))
        self._output.clear()
        self._output_size = 0

    def _packed(self, data: bytes) -> bytes:
        """Return output as it goes over the wire."""
        return data

    async def drain(self) -> None:
        """Wait until little is kept; the sweep ends the wait when the client takes nothing."""
        if not self._can_write.is_set():
            await self._can_write.wait()
        if self._transport is None:
            raise ConnectionResetError("the client is gone")

    async def start_tls(self) -> None:
        """Go on in TLS; raises ConnectionError when the handshake fails."""
        self._flush()
        transport = self._transport
        if transport is None or self._server.tls is None:
            raise ConnectionResetError("the client is gone")
        try:
            secured = await asyncio.get_running_loop().start_tls(
                transport,
                self,
                self._server.tls.context,
                server_side=True,
                ssl_handshake_timeout=self._limits.handshake_timeout,
            )
        except (ssl.SSLError, OSError, TimeoutError) as error:
            raise ConnectionResetError("no TLS came about") from error
        if secured is None:
            raise ConnectionResetError("the client is gone")
        self._transport = secured
        secured.set_write_buffer_limits(high=self._limits.buffered_output)

    def close(self) -> None:
        """Send what is kept and close."""
        self._flush()
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Close without sending what is kept."""
        if self._transport is not None:
            self._transport.abort()

    # The server's side.

    def stop(self) -> None:
        """End the session, after the command in flight if there is one."""
        if not self._is_working:
            self._say_stopping()

    def end(self) -> None:
        """End the session at once: with a word where none is being said, in mid-command without."""
        structlog.get_logger(f"groupware.{self._server.protocol}").info(
            "session ended on request", session=self.session_id, network=self.session.network
        )
        if self._is_working:
            self.abort()
            return
        self._say_ended()
        # Who takes nothing, and does not take leave of TLS either, is not waited for.
        asyncio.get_running_loop().call_later(ENDED_SECONDS, self.abort)

    def check_timeouts(self, now: float) -> None:
        """End what has waited for too long; what works has its own time."""
        if not self._can_write.is_set():
            if now - self._write_blocked_since > self._limits.write_timeout:
                log = structlog.get_logger(f"groupware.{self._server.protocol}")
                log.info("client takes nothing", network=self.session.network)
                self.abort()
        elif not self._is_working:
            self._check_silence(now)

    def _note_active(self) -> None:
        """Note that octets came."""
        now = monotonic()
        self._is_quick = now - self._active < MOMENT
        self._active = now

    def _start(self) -> None:
        """Work off what came, unless that goes on already."""
        if self._is_working:
            return
        self._is_working = True
        task = aio.begin(self._work(), self._context)
        if task is not None:
            self.task = task
            # Nothing more is read until it is done: what a client sends ahead stays with it.
            self._pause_reading()
            self._server.linger.end()

    async def _work(self) -> None:
        try:
            await self._work_off()
        finally:
            self._is_working = False
            self.task = None
            self._flush()
            self._active = monotonic()
            if self._is_quick:
                self._server.linger.begin(self._active)
            self._rest()

    def _rest(self) -> None:
        """Go on from the end of the work."""
        if self._server.stopping:
            self._say_stopping()
        else:
            self._resume_reading()

    def _pause_reading(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()
            self._is_paused = True

    def _resume_reading(self) -> None:
        if not self._is_paused:
            return
        self._is_paused = False
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()
