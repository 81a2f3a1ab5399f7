"""One LMTP session: what each event leads to, and what is answered (RFC 2033).

Knows the services and the state of the transaction; the socket is the server's.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field

import structlog
from django.conf import settings

from groupware.core import aio, db, limits
from groupware.core.errors import GroupwareError
from mail.services.content import is_quick
from mail.services.delivery import (
    PREPARE_ATTEMPTS,
    Delivery,
    Recipient,
    Trace,
    resolve_recipient,
)
from mail.smtp import responses
from mail.smtp.commands import LMTP, Hello, MailFrom, RcptTo, Request, Simple, State
from mail.smtp.connection import (
    CommandReceived,
    CommandRefused,
    Connection,
    Event,
    Limits,
    MessageReceived,
    MessageRefused,
)
from mail.smtp.errors import reply_of
from mail.smtp.responses import Reply, reply

_log = structlog.get_logger("groupware.lmtp")


@dataclass(slots=True)
class Transaction:
    """What MAIL and RCPT have said so far."""

    mail_from: str
    recipients: list[Recipient] = field(default_factory=list)


class Session:
    """The state machine of one connection; `handle` answers one event."""

    def __init__(self, *, peer: str, session_id: str) -> None:
        self.max_message = limits.MESSAGE_SIZE.value
        self.connection = Connection(
            LMTP, Limits(message_line=limits.LMTP_LINE.value, message=self.max_message)
        )
        self.closing = False
        self._peer = peer
        self._session_id = session_id
        self._helo = ""
        self._transaction: Transaction | None = None
        self._errors = 0
        self._simple: dict[str, Callable[[], Reply]] = {
            "DATA": self._data,
            "RSET": self._reset,
            "NOOP": lambda: responses.OK,
            "QUIT": self._quit,
            "HELP": lambda: responses.HELP,
            "VRFY": lambda: responses.CANNOT_VERIFY,
        }

    def greeting(self) -> Reply:
        """Return the first line of the session."""
        return reply(220, "", f"{settings.GROUPWARE_DOMAIN} LMTP ready")

    async def handle(self, event: Event) -> list[Reply]:
        """Return the replies to one event; an outcome of ours never raises."""
        match event:
            case CommandReceived(request=request):
                return [await self._command(request)]
            case CommandRefused(reply=refusal):
                return [self._refuse(refusal)]
            case MessageReceived(data=data):
                return await self._deliver(data)
            case MessageRefused(reply=refusal):
                return self._end_transaction([refusal] * self._accepted())

    async def _command(self, request: Request) -> Reply:
        match request:
            case Hello():
                return self._hello(request)
            case MailFrom():
                return self._mail(request)
            case RcptTo():
                return await self._guarded(self._rcpt(request))
            case Simple():
                return self._simple[request.verb]()

    def _accepted(self) -> int:
        return len(self._transaction.recipients) if self._transaction else 0

    def _end_transaction(self, replies: list[Reply]) -> list[Reply]:
        self._transaction = None
        self.connection.state = State.READY
        return replies

    async def _guarded(self, awaitable: Awaitable[Reply]) -> Reply:
        """Answer for what a service raised; our own bug is logged and told as one."""
        try:
            return await awaitable
        except GroupwareError as error:
            _log.info("refused", reason=type(error).__name__, detail=error.detail)
            return reply_of(error)
        except Exception:  # noqa: BLE001 (logged with its traceback; the peer tries again)
            _log.exception("lmtp command failed")
            return responses.BUG

    def _refuse(self, refusal: Reply) -> Reply:
        self._errors += 1
        if self._errors <= limits.LMTP_ERRORS.value:
            return refusal
        self.closing = True
        return responses.TOO_MANY_ERRORS

    def _hello(self, hello: Hello) -> Reply:
        self._helo = hello.name
        self._end_transaction([])
        return reply(
            250,
            "",
            settings.GROUPWARE_DOMAIN,
            "PIPELINING",
            f"SIZE {self.max_message}",
            "8BITMIME",
            "ENHANCEDSTATUSCODES",
        )

    def _mail(self, mail: MailFrom) -> Reply:
        if mail.size > self.max_message:
            return responses.TOO_LARGE
        self._transaction = Transaction(str(mail.path))
        self.connection.state = State.MAIL
        return responses.SENDER_OK

    async def _rcpt(self, rcpt: RcptTo) -> Reply:
        if self._accepted() >= limits.LMTP_RECIPIENTS.value:
            return responses.TOO_MANY_RECIPIENTS
        address = str(rcpt.path) if rcpt.path.domain else f"postmaster@{settings.GROUPWARE_DOMAIN}"
        recipient = await aio.read(resolve_recipient, address)
        if recipient.outside:
            return reply(451, "4.3.5", "The address leads outside, where nothing is sent yet")
        if self._transaction is not None:
            self._transaction.recipients.append(recipient)
        self.connection.state = State.RCPT
        return responses.RECIPIENT_OK

    def _data(self) -> Reply:
        self.connection.begin_data()
        return responses.START_DATA

    def _reset(self) -> Reply:
        if self.connection.state is not State.START:
            self._end_transaction([])
        return responses.OK

    def _quit(self) -> Reply:
        self.closing = True
        return responses.BYE

    async def _deliver(self, data: bytes) -> list[Reply]:
        """Deliver, and answer once for each recipient (RFC 2033 §4.2), after the commits."""
        transaction = self._transaction
        if transaction is None:
            return self._end_transaction([responses.BAD_SEQUENCE])
        try:
            outcomes = await self._outcomes(data, transaction)
        except Exception:  # noqa: BLE001 (logged with its traceback; the peer tries again)
            _log.exception("delivery failed", size=len(data))
            return self._end_transaction([responses.BUG] * len(transaction.recipients))
        delivered = sum(1 for outcome in outcomes if outcome is None)
        _log.info("message", size=len(data), recipients=len(outcomes), delivered=delivered)
        return self._end_transaction(
            [
                reply(250, "2.0.0", f"Delivered, {self._session_id}")
                if outcome is None
                else reply_of(outcome)
                for outcome in outcomes
            ]
        )

    async def _outcomes(self, data: bytes, transaction: Transaction) -> list[GroupwareError | None]:
        trace = Trace(
            mail_from=transaction.mail_from,
            helo=self._helo,
            peer=self._peer,
            by=settings.GROUPWARE_DOMAIN,
            protocol="LMTP",
            session_id=self._session_id,
        )
        delivery = Delivery(data, transaction.recipients, trace)
        for _ in range(PREPARE_ATTEMPTS):
            try:
                await _prepare(delivery, data)
            except GroupwareError as error:
                return [error] * len(transaction.recipients)
            jobs = delivery.jobs()
            results = await asyncio.gather(
                *(aio.write(job) for job in jobs.values()), return_exceptions=True
            )
            for account_id, result in zip(jobs, results, strict=True):
                if isinstance(result, BaseException) and not isinstance(result, GroupwareError):
                    raise result
                delivery.settle(account_id, result)
            if not delivery.jobs():
                break
        return delivery.outcomes()


async def _prepare(delivery: Delivery, data: bytes) -> None:
    if is_quick(data):
        with suppress(db.NotNow):
            await aio.glance(delivery.prepare, may_wait=False)
            return
    await aio.call(delivery.prepare)
