"""What reception and submission have in common: a message becomes a durable row, then is on its way."""

from abc import abstractmethod
from contextlib import suppress
from functools import cache
from typing import Any

import structlog

from groupware.core.blobs import BlobGone
from mail.flow.clients import Client
from mail.smtp.responses import Reply, reply
from mail.smtp.session import ATTEMPTS, Output, Session, Shared, Transaction

MAX_LOGGED = 10
"""Recipients of one message that its line in the log names."""


@cache
def _log_of(name: str) -> Any:
    """Return the log of a port: to make one takes longer than to write a line of it."""
    return structlog.get_logger(f"groupware.{name}")


def describe(transaction: Transaction) -> dict[str, Any]:
    """Return what a line of the log says of a transaction."""
    return {
        "sender": transaction.mail_from,
        "to": [held.address for held in transaction.recipients[:MAX_LOGGED]],
        "recipients": len(transaction.recipients),
    }


class TakingSession(Session):
    """A session whose messages are answered for with one 250, whoever they are for."""

    protocol = "ESMTP"

    def __init__(self, shared: Shared, output: Output, *, secure: bool) -> None:
        super().__init__(shared, output, secure=secure)
        self._inbound_id: int | None = None

    @abstractmethod
    async def store(self, data: bytes, transaction: Transaction) -> int:
        """Return the id of the inbound row, which is durable; 0 where all is delivered already.

        Raises a `GroupwareError`, `BlobGone` where it must be done again.
        """

    def keywords(self) -> list[str]:
        """Return what EHLO offers."""
        return [
            "PIPELINING",
            f"SIZE {self.shared.limits.octets.message}",
            "8BITMIME",
            "SMTPUTF8",
            "CHUNKING",
            "DSN",
            "ENHANCEDSTATUSCODES",
            *(["STARTTLS"] if self.shared.has_tls and not self.secure else []),
        ]

    async def take(self, data: bytes, transaction: Transaction) -> list[Reply]:
        """Take the message for all its recipients."""
        inbound_id = await self.take_one(data, transaction)
        described = describe(transaction)
        _log_of(self.name).info("message", **described, size=len(data), inbound=inbound_id)
        return [self.done(inbound_id)]

    def done(self, inbound_id: int) -> Reply:
        """Return the reply to a message that is durable.

        What it names stands in the log: the row as `inbound` of all that becomes of it, the
        session in each line of it and in Received.
        """
        what = f"queued as {inbound_id}" if inbound_id else "delivered"
        return reply(250, "2.0.0", f"Ok: {what}, session {self.session_id}")

    async def take_one(self, data: bytes, transaction: Transaction) -> int:
        """Store a message that is delivered after the reply, and return the id of its row."""
        await self.shared.fan_out.wait_for_room()
        self._inbound_id = inbound_id = await self._store(data, transaction)
        return inbound_id

    async def _store(self, data: bytes, transaction: Transaction) -> int:
        for _ in range(ATTEMPTS - 1):
            with suppress(BlobGone):
                return await self.store(data, transaction)
        return await self.store(data, transaction)

    def note_sent(self) -> None:
        """Begin to deliver what was taken."""
        inbound_id, self._inbound_id = self._inbound_id, None
        if inbound_id:
            self.shared.fan_out.add(inbound_id)

    def client(self, transaction: Transaction) -> Client:
        """Return what the services are told of this session."""
        return Client(
            peer=self.network,
            helo=self.helo,
            session_id=self.session_id,
            protocol=self.protocol_word(transaction),
            tls=self.cipher,
        )
