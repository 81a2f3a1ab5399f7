"""The outbound queue as others see it: what is to be sent is put in here."""

from dataclasses import dataclass

from groupware.core.addresses import BadAddress, parse_domain
from groupware.core.clock import epoch
from mail.envelopes import Envelope, EnvelopeRecipient
from mail.models import QueuedMessage, QueuedRecipient

LIFETIME = 5 * 86_400
"""Seconds after which nothing is tried any more (RFC 5321 §4.5.4.1: at least four days)."""


@dataclass(frozen=True, slots=True)
class NewQueued:
    """A message for other servers: of `Inbound` row `inbound_id`, for where `source` led.

    `prefix` is all that goes before the bytes of the blob.
    """

    inbound_id: int
    source: str
    account_id: int | None
    blob_id: int
    prefix: bytes
    envelope: Envelope


def enqueue(new: NewQueued) -> int:
    """Put a message into the queue, in the caller's transaction; return its id.

    What is there already stays as it is: the same inbound message and source are one.
    """
    envelope, now = new.envelope, epoch()
    message, is_new = QueuedMessage.objects.get_or_create(
        inbound=new.inbound_id,
        source=new.source,
        defaults={
            "account_id": new.account_id,
            "blob_id": new.blob_id,
            "prefix": new.prefix,
            "mail_from": envelope.mail_from,
            "ret": envelope.ret,
            "envid": envelope.envid,
            "is_8bit": envelope.is_8bit,
            "is_utf8": envelope.is_utf8,
            "created_at": now,
            "expires_at": now + LIFETIME,
        },
    )
    if is_new:
        QueuedRecipient.objects.bulk_create(
            _row(message, recipient, now) for recipient in envelope.recipients
        )
    return message.pk


def _row(message: QueuedMessage, recipient: EnvelopeRecipient, now: int) -> QueuedRecipient:
    return QueuedRecipient(
        message=message,
        address=recipient.address,
        destination=destination_of(recipient.address),
        notify=recipient.notify,
        orcpt=recipient.orcpt,
        next_attempt_at=now,
    )


def destination_of(address: str) -> str:
    """Return the domain to look up: A-labels in lower case, or an address literal."""
    domain = address.rpartition("@")[2].lower()
    if domain.startswith("["):
        return domain[:255]
    try:
        return parse_domain(domain)
    except BadAddress:
        return domain[:255]  # of which the DNS knows nothing: its sender is told so
