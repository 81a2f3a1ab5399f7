"""What the server in front hands over by LMTP: delivered while it waits, or taken and fanned out."""

from collections.abc import Sequence

from django.conf import settings

from groupware.core import db
from groupware.core.clock import now
from mail import routing
from mail.flow import trace
from mail.flow.clients import Client
from mail.flow.envelopes import Envelope
from mail.services import lists, reception, targets
from mail.services.content import prepare_message
from mail.services.delivery import Recipient, resolve_recipient
from mail.services.inbound import NewInbound, note_delivery
from mail.services.reception import Prepared


def find_direct(address: str, mail_from: str) -> Recipient | None:
    """Return an address that leads to accounts alone, None for a list and what leads outside.

    Hot, as RCPT is. Raises `NotFound`, `NotAllowed` and `OverQuota`.
    """
    with routing.asked_once():
        route = routing.find_address(address)
        if route is not None and lists.find_list(route) is None:
            recipient = resolve_recipient(address)
            if not recipient.outside:
                return recipient
        targets.check_local(address, mail_from)
    return None


def hand_over(data: bytes, envelope: Envelope, client: Client) -> Prepared:
    """Store a message for lists and for what leads outside; `reception.commit` writes its row.

    The server in front has looked at it: what it hands over is trusted as far as it has a sender.
    """
    hop = trace.Hop(
        client.helo,
        client.peer,
        settings.GROUPWARE_DOMAIN,
        client.protocol,
        client.session_id,
        client.tls,
    )
    new = NewInbound(
        prepare_message(data),
        envelope,
        trace.received(hop, now()),
        is_trusted=bool(envelope.mail_from),
        peer=client.peer,
        reference=client.session_id,
    )
    return Prepared(new)


def commit(prepared: Prepared, delivered: Sequence[int]) -> int:
    """Write the row of what was handed over, and that these accounts have the message already.

    Durable after the commit; raises `BlobGone` where `hand_over` must be done again.
    """
    with db.write_transaction():
        inbound_id = reception.commit(prepared)
        for account_id in delivered:
            note_delivery(inbound_id, account_id)
    return inbound_id
