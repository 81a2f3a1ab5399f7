"""POP3 on sockets: accepting, TLS, time-outs, back-pressure, the way down.

A connection that waits costs no task and no timer of its own: octets wake a task that works them
off and ends, and one sweep a second looks after all time-outs.
"""

import asyncio
import contextvars
import socket
import ssl
from typing import Final, cast

import structlog
from django.conf import settings

from groupware.core import aio
from groupware.core.aio import Stopping
from groupware.core.clock import monotonic
from groupware.core.linger import MOMENT, Linger
from groupware.core.listeners import Listeners
from groupware.core.logging import bind_session
from groupware.core.metrics import SESSIONS
from groupware.core.tls import TlsContext, certificate_files
from mail.pop3 import responses
from mail.pop3.handlers import HANDLERS
from mail.pop3.limits import configured_limits
from mail.pop3.session import Session, Shared

_log = structlog.get_logger("groupware.pop3")

SWEEP_SECONDS: Final = 1.0
SENT_AT_ONCE: Final = 64 * 1024
"""Octets of responses that are kept for one sending."""


class Server:
    """The connections of one process."""

    def __init__(self, shared: Shared, tls: TlsContext | None) -> None:
        self.shared = shared
        self.tls = tls
        self.limits = shared.limits
        self.connections: set[Pop3Protocol] = set()
        self.linger = Linger()
        self.stopping = False
        self._sweeper: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to look after time-outs."""
        self._sweeper = asyncio.get_running_loop().create_task(self._sweep_forever())

    def accepts(self) -> bool:
        """Tell whether there is room for one more connection."""
        held = len(self.connections)
        if self.stopping or held >= self.limits.connections:
            return False
        if held < self.limits.connections_before_login:
            return True
        before_login = sum(not one.session.is_open for one in self.connections)
        return before_login < self.limits.connections_before_login

    async def stop(self) -> None:
        """Let commands in flight finish, then end every session; what it marked stays."""
        self.stopping = True
        if self._sweeper is not None:
            self._sweeper.cancel()
        for held in list(self.connections):
            held.stop()
        ends = monotonic() + self.limits.stop_timeout
        while self.connections and monotonic() < ends:
            tasks = [held.task for held in self.connections if held.task is not None]
            if tasks:
                await asyncio.wait(tasks, timeout=max(0.0, ends - monotonic()))
            await asyncio.sleep(0.01)
        for held in list(self.connections):
            held.abort()
        for marks in list(self.shared.marking):
            await marks.settle()

    async def _sweep_forever(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            if self.tls is not None:
                self.tls.reload_if_changed()
            now = monotonic()
            for held in list(self.connections):
                held.check_timeouts(now)


class Pop3Protocol(asyncio.Protocol):
    """One connection: the `Output` of its session, and what feeds it."""

    def __init__(self, server: Server, *, secure: bool) -> None:
        self._server = server
        self._transport: asyncio.Transport | None = None
        self._context = contextvars.copy_context()
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
        self.session = Session(server.shared, self, secure=secure, network="")

    # asyncio's side.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet, or refuse where there is no room."""
        # uvloop's transports are of their own kind, so isinstance says nothing of them.
        self._transport = transport = cast("asyncio.Transport", transport)
        transport.set_write_buffer_limits(high=self._server.limits.buffered_output)
        peer = transport.get_extra_info("peername")
        self.session.network = str(peer[0]) if peer else "local"
        self._context.run(bind_session, "pop3", peer=self.session.network)
        _send_at_once(transport.get_extra_info("socket"))
        if not self._server.accepts():
            self.session.end(responses.TOO_MANY_CONNECTIONS)
            return
        self._server.connections.add(self)
        SESSIONS.labels("pop3").inc()
        self.session.greet(settings.GROUPWARE_DOMAIN)
        self._flush()

    def data_received(self, data: bytes) -> None:
        """Take what came, and work it off."""
        now = monotonic()
        self._is_quick = now - self._active < MOMENT
        self._active = now
        self.session.connection.receive(data)
        self._start()

    def eof_received(self) -> bool:
        """Close when the client does: half of a connection is of no use."""
        return False

    def connection_lost(self, _exc: Exception | None) -> None:
        """Forget the client; what it marked stays (RFC 1939 §6)."""
        self._can_write.set()
        self._transport = None
        self.session.close()
        if self in self._server.connections:
            self._server.connections.discard(self)
            SESSIONS.labels("pop3").dec()

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
            self._transport.write(b"".join(self._output))
        self._output.clear()
        self._output_size = 0

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
                ssl_handshake_timeout=self._server.limits.handshake_timeout,
            )
        except (ssl.SSLError, OSError, TimeoutError) as error:
            raise ConnectionResetError("no TLS came about") from error
        if secured is None:
            raise ConnectionResetError("the client is gone")
        self._transport = secured
        secured.set_write_buffer_limits(high=self._server.limits.buffered_output)

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
            self.session.end(responses.STOPPING)

    def check_timeouts(self, now: float) -> None:
        """End what has waited for too long, without a word (RFC 1939 §3)."""
        limits = self._server.limits
        if not self._can_write.is_set():
            if now - self._write_blocked_since > limits.write_timeout:
                _log.info("client takes nothing", network=self.session.network)
                self.abort()
        elif self._is_working:
            return
        elif now - self._active > limits.idle_timeout or (
            not self.session.is_open and now - self._opened > limits.login_timeout
        ):
            self.session.close()

    def _start(self) -> None:
        if self._is_working or self.session.closing:
            return
        self._is_working = True
        task = aio.begin(self._work(), self._context)
        if task is not None:
            self.task = task
            self._server.linger.end()
            # Nothing more is read until it is done: what a client sends ahead stays with it.
            if self._transport is not None and not self._transport.is_closing():
                self._transport.pause_reading()
                self._is_paused = True

    async def _work(self) -> None:
        try:
            await self.session.work()
        finally:
            self._is_working = False
            self.task = None
            self._flush()
            self._active = monotonic()
            if self._is_quick:
                self._server.linger.begin(self._active)
            if self._server.stopping:
                self.session.end(responses.STOPPING)
            else:
                self._resume_reading()

    def _resume_reading(self) -> None:
        if not self._is_paused:
            return
        self._is_paused = False
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()


def _send_at_once(connected: socket.socket | None) -> None:
    if connected is not None and connected.family in {socket.AF_INET, socket.AF_INET6}:
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)


async def serve(stopping: Stopping, listeners: Listeners) -> None:
    """Serve the ports pop3 and pop3s until the process is asked to stop."""
    tls = TlsContext(*certificate_files())
    limits = configured_limits()
    shared = Shared(HANDLERS, aio.hub(), limits, allow_plaintext=settings.GROUPWARE_ALLOW_PLAINTEXT)
    server = Server(shared, tls)
    server.start()
    listening = [
        *await aio.listen(lambda: Pop3Protocol(server, secure=False), listeners.get("pop3")),
        *await aio.listen(
            lambda: Pop3Protocol(server, secure=True),
            listeners.get("pop3s"),
            ssl=tls.context,
            ssl_handshake_timeout=limits.handshake_timeout,
        ),
    ]
    await stopping.wait()
    for listener in listening:
        listener.close()
    await server.stop()


def run(listeners: Listeners) -> None:
    """Run the server in this process until SIGTERM or SIGINT."""

    async def main(stopping: Stopping) -> None:
        await serve(stopping, listeners)

    aio.run_server(main)
