"""IMAP on sockets: what a connection says, how its octets reach the session, uploads, COMPRESS."""

import asyncio
import socket
from typing import ClassVar

from django.conf import settings

from groupware.core import aio
from groupware.core import limits as configured
from groupware.core.aio import Stopping
from groupware.core.budget import UploadBudget
from groupware.core.connections import ClientConnection, ConnectionServer
from groupware.core.listeners import Listeners
from groupware.core.principals import Principal
from groupware.core.tls import TlsContext, certificate_files
from mail.imap.conversation import Conversation
from mail.imap.deflate import BadStream, Deflater, Inflater
from mail.imap.handlers import HANDLERS
from mail.imap.limits import ServerLimits, client_limits, server_limits
from mail.imap.responses import Code
from mail.imap.session import Session, Shared


class Server(ConnectionServer):
    """The connections of one process."""

    protocol = "imap"

    def __init__(self, shared: Shared, tls: TlsContext | None, limits: ServerLimits) -> None:
        super().__init__(tls, limits)
        self.shared = shared
        self.limits = limits
        self.budget = UploadBudget(limits.uploading)

    def connect(self, *, secure: bool) -> "ImapProtocol":
        """Return a connection that is not made yet."""
        return ImapProtocol(self, secure=secure)


class ImapProtocol(ClientConnection):
    """One connection: the `Output` of its session, and what feeds it."""

    keep_alive: ClassVar = (
        (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
        (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 120),
        (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 30),
        (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 4),
    )

    def __init__(self, server: Server, *, secure: bool) -> None:
        super().__init__(server, server.limits)
        self._limits: ServerLimits = server.limits
        self._budget = server.budget
        self._inflater: Inflater | None = None
        self._next_piece: asyncio.Handle | None = None
        self._deflater: Deflater | None = None
        self.conversation = Conversation(
            server.shared, self, self._start, secure=secure, network=""
        )
        self.session: Session = self.conversation.session

    def data_received(self, data: bytes) -> None:
        """Take what came, and work it off."""
        self._note_active()
        if self._inflater is None:
            self._take(data)
        else:
            self._inflater.feed(data)
            self._inflate()

    def _take(self, data: bytes) -> None:
        self._context.run(self.conversation.receive, data)
        if not self._is_working and self.conversation.connection.kept:
            self._budget.hold(self, self.conversation.held)
        if self.conversation.has_work:
            self._start()
        elif self._must_wait():
            self._pause_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the client."""
        super().connection_lost(exc)
        if not self._is_working:
            self._budget.hold(self, 0)

    @property
    def is_logged_in(self) -> bool:
        """Tell whether somebody is logged in."""
        return self.session.principal is not None

    @property
    def principal(self) -> Principal | None:
        """Whoever has logged in."""
        return self.session.principal

    def _greet(self) -> None:
        self.conversation.greet()

    def _refuse(self) -> None:
        self.session.say_bye("Too many connections: try again later.", Code.UNAVAILABLE)

    def _say_stopping(self) -> None:
        self.session.say_bye("The server is shutting down.", Code.UNAVAILABLE)

    def _say_ended(self) -> None:
        self.session.say_bye("This session was ended by its person or an administrator.")

    def _packed(self, data: bytes) -> bytes:
        if self._deflater is None:
            return data
        return self._deflater.compress(data, rests=self.conversation.is_idling)

    def start_compression(self, ahead: bytes) -> None:
        """Go on in deflate; what was kept so far goes out as it is (RFC 4978 §3)."""
        self._flush()
        self._deflater = Deflater()
        self._inflater = Inflater()
        self._inflater.feed(ahead)

    def _check_silence(self, now: float) -> None:
        """Say BYE to whom nothing came from for too long; let uploads go on that had to wait."""
        limits = self._limits
        if not self._must_wait():
            self._resume_reading()
        if not self.is_logged_in:
            if now - self._opened > limits.login_timeout:
                self.session.say_bye("No login came.", Code.UNAVAILABLE)
        elif now - self._active > (
            limits.command_timeout
            if self.conversation.connection.in_command
            else limits.idle_timeout
        ):
            self.session.say_bye("Nothing came for too long.", Code.UNAVAILABLE)

    async def _work_off(self) -> None:
        await self.conversation.work()

    def _rest(self) -> None:
        # A message counts until its command has ended, also when the client has gone.
        self._budget.hold(self, self.conversation.held if self._transport else 0)
        if self.conversation.has_work and not self.session.closing:
            self._start()
        else:
            super()._rest()

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
        return kept > self._limits.small_upload and not self._budget.may_grow(self)

    def _resume_reading(self) -> None:
        if self._inflater is not None and self._inflater.has_more:
            self._inflate_later()
            return
        super()._resume_reading()


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
    await Server(shared, tls, server_limits()).serve(stopping, listeners, tls)
    watch.close()


def run(listeners: Listeners) -> None:
    """Run the server in this process until SIGTERM or SIGINT."""

    async def main(stopping: Stopping) -> None:
        await serve(stopping, listeners)

    aio.run_server(main)
