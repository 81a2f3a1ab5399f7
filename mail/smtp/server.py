"""SMTP and LMTP on sockets: how a connection's octets reach its session, greeting and uploads.

LMTP has no authentication: its port is for the mail server in front, on loopback or a network
of its own.
"""

import asyncio
import socket
from typing import ClassVar, Final

from django.conf import settings

from groupware.core.budget import UploadBudget
from groupware.core.clock import monotonic
from groupware.core.connections import ClientConnection, ConnectionServer
from groupware.core.networks import is_trusted, plain_address
from groupware.core.principals import Principal
from groupware.core.tls import TlsContext
from mail.smtp import responses
from mail.smtp.fanning import FanOut
from mail.smtp.limits import ServerLimits
from mail.smtp.networks import Networks
from mail.smtp.session import Session, Shared

SMALL_UPLOAD: Final = 64 * 1024
"""Octets of a message up to which it is read whatever the others hold."""


class Server(ConnectionServer):
    """The connections of one role in one process."""

    def __init__(
        self, session: type[Session], shared: Shared, budget: UploadBudget, tls: TlsContext | None
    ) -> None:
        super().__init__(tls, shared.limits)
        self.protocol = session.name
        self.session = session
        self.shared = shared
        self.budget = budget

    def connect(self, *, secure: bool) -> "SmtpProtocol":
        """Return a connection that is not made yet."""
        return SmtpProtocol(self, secure=secure)


class SmtpProtocol(ClientConnection):
    """One connection: the `Output` of its session, and what feeds it."""

    keep_alive: ClassVar = ((socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),)

    def __init__(self, server: Server, *, secure: bool) -> None:
        super().__init__(server, server.shared.limits)
        self._limits: ServerLimits = server.shared.limits
        self._networks = server.shared.networks
        self._budget = server.budget
        self._has_entered = False
        self._holds = False
        self._greeting: asyncio.TimerHandle | None = None
        self.session: Session = server.session(server.shared, self, secure=secure)

    def data_received(self, data: bytes) -> None:
        """Take what came, and work it off."""
        self._note_active()
        session = self.session
        if self._greeting is not None:
            session.end(responses.EARLY_TALKER)
        if session.closing:
            return
        session.connection.receive(data)
        self._start()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the client."""
        super().connection_lost(exc)
        self._forget_greeting()
        if self._has_entered:
            self._networks.leave(self.session.network)
        if not self._is_working:
            self._count_held()

    @property
    def is_logged_in(self) -> bool:
        """Tell whether the session counts as one that has logged in."""
        return self.session.is_logged_in

    @property
    def principal(self) -> Principal | None:
        """Whoever has logged in, to submit."""
        return self.session.principal

    def flush(self) -> None:
        """Send what is kept."""
        self._flush()

    async def start_tls(self) -> None:
        """Go on in TLS; raises ConnectionError when the handshake fails."""
        await super().start_tls()
        self.session.cipher = self._cipher()

    # Greeting, and the way out.

    def _greet(self) -> None:
        session = self.session
        session.network = plain_address(session.network)
        session.session_id = self.session_id
        session.is_trusted = is_trusted(session.network)
        if session.secure:
            session.cipher = self._cipher()
        if session.is_counted and not session.is_trusted:
            if not self._networks.enter(session.network, monotonic()):
                session.end(responses.TOO_MANY_OF_NETWORK)
                return
            self._has_entered = True
            if self._limits.greeting_delay:
                loop = asyncio.get_running_loop()
                self._greeting = loop.call_later(self._limits.greeting_delay, self._greet_late)
                return
        session.greet()

    def _greet_late(self) -> None:
        self._greeting = None
        self.session.greet()
        self._flush()

    def _forget_greeting(self) -> None:
        if self._greeting is not None:
            self._greeting.cancel()
            self._greeting = None

    def close(self) -> None:
        """Send what is kept and close."""
        self._forget_greeting()
        super().close()

    def _refuse(self) -> None:
        self.session.end(responses.TOO_MANY_CONNECTIONS)

    def _say_stopping(self) -> None:
        self.session.end(responses.STOPPING)

    def _say_ended(self) -> None:
        self.session.end(responses.ENDED)

    def _cipher(self) -> str:
        cipher = self._transport.get_extra_info("cipher") if self._transport else None
        return str(cipher[0]) if cipher else ""

    # Time-outs and uploads.

    def _check_silence(self, now: float) -> None:
        """End what has waited for too long; let uploads go on that had to wait."""
        limits, session = self._limits, self.session
        if self._must_wait():
            return
        self._resume_reading()
        is_late = not session.is_logged_in and now - self._opened > limits.login_timeout
        if is_late or now - self._active > limits.idle_timeout:
            session.end(responses.TIMEOUT)
        elif limits.session_timeout and now - session.taken_at > limits.session_timeout:
            session.end(responses.TOO_SLOW)

    def _must_wait(self) -> bool:
        held = self.session.connection.held
        return held > SMALL_UPLOAD and not self._budget.may_grow(self)

    def _count_held(self) -> None:
        """Note what is kept of a message, and wait where all together keep too much."""
        connection = self.session.connection
        if self._transport is None:
            connection.forget()
        held = connection.held
        if self._holds or held > SMALL_UPLOAD:
            self._holds = held > SMALL_UPLOAD
            self._budget.hold(self, held if self._holds else 0)
            if self._must_wait():
                self._pause_reading()

    async def _work_off(self) -> None:
        await self.session.work()

    def _rest(self) -> None:
        # A message counts until its command has ended, also when the client has gone.
        self._count_held()
        if self._server.stopping or not self._must_wait():
            super()._rest()


def new_server(
    session: type[Session],
    limits: ServerLimits,
    fan_out: FanOut,
    budget: UploadBudget,
    tls: TlsContext | None,
) -> Server:
    """Return a server of one role, as this installation has it."""
    shared = Shared(
        limits,
        Networks(limits),
        fan_out,
        has_tls=tls is not None,
        allow_plaintext=settings.GROUPWARE_ALLOW_PLAINTEXT,
    )
    return Server(session, shared, budget, tls)
