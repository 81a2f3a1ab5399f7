"""What leaves: the items of the queue that come of a message, sealed as they go out.

Invariant: an address elsewhere that several recipients lead to is in one item alone.
"""

import re
from collections.abc import Iterable
from dataclasses import replace

from groupware.core import blobs
from mail.authentication import read_results
from mail.flow.envelopes import NEVER, SUCCESS, Envelope, EnvelopeRecipient
from mail.services import signing
from mail.services.inbound import Taken
from mail.services.plans import Part, Plan
from mail.services.queue import NewQueued
from mail.services.targets import Target

_BEYOND_XTEXT = re.compile(r"[^!-*,-<>-~]")


def list_leaving(plan: Plan) -> list[NewQueued]:
    """Return what goes to other servers, each address once; in no transaction.

    One item for all that were named by their address there, one for each of ours that leads there.
    """
    parts = [part for part in plan.parts if part.target.outside and not part.waiting.is_relayed]
    taken, seen = plan.taken, set[str]()
    direct = [part for part in parts if not part.target.is_local]
    queued = []
    recipients = _each_once([part.waiting.recipient for part in direct], seen)
    if recipients:
        envelope = replace(taken.envelope, recipients=recipients)
        queued.append(_new_queued(taken, "", taken.prefix, envelope))
    for part in parts:
        if part.target.is_local and (recipients := _each_once(_forwarded(part), seen)):
            target = part.target
            envelope = replace(taken.envelope, mail_from=target.sender, recipients=recipients)
            if target.is_list:
                envelope = replace(envelope, ret="", envid="")
            prefix = _seal(taken, target) + target.prefix + taken.prefix
            queued.append(_new_queued(taken, target.address, prefix, envelope))
    return queued


def _seal(taken: Taken, target: Target) -> bytes:
    """Return the ARC set of what is passed on, over all that is put before it (RFC 8617 §5.1).

    It tells what was seen when it came from outside; of what was written here nothing was to be
    seen, and what passes it on has signed it.
    """
    found = read_results(taken.prefix)
    if found is None or not target.sends_on or not signing.can_sign(target.sends_on):
        return b""
    try:
        data = taken.read()
    except blobs.UNREADABLE:  # the queue says so of the message
        return b""
    return signing.seal(target.prefix + data, found, target.sends_on)


def _new_queued(taken: Taken, source: str, prefix: bytes, envelope: Envelope) -> NewQueued:
    if not taken.prepared.has_header:
        prefix += b"\r\n"
    # An address here may lead to one elsewhere that wants SMTPUTF8, which its own does not.
    named = [envelope.mail_from, *(recipient.address for recipient in envelope.recipients)]
    if not (envelope.is_utf8 or all(map(str.isascii, named))):
        envelope = replace(envelope, is_utf8=True)
    return NewQueued(
        taken.inbound_id,
        source,
        taken.account_id,
        taken.blob_id,
        prefix,
        envelope,
        len(prefix) + taken.prepared.staged.size,
    )


def _each_once(
    recipients: Iterable[EnvelopeRecipient], seen: set[str]
) -> tuple[EnvelopeRecipient, ...]:
    kept = []
    for recipient in recipients:
        local_part, _, domain = recipient.address.rpartition("@")
        key = f"{local_part}@{domain.lower()}"
        if key not in seen:
            seen.add(key)
            kept.append(recipient)
    return tuple(kept)


def _forwarded(part: Part) -> list[EnvelopeRecipient]:
    """Return the recipients outside that one of ours leads to (RFC 3461 §5.2.7).

    Success of an address that leads to several is told here, as far as it is known here.
    """
    asked, target = part.waiting.recipient, part.target
    if target.is_list:
        return [EnvelopeRecipient(address) for address in target.outside]
    notify = asked.notify
    if target.is_many and SUCCESS in notify:
        notify = ",".join(word for word in notify.split(",") if word != SUCCESS) or NEVER
    orcpt = asked.orcpt
    if not orcpt and asked.address.isascii():
        escaped = _BEYOND_XTEXT.sub(lambda found: f"+{ord(found[0]):02X}", asked.address)
        orcpt = f"rfc822;{escaped}"
    return [EnvelopeRecipient(address, notify, orcpt) for address in target.outside]
