"""IMAP on sockets: accepting, TLS, time-outs, back-pressure, the way down.

A connection that waits costs no task and no timer of its own: bytes wake a task that works them
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
from groupware.core import limits as configured
from groupware.core.aio import Stopping
from groupware.core.budget import UploadBudget
from groupware.core.clock import monotonic
from groupware.core.linger import MOMENT, Linger
from groupware.core.listeners import Listeners
from groupware.core.logging import bind_session
from groupware.core.metrics import SESSIONS
from groupware.core.tls import TlsContext, certificate_files
from mail.imap.conversation import Conversation
from mail.imap.deflate import BadStream, Deflater, Inflater
from mail.imap.handlers import HANDLERS
from mail.imap.limits import ServerLimits, client_limits, server_limits
from mail.imap.responses import Code
from mail.imap.session import Shared

_log = structlog.get_logger("groupware.imap")

SWEEP_SECONDS: Final = 1.0
SENT_AT_ONCE: Final = 64 * 1024
"""Octets of answers that are kept for one sending."""
_KEEPALIVE: Final = (
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 120),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 30),
    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 4),
)


class Server:
    """The connections of one process."""

    def __init__(self, shared: Shared, tls: TlsContext | None, limits: ServerLimits) -> None:
        self.shared = shared
        self.tls = tls
        self.limits = limits
        self.connections: set[ImapProtocol] = set()
        self.budget = UploadBudget(limits.uploading)
        self.linger = Linger()
        self.stopping = False
        self._sweeper: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to look after time-outs."""
        self._sweeper = asyncio.get_running_loop().create_task(self._sweep_forever())

    def accepts(self) -> bool:
        """Tell whether there is room for one more connection."""
        if self.stopping or len(self.connections) >= self.limits.max_connections:
            return False
        if len(self.connections) < self.limits.max_connections_before_login:
            return True
        before_login = sum(held.session.principal is None for held in self.connections)
        return before_login < self.limits.max_connections_before_login

    async def stop(self) -> None:
        """Let commands in flight finish, then say BYE to everybody."""
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

    async def _sweep_forever(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            if self.tls is not None:
                self.tls.reload_if_changed()
            now = monotonic()
            for held in list(self.connections):
                held.check_timeouts(now)


class ImapProtocol(asyncio.Protocol):
    """One connection: the `Output` of its session, and what feeds it."""

    def __init__(self, server: Server, *, secure: bool) -> None:
        self._server = server
        self._secure = secure
        self._transport: asyncio.Transport | None = None
        self._context = contextvars.copy_context()
        self._can_write = asyncio.Event()
        self._can_write.set()
        self._write_blocked_since = 0.0
        self._opened = self._active = monotonic()
        self._stopping = False
        self._is_quick = False
        self._output: list[bytes] = []
        self._output_size = 0
        self._is_working = False
        self._is_paused = False
        self._inflater: Inflater | None = None
        self._next_piece: asyncio.Handle | None = None
        self._deflater: Deflater | None = None
        self.task: asyncio.Task[None] | None = None
        self.conversation = Conversation(
            server.shared, self, self._start, secure=secure, network=""
        )
        self.session = self.conversation.session

    # asyncio's side.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet, or refuse where there is no room."""
        # uvloop's transports are of their own kind, so isinstance says nothing of them.
        self._transport = transport = cast("asyncio.Transport", transport)
        transport.set_write_buffer_limits(high=self._server.limits.buffered_output)
        peer = transport.get_extra_info("peername")
        self.session.network = str(peer[0]) if peer else "local"
        self._context.run(bind_session, "imap", peer=self.session.network)
        _keep_alive(transport.get_extra_info("socket"))
        if not self._server.accepts():
            self.session.say_bye("Too many connections: try again later.", Code.UNAVAILABLE)
            return
        self._server.connections.add(self)
        SESSIONS.labels("imap").inc()
        self.conversation.greet()
        self._flush()

    def data_received(self, data: bytes) -> None:
        """Take what came, and work it off."""
        now = monotonic()
        self._is_quick = now - self._active < MOMENT
        self._active = now
        if self._inflater is None:
            self._take(data)
        else:
            self._inflater.feed(data)
            self._inflate()

    def _take(self, data: bytes) -> None:
        self._context.run(self.conversation.receive, data)
        if not self._is_working and self.conversation.connection.kept:
            self._server.budget.hold(self, self.conversation.held)
        if self.conversation.has_work:
            self._start()
        elif self._must_wait():
            self._pause_reading()

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
            if not self._is_working:
                self._server.budget.hold(self, 0)
            SESSIONS.labels("imap").dec()

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
            data = b"".join(self._output)
            if self._deflater is not None:
                data = self._deflater.compress(data, rests=self.conversation.is_idling)
            self._transport.write(data)
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
        loop = asyncio.get_running_loop()
        try:
            secured = await loop.start_tls(
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

    def start_compression(self, ahead: bytes) -> None:
        """Go on in deflate; what was kept so far goes out as it is (RFC 4978 §3)."""
        self._flush()
        self._deflater = Deflater()
        self._inflater = Inflater()
        self._inflater.feed(ahead)

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
        self._stopping = True
        if not self._is_working:
            self.session.say_bye("The server is shutting down.", Code.UNAVAILABLE)

    def check_timeouts(self, now: float) -> None:
        """End what has waited for too long, and let uploads go on that had to wait."""
        limits = self._server.limits
        if not self._can_write.is_set():
            if now - self._write_blocked_since > limits.write_timeout:
                _log.info("client takes nothing", network=self.session.network)
                self.abort()
            return
        if self._is_working:
            return
        if not self._must_wait():
            self._resume_reading()
        if self.session.principal is None:
            if now - self._opened > limits.login_timeout:
                self.session.say_bye("No login came.", Code.UNAVAILABLE)
        elif now - self._active > (
            limits.command_timeout
            if self.conversation.connection.in_command
            else limits.idle_timeout
        ):
            self.session.say_bye("Nothing came for too long.", Code.UNAVAILABLE)

    def _start(self) -> None:
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
            await self.conversation.work()
        finally:
            self._is_working = False
            self.task = None
            self._flush()
            self._active = monotonic()
            if self._is_quick:
                self._server.linger.begin(self._active)
            # A message counts until its command has ended, also when the client has gone.
            self._server.budget.hold(self, self.conversation.held if self._transport else 0)
            if self.conversation.has_work and not self.session.closing:
                self._start()
            elif self._stopping:
                self.session.say_bye("The server is shutting down.", Code.UNAVAILABLE)
            else:
                self._resume_reading()

    def _inflate(self) -> None:
        """Take a piece of what came compressed; before the next one others have their turn."""
        inflater = self._inflater
        self._next_piece = None
        assert inflater is not None
        if self._is_working or self.session.closing:
            return
        try:
            piece = inflater.take()
        except BadStream as error:
            self.session.say_bye(str(error))
            return
        self._take(piece)
        if inflater.has_more:
            self._pause_reading()
            self._inflate_later()

    def _inflate_later(self) -> None:
        """Go on with the next piece, but for a command at work: from its end it goes on itself."""
        if self._next_piece is None and not self._is_working and not self._must_wait():
            self._next_piece = asyncio.get_running_loop().call_soon(self._inflate)

    def _must_wait(self) -> bool:
        kept = self.conversation.connection.kept
        return kept > self._server.limits.small_upload and not self._server.budget.may_grow(self)

    def _pause_reading(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()
            self._is_paused = True

    def _resume_reading(self) -> None:
        if self._inflater is not None and self._inflater.has_more:
            self._inflate_later()
            return
        if not self._is_paused:
            return
        self._is_paused = False
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()


def _keep_alive(connected: socket.socket | None) -> None:
    if connected is None or connected.family not in {socket.AF_INET, socket.AF_INET6}:
        return
    for level, option, value in (*_KEEPALIVE, (socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)):
        connected.setsockopt(level, option, value)


async def serve(stopping: Stopping, listeners: Listeners) -> None:
    """Serve the ports imap and imaps until the process is asked to stop."""
    tls = TlsContext(*certificate_files())
    watch = aio.change_watch()
    shared = Shared(
        HANDLERS,
        aio.hub(),
        watch,
        client_limits(),
        max_sessions_of_account=configured.IMAP_SESSIONS.value,
        max_failed_logins=configured.IMAP_FAILED_LOGINS.value,
        allow_plaintext=settings.GROUPWARE_ALLOW_PLAINTEXT,
    )
    server = Server(shared, tls, server_limits())
    server.start()
    listening = [
        *await aio.listen(lambda: ImapProtocol(server, secure=False), listeners.get("imap")),
        *await aio.listen(
            lambda: ImapProtocol(server, secure=True),
            listeners.get("imaps"),
            ssl=tls.context,
            ssl_handshake_timeout=server.limits.handshake_timeout,
        ),
    ]
    await stopping.wait()
    for listener in listening:
        listener.close()
    await server.stop()
    watch.close()


def run(listeners: Listeners) -> None:
    """Run the server in this process until SIGTERM or SIGINT."""

    async def main(stopping: Stopping) -> None:
        await serve(stopping, listeners)

    aio.run_server(main)
