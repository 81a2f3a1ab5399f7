"""Taking mail from other servers: who may send what to whom, and what is found out of it.

The edge asks in the order of SMTP: `check_sender`, `check_recipient`, `receive` for the bytes,
`commit` for the row, and after the reply `begin_fan_out`. What can be refused is refused here: of
what was taken, bounces would go to senders that may be forged.
"""

import re
from dataclasses import dataclass, replace

from django.conf import settings

from groupware.core import blobs, db
from groupware.core.clock import now
from groupware.core.errors import OverQuota
from groupware.core.networks import is_inner, is_trusted, parse_address, plain_address
from mail import routing
from mail.authentication import Verdict, authenticate_message, remove_forged
from mail.flow import trace
from mail.flow.clients import Client
from mail.flow.envelopes import Envelope
from mail.flow.hops import list_clients
from mail.refusals import Refused
from mail.services import fanout, spam, targets
from mail.services.content import prepare_message
from mail.services.direct import Direct, file_directly, find_direct
from mail.services.inbound import NewInbound, accept

HEADER = 64 * 1024
"""Octets at the beginning of a message in which a loop is looked for."""

_DOMAIN = re.compile(r"(?=.{1,253}\Z)[^\s.@]{1,63}(?:\.[^\s.@]{1,63})*\Z|\[[^\[\]\s]+\]\Z")


@dataclass(frozen=True, slots=True)
class Prepared:
    """A message that was looked at and whose bytes can be claimed."""

    new: NewInbound
    direct: Direct | None = None
    """Where it is filed at once, None where it becomes a row that is fanned out."""


def check_sender(mail_from: str) -> None:
    """Refuse a sender to whom no bounce could ever go; raises `Refused`. Asks nobody."""
    if mail_from and not _DOMAIN.match(mail_from.rpartition("@")[2]):
        raise Refused("The domain of the sender is not one.", code=553, status="5.1.7")


def check_recipient(address: str, mail_from: str) -> None:
    """Refuse a recipient for whom this server takes nothing, or not now.

    Raises `NotFound`, `OverQuota`, `DiskReserve`, and `NotAllowed` for an address elsewhere,
    since this is no relay, or where a list takes nothing from this sender.
    """
    with routing.asked_once():
        targets.check_local(address, mail_from)
    blobs.check_reserve()


def receive(data: bytes, envelope: Envelope, client: Client) -> Prepared:
    """Look at a message and store its bytes; in no transaction, since it asks the DNS and rspamd.

    Raises `Refused`, `NotAllowed`, `OverQuota`, `TooLarge`, `DiskReserve`.
    """
    with routing.asked_once():
        return _receive(data, envelope, client)


def _receive(data: bytes, envelope: Envelope, client: Client) -> Prepared:
    with db.read_snapshot():
        stays = _check_recipients(data, envelope)
    own, is_relay = settings.GROUPWARE_DOMAIN, _is_relay(client.peer)
    data = spam.remove_foreign(remove_forged(data, own))
    origin = _find_origin(data, client) if is_relay else client
    verdict = authenticate_message(
        data,
        peer=origin.peer,
        helo=origin.helo,
        mail_from=envelope.mail_from,
        authserv_id=own,
    )
    is_disowned = not is_relay and _is_disowned(verdict)
    filtered = _filter(data, envelope, origin, is_relay=is_relay)
    is_junk = is_disowned or filtered.is_junk
    if is_junk and not stays and not is_relay:
        raise Refused(
            "The message is taken for junk, which is not forwarded.", code=550, status="5.7.1"
        )
    found_out = verdict.header + filtered.header + _received(envelope, client)
    new = NewInbound(
        prepare_message(data),
        envelope,
        found_out,
        # Of the null sender nothing is known; what has it and is trusted, this server has written.
        is_trusted=bool(envelope.mail_from) and (is_relay or verdict.dmarc == "pass"),
        is_junk=is_junk,
        peer=client.peer,
        reference=client.session_id,
    )
    with db.read_snapshot():
        return Prepared(new, find_direct(new, data[:HEADER]))


def _filter(data: bytes, envelope: Envelope, client: Client, *, is_relay: bool) -> spam.SpamVerdict:
    """Ask what the spam filter says, where there is one; raises `Refused`.

    What a relay of our own hands over is for Junk at most: it would have to bounce it.
    """
    recipients = tuple(held.address for held in envelope.recipients)
    found = spam.check(
        data,
        spam.Origin(
            client.peer,
            client.helo,
            envelope.mail_from,
            recipients,
            queue_id=client.session_id,
        ),
    )
    if found.reject and not is_relay and settings.GROUPWARE_SPAM == "refuse":
        raise Refused("The message is taken for spam.", code=550, status="5.7.1")
    if found.defer and not is_relay:
        raise Refused("The message is not taken yet: try again later.", code=451, status="4.7.1")
    return found


def commit(prepared: Prepared) -> int:
    """Write the message that is answered for, and return its id; durable after the commit.

    The id is 0 where it is in its mailbox already and nothing is left to do. Raises `BlobGone`
    where `receive` must be done again.
    """
    if prepared.direct is not None and file_directly(prepared.direct, prepared.new):
        return 0
    with db.write_transaction():
        return accept(prepared.new)


begin_fan_out = fanout.begin


def _check_recipients(data: bytes, envelope: Envelope) -> bool:
    """Refuse what no recipient has room for, and what comes back to where it was sent on.

    Returns whether any of it stays here.
    """
    header, size = data[:HEADER], len(data)
    ahead = [targets.look_ahead(held.address, header, size) for held in envelope.recipients]
    if not any(held.has_room for held in ahead):
        raise OverQuota("The recipient's mailbox has no room for the message.")
    return any(held.stays for held in ahead)


def _is_relay(peer: str) -> bool:
    """Tell whether a peer is a server of our own in front, which has looked at what it hands over.

    One on this machine has to be named as well: whoever can connect from here is no relay yet.
    """
    address = parse_address(peer)
    return address is not None and any(
        address in network for network in settings.GROUPWARE_TRUSTED_NETWORKS
    )


def _find_origin(data: bytes, client: Client) -> Client:
    """Return who gave a message to the first of our own servers in front; no peer where unknown.

    Their Received fields say it, down to the first address that is no server of ours; what
    stands below may be anybody's.
    """
    for seen in list_clients(data[:HEADER]):
        if seen is None:
            break
        if is_trusted(seen.peer):
            continue
        if is_inner(seen.peer):  # a machine of one's own that the admin has not named
            break
        return replace(client, peer=plain_address(seen.peer), helo=seen.helo)
    return replace(client, peer="", helo="")


def _is_disowned(verdict: Verdict) -> bool:
    """Tell whether a message is for Junk by what the domain of its author says (RFC 7489 §6.3).

    Raises `Refused` where the domain wants it refused, as far as GROUPWARE_DMARC enforces that.
    """
    mode = settings.GROUPWARE_DMARC
    if verdict.policy == "reject" and mode == "enforce":
        raise Refused(
            f"The domain {verdict.author} says that this message is not its own (DMARC).",
            code=550,
            status="5.7.1",
        )
    return verdict.policy != "none" and mode != "note"


def _received(envelope: Envelope, client: Client) -> bytes:
    alone = len(envelope.recipients) == 1
    hop = trace.Hop(
        client.helo,
        client.peer,
        settings.GROUPWARE_DOMAIN,
        client.protocol,
        client.session_id,
        client.tls,
        envelope.recipients[0].address if alone else "",
    )
    return trace.received(hop, now())
