"""Taking messages as an edge does, and looking at what became of them."""

import email
from email.message import Message as Parsed
from typing import Any

from groupware.core import blobs, db
from groupware.core.models import Account
from mail.flow.envelopes import Envelope, EnvelopeRecipient
from mail.models import Inbound, InboundDelivery, InboundRecipient
from mail.services.content import prepare_message
from mail.services.fanout import fan_out, work_off
from mail.services.inbound import NewInbound, accept
from tests.services.store import message, rows_of

RECEIVED = b"Received: from mx.outside.test ([192.0.2.1])\r\n\tby example.test; now\r\n"
SENDER = "boss@outside.test"


def take(
    *addresses: str | EnvelopeRecipient,
    mail_from: str = SENDER,
    data: bytes | None = None,
    ret: str = "",
    **fields: Any,
) -> int:
    """Answer for a message, and return its id; nobody has it yet."""
    recipients = tuple(
        EnvelopeRecipient(held) if isinstance(held, str) else held for held in addresses
    )
    prepared = prepare_message(message() if data is None else data)
    envelope = Envelope(mail_from, recipients, ret)
    with db.write_transaction():
        return accept(NewInbound(prepared, envelope, RECEIVED, **fields))


def deliver(*addresses: str | EnvelopeRecipient, **fields: Any) -> int:
    """Take a message and fan it out."""
    inbound_id = take(*addresses, **fields)
    fan_out(inbound_id)
    return inbound_id


def stored(account: Account, name: str = "INBOX") -> list[bytes]:
    """Return the messages of a mailbox as a client reads them."""
    rows = rows_of(account, name, "prefix", "blob_location")
    return [bytes(prefix or b"") + blobs.read_location(location) for prefix, location in rows]


def parsed(account: Account, name: str = "INBOX") -> list[Parsed]:
    return [email.message_from_bytes(data) for data in stored(account, name)]


def left() -> tuple[int, int, int]:
    """Return how many rows of messages, recipients and deliveries there are."""
    models = (Inbound, InboundRecipient, InboundDelivery)
    counted = [model.objects.count() for model in models]
    return counted[0], counted[1], counted[2]


def make_due(inbound_id: int) -> None:
    """Let the sweep find a message."""
    Inbound.objects.filter(pk=inbound_id).update(next_attempt_at=0)


def sweep(inbound_id: int) -> int:
    """Let the sweep find a message, and run it."""
    make_due(inbound_id)
    return work_off()
