"""Telling senders what became of their messages, in messages of this server's own (RFC 3461, 3464)."""

import secrets
from collections.abc import Sequence

from django.conf import settings

from groupware.core.clock import epoch
from mail.flow.dsn import By, Original, Outcome, build_dsn, is_wanted
from mail.flow.envelopes import NEVER, Envelope, EnvelopeRecipient
from mail.routing import is_local_domain
from mail.services import signing, trace
from mail.services.content import prepare_message
from mail.services.inbound import NewInbound

REPORT = "a report of this server"
"""What the trace says of one."""


def report(original: Original, outcomes: Sequence[Outcome]) -> NewInbound | None:
    """Prepare a notification of those outcomes that the sender wants to know; in no transaction.

    `inbound.accept` it in the transaction that settles the recipients: then it is told once.
    None where there is nothing to tell: of a null sender nobody knows, and a notification is
    never answered by another. Raises `DiskReserve`.
    """
    told = [outcome for outcome in outcomes if is_wanted(outcome)]
    if not original.mail_from or not told:
        return None
    by = _by(told[0].recipient.address)
    data = build_dsn(original, told, by)
    signature = signing.sign(data, by.postmaster.rpartition("@")[2])
    recipient = EnvelopeRecipient(original.reader, NEVER)
    envelope = Envelope(
        "",
        (recipient,),
        is_8bit=not data.isascii(),
        is_utf8=not original.reader.isascii(),
    )
    about = f"{REPORT} on {trace.name_in(original.header) or 'a message without Message-ID'}"
    return NewInbound(prepare_message(data), envelope, signature, is_trusted=True, about=about)


def _by(address: str) -> By:
    """Return who tells it: the postmaster of the recipient's domain where that is ours."""
    domain = address.rpartition("@")[2]
    own = domain if is_local_domain(domain) else settings.GROUPWARE_DOMAIN
    return By(settings.GROUPWARE_DOMAIN, f"postmaster@{own}", epoch(), secrets.token_hex(12))
