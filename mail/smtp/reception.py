"""Reception: any mail server brings mail for those who are here, and for nobody else."""

from collections.abc import Mapping
from typing import ClassVar

from groupware.core import aio
from groupware.core.clock import monotonic
from groupware.core.errors import NotAllowed, NotFound
from mail.flow.clients import Client
from mail.flow.envelopes import Envelope
from mail.services import reception
from mail.smtp import responses
from mail.smtp.bodies import has_bare_line_end
from mail.smtp.commands import SMTP, Hello, State
from mail.smtp.handlers import WITH_TLS, hello
from mail.smtp.responses import Reply
from mail.smtp.session import Handler, Output, Refused, Shared, Transaction
from mail.smtp.taking import TakingSession


async def greet_stranger(session: "ReceptionSession", request: Hello) -> None:
    """EHLO and HELO: what comes with the first one was sent by one who cannot wait (RFC 2920 §3.1)."""
    is_first = session.connection.state is State.START
    if is_first and session.connection.buffered and not session.is_trusted:
        session.end(responses.EARLY_TALKER)
    else:
        await hello(session, request)


class ReceptionSession(TakingSession):
    """A session with a mail server that nobody knows."""

    name = "smtp"
    commands = SMTP
    handlers: ClassVar[Mapping[str, Handler]] = {
        **WITH_TLS,
        "EHLO": greet_stranger,
        "HELO": greet_stranger,
    }
    is_counted = True

    def __init__(self, shared: Shared, output: Output, *, secure: bool) -> None:
        super().__init__(shared, output, secure=secure)
        self._bad_recipients = 0

    async def check_sender(self, transaction: Transaction) -> None:
        """Refuse senders by the service, and networks that send too much."""
        networks = self.shared.networks
        if not (self.is_trusted or networks.may_send(self.network, monotonic())):
            raise Refused(responses.TOO_MANY_MESSAGES)
        reception.check_sender(transaction.mail_from)

    async def check_recipient(self, address: str, transaction: Transaction) -> None:
        """Let pass whom the service has; who asks for too many others is sent away."""
        try:
            await aio.glance(reception.check_recipient, address, transaction.mail_from)
        except (NotFound, NotAllowed):
            self._bad_recipients += 1
            if self._bad_recipients > self.shared.limits.bad_recipients:
                raise Refused(responses.TOO_MANY_UNKNOWN) from None
            raise

    def flaw_of(self, data: bytes) -> Reply | None:
        """Return why a message is refused before anybody reads it (docs/adr/0047)."""
        if has_bare_line_end(data):
            return responses.BARE_LINE_END
        return super().flaw_of(data)

    async def store(self, data: bytes, transaction: Transaction) -> int:
        """Let the service look at the message, and write the row, in one crossing."""
        return await aio.call_outside(_take, data, transaction.envelope(), self.client(transaction))


def _take(data: bytes, envelope: Envelope, client: Client) -> int:
    prepared = reception.receive(data, envelope, client)
    return aio.write_from_thread(reception.commit, prepared)
