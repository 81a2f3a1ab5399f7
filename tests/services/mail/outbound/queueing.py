"""What tests put into the queue, and how they look at it."""

import itertools
from typing import Any

from groupware.core import blobs, db
from groupware.core.clock import epoch
from groupware.core.models import Account
from mail.flow.envelopes import Envelope, EnvelopeRecipient
from mail.models import Inbound, QueuedMessage, QueuedRecipient
from mail.outbound.dispatch import Dispatcher
from mail.services.content import claim_content, prepare_message
from mail.services.queue import NewQueued, enqueue
from tests.services.store import message

PREFIX = b"Received: by example.test\r\n"
SECONDS = 20.0

_numbers = itertools.count(1)


def to(*addresses: str, **fields: Any) -> tuple[EnvelopeRecipient, ...]:
    """Return recipients of an envelope."""
    return tuple(EnvelopeRecipient(address, **fields) for address in addresses)


def queued(
    account: Account | None,
    *recipients: EnvelopeRecipient,
    data: bytes | None = None,
    mail_from: str = "ann@example.test",
    **fields: Any,
) -> QueuedMessage:
    """Put a message into the queue."""
    prepared = prepare_message(message() if data is None else data)
    envelope = Envelope(mail_from, recipients, **fields)
    with db.write_transaction():
        blob_id = claim_content(prepared)
        key = enqueue(
            NewQueued(
                next(_numbers), "x@y", account.pk if account else None, blob_id, PREFIX, envelope
            )
        )
    return QueuedMessage.objects.get(pk=key)


def send(dispatcher: Dispatcher) -> None:
    """Send what is due now, and wait for it."""
    for _ in range(20):
        if not dispatcher.fill():
            break
        assert dispatcher.wait_idle(SECONDS)


def make_due() -> None:
    """Let the time come at which everything is tried again; a server is left alone no more."""
    QueuedRecipient.objects.update(next_attempt_at=epoch() - 1, leased_until=0)


def waiting() -> list[tuple[str, int, str]]:
    """Return (address, attempts, status) of what is left."""
    rows = QueuedRecipient.objects.order_by("id")
    return list(rows.values_list("address", "attempts", "status"))


def notices() -> list[tuple[str, bytes]]:
    """Return (for whom, the bytes) of what the server has written itself."""
    return [
        (recipient.address, bytes(row.prefix) + blobs.read(row.blob_id))
        for row in Inbound.objects.order_by("id")
        for recipient in row.recipients.all()
    ]
