"""POP3 on sockets: what a connection says, and how its octets reach the session."""

import socket
from typing import ClassVar

from django.conf import settings

from groupware.core import aio
from groupware.core.aio import Stopping
from groupware.core.connections import ClientConnection, ConnectionServer
from groupware.core.listeners import Listeners
from groupware.core.principals import Principal
from groupware.core.tls import TlsContext, certificate_files
from mail.pop3 import responses
from mail.pop3.handlers import HANDLERS
from mail.pop3.limits import configured_limits
from mail.pop3.session import Session, Shared


class Server(ConnectionServer):
    """The connections of one process."""

    protocol = "pop3"

    def __init__(self, shared: Shared, tls: TlsContext | None) -> None:
        super().__init__(tls, shared.limits)
        self.shared = shared

    def connect(self, *, secure: bool) -> "Pop3Protocol":
        """Return a connection that is not made yet."""
        return Pop3Protocol(self, secure=secure)

    async def stop(self) -> None:
        """Let commands in flight finish, then end every session; what it marked stays."""
        await super().stop()
        for marks in list(self.shared.marking):
            await marks.settle()


class Pop3Protocol(ClientConnection):
    """One connection: the `Output` of its session, and what feeds it.

    What the session marked stays when it is lost (RFC 1939 §6).
    """

    keep_alive: ClassVar = ((socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),)

    def __init__(self, server: Server, *, secure: bool) -> None:
        super().__init__(server, server.shared.limits)
        self.session: Session = Session(server.shared, self, secure=secure, network="")

    def data_received(self, data: bytes) -> None:
        """Take what came, and work it off."""
        self._note_active()
        self.session.connection.receive(data)
        if not self.session.closing:
            self._start()

    @property
    def is_logged_in(self) -> bool:
        """Tell whether somebody is logged in."""
        return self.session.is_open

    @property
    def principal(self) -> Principal | None:
        """Whoever has logged in."""
        return self.session.opened.principal if self.session.is_open else None

    def _greet(self) -> None:
        self.session.greet(settings.GROUPWARE_DOMAIN)

    def _refuse(self) -> None:
        self.session.end(responses.TOO_MANY_CONNECTIONS)

    def _say_stopping(self) -> None:
        self.session.end(responses.STOPPING)

    def _say_ended(self) -> None:
        self.session.end(responses.ENDED)

    def _check_silence(self, now: float) -> None:
        """End what has waited for too long, without a word (RFC 1939 §3)."""
        if now - self._active > self._limits.idle_timeout or (
            not self.is_logged_in and now - self._opened > self._limits.login_timeout
        ):
            self.session.close()

    async def _work_off(self) -> None:
        await self.session.work()


async def serve(stopping: Stopping, listeners: Listeners) -> None:
    """Serve the ports pop3 and pop3s until the process is asked to stop."""
    tls = TlsContext(*certificate_files())
    limits = configured_limits()
    shared = Shared(HANDLERS, aio.hub(), limits, allow_plaintext=settings.GROUPWARE_ALLOW_PLAINTEXT)
    await Server(shared, tls).serve(stopping, listeners, tls)


def run(listeners: Listeners) -> None:
    """Run the server in this process until SIGTERM or SIGINT."""

    async def main(stopping: Stopping) -> None:
        await serve(stopping, listeners)

    aio.run_server(main)
