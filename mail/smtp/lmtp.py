"""LMTP: the mail server in front hands over, and is told of each recipient (RFC 2033)."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import ClassVar

import structlog
from django.conf import settings

from groupware.core import aio, db
from groupware.core.errors import GroupwareError
from mail.services import handing
from mail.services.content import is_quick
from mail.services.delivery import Delivery, Recipient, Trace
from mail.smtp.commands import LMTP
from mail.smtp.errors import reply_of
from mail.smtp.handlers import COMMON, hello
from mail.smtp.responses import Reply
from mail.smtp.session import ATTEMPTS, Handler, Output, Shared, Transaction
from mail.smtp.taking import TakingSession, describe

_log = structlog.get_logger("groupware.lmtp")


class LmtpSession(TakingSession):
    """A session with the mail server in front.

    It has answered for its messages already, so nothing is refused that can be stored: bare CR and
    LF stay as they are. Accounts have their messages when the replies go out; what is for lists and
    leads outside is taken as reception does.
    """

    name = "lmtp"
    commands = LMTP
    protocol = "LMTP"
    handlers: ClassVar[Mapping[str, Handler]] = {**COMMON, "LHLO": hello}

    def __init__(self, shared: Shared, output: Output, *, secure: bool) -> None:
        super().__init__(shared, output, secure=secure)
        self._found: list[Recipient | None] = []
        self._delivered: list[int] = []

    def keywords(self) -> list[str]:
        """Return what LHLO offers."""
        return [
            "PIPELINING",
            f"SIZE {self.shared.limits.octets.message}",
            "8BITMIME",
            "SMTPUTF8",
            "CHUNKING",
            "ENHANCEDSTATUSCODES",
        ]

    def protocol_word(self, transaction: Transaction) -> str:
        """Return how a message comes (RFC 3848, RFC 6531 §4.3)."""
        return "UTF8LMTP" if transaction.mail.is_utf8 else "LMTP"

    async def check_sender(self, _transaction: Transaction) -> None:
        """Take any: the server in front knows them."""
        self._found = []

    async def check_recipient(self, address: str, transaction: Transaction) -> None:
        """Find whom the address leads to."""
        found = await aio.glance(handing.find_direct, address, transaction.mail_from)
        self._found.append(found)

    def refusals(self, refusal: Reply) -> list[Reply]:
        """Return the reply once for each recipient (RFC 2033 §4.2)."""
        recipients = self.transaction.recipients if self.transaction else ()
        return [refusal] * len(recipients)

    async def take(self, data: bytes, transaction: Transaction) -> list[Reply]:
        """Deliver, and answer once for each recipient (RFC 2033 §4.2), after the commits."""
        direct = [found for found in self._found if found is not None]
        delivery = Delivery(data, direct, self._trace(transaction))
        outcomes = iter(await _deliver(delivery, data) if direct else ())
        outcome_of = [None if found is None else next(outcomes) for found in self._found]
        left = [found is None or delivery.is_partial(found) for found in self._found]
        taken = self.done(0)
        if any(left):
            self._delivered = delivery.delivered()
            others = [
                held for held, is_left in zip(transaction.recipients, left, strict=True) if is_left
            ]
            taken = await self._take_others(data, replace(transaction, recipients=others))
        replies = [
            taken if is_left else self._reply(outcome)
            for is_left, outcome in zip(left, outcome_of, strict=True)
        ]
        refused = sum(1 for held in replies if held.code != 250)
        inbound_id = self._inbound_id or 0
        told = describe(transaction)
        _log.info("message", **told, size=len(data), refused=refused, inbound=inbound_id)
        return replies

    def _reply(self, outcome: GroupwareError | None) -> Reply:
        return self.done(0) if outcome is None else reply_of(outcome)

    async def store(self, data: bytes, transaction: Transaction) -> int:
        """Take a message for lists, for what leads outside, and for who could not have it now."""
        said = transaction.envelope(), self.client(transaction)
        prepared = await aio.call(handing.hand_over, data, *said)
        return await aio.write(handing.commit, prepared, self._delivered)

    async def _take_others(self, data: bytes, transaction: Transaction) -> Reply:
        try:
            return self.done(await self.take_one(data, transaction))
        except GroupwareError as error:
            return reply_of(error)

    def _trace(self, transaction: Transaction) -> Trace:
        return Trace(
            mail_from=transaction.mail_from,
            helo=self.helo,
            peer=self.network,
            by=settings.GROUPWARE_DOMAIN,
            protocol=self.protocol_word(transaction),
            session_id=self.session_id,
        )


async def _deliver(delivery: Delivery, data: bytes) -> list[GroupwareError | None]:
    """Deliver to accounts; return one outcome for each recipient that leads to them alone."""
    for _ in range(ATTEMPTS):
        try:
            await _prepare(delivery, data)
        except GroupwareError as error:
            return delivery.fail(error)
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
