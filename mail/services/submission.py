"""Submission: what our own people send (RFC 6409), from their login to the row that is answered for.

Everything goes the same way from here, to colleagues and elsewhere: one inbound row, fanned out
after its commit. The copy in Sent and the count of what was sent are written with that row.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import partial

import structlog
from django.conf import settings

from groupware.core import crashpoints, db, metrics
from groupware.core.addresses import BadAddress, parse_address
from groupware.core.changes import lock_account
from groupware.core.clock import now
from groupware.core.errors import Invalid, NotFound
from mail import routing
from mail.flow.clients import Client
from mail.flow.envelopes import Envelope
from mail.flow.trace import Hop, received
from mail.mime.submitted import BadHeader, Header, read_header
from mail.services import sendrates, sentcopies, signing, targets
from mail.services.authors import (
    Submitter,
    blind_fields,
    check_envelope,
    check_header,
    choose_mail_from,
)
from mail.services.content import PreparedMessage, prepare_message
from mail.services.inbound import NewInbound, accept
from mail.services.sentcopies import Copy

__all__ = [
    "Client",
    "Prepared",
    "Submitter",
    "check_recipient",
    "check_sender",
    "commit",
    "submit",
]

_log = structlog.get_logger("groupware.submission")


@dataclass(frozen=True, slots=True)
class Prepared:
    """A message that may be sent, its bytes made ready; nothing of it is written yet.

    `prefix` are the fields before it as it leaves, `copy` what is filed in Sent, and `owner_id`
    the account whose the address in From is; `client` is where it came from.
    """

    submitter: Submitter
    envelope: Envelope
    message: PreparedMessage
    prefix: bytes
    copy: Copy
    owner_id: int | None
    client: Client


def check_sender(submitter: Submitter, mail_from: str) -> None:
    """Raise `NotAllowed` for an envelope sender of others, `Refused` above the hourly limits."""
    check_envelope(submitter, mail_from)
    sendrates.check(submitter.account_id, messages=1, recipients=1)


def check_recipient(
    submitter: Submitter, address: str, so_far: int, *, mail_from: str = ""
) -> None:
    """Raise what keeps a message from a recipient more, beside `so_far`.

    `NotFound` for what is no address and for nobody here, `OverQuota`, `NotAllowed` by the
    policy of a list, `Refused` above the hourly limits.
    """
    try:
        _, domain = parse_address(address)
    except BadAddress as error:
        raise NotFound(str(error)) from error
    sendrates.check(submitter.account_id, messages=1, recipients=so_far + 1)
    if routing.is_local_domain(domain):
        targets.check_local(address, mail_from or submitter.login, account_id=submitter.account_id)


def submit(data: bytes, envelope: Envelope, submitter: Submitter, client: Client) -> Prepared:
    """Check and complete a message and make its bytes ready; in no transaction.

    Nothing in it changes but that Bcc goes, Return-Path, and a Sender that is another's: what it
    lacks is put before it, and the signature of its author's domain. Raises `NotAllowed`,
    `Invalid`, `TooLarge`, `DiskReserve`.
    """
    moment = now().astimezone(UTC)
    header = _read(data)
    checked = check_header(header, submitter, envelope.mail_from, moment)
    body = header.without(data, checked.dropped)
    message = prepare_message(body)
    blank = b"" if message.has_header else b"\r\n"
    domain = checked.author.rpartition("@")[2]
    signature = signing.sign(checked.added + blank + body, domain)
    trace = _trace(client, moment)
    mail_from = choose_mail_from(submitter, envelope.mail_from, checked)
    envelope = replace(envelope, mail_from=mail_from)
    copy = Copy(message, checked.added + blind_fields(header), checked.message_id)
    prefix = trace + signature + checked.added
    return Prepared(submitter, envelope, message, prefix, copy, checked.owner_id, client)


def _read(data: bytes) -> Header:
    try:
        return read_header(data)
    except BadHeader as error:
        raise Invalid(str(error)) from error


def _trace(client: Client, moment: datetime) -> bytes:
    """Return the Received of a submission (RFC 5321 §4.4, RFC 3848).

    Where somebody writes from is nobody else's business, unless the installation says so.
    """
    by = settings.GROUPWARE_DOMAIN
    if settings.GROUPWARE_TRACE_SUBMITTER:
        hop = Hop(client.helo, client.peer, by, client.protocol, client.session_id, client.tls)
        return received(hop, moment)
    text = f"Received: by {by} with {client.protocol} id {client.session_id};\r\n\t"
    return f"{text}{format_datetime(moment)}\r\n".encode()


def commit(prepared: Prepared) -> int:
    """Write a message that is to be sent, its copy in Sent and its count, in one transaction.

    Returns the id of the inbound row: from here on the server answers for it. Raises `Refused`
    above the hourly limits, `OverQuota` where Sent cannot take the copy, `BlobGone`: then submit
    it again.
    """
    submitter_id = prepared.submitter.account_id
    with db.write_transaction():
        owner_id = sentcopies.choose_owner(submitter_id, prepared.owner_id)
        # In one order: who sends as a shared account never waits for one who waits for him.
        for account_id in sorted({submitter_id, owner_id or submitter_id}):
            lock_account(account_id)
        sendrates.charge(submitter_id, len(prepared.envelope.recipients))
        if owner_id is not None:
            sentcopies.file_copy(submitter_id, owner_id, prepared.copy)
        crashpoints.reach("submission-filed")
        message, envelope, prefix = prepared.message, prepared.envelope, prepared.prefix
        client = prepared.client
        new = NewInbound(
            message,
            envelope,
            prefix,
            submitter_id,
            is_trusted=True,
            peer=client.peer,
            reference=client.session_id,
        )
        inbound_id = accept(new)
        db.on_commit(partial(_note, prepared, inbound_id))
    return inbound_id


def _note(prepared: Prepared, inbound_id: int) -> None:
    metrics.SUBMISSIONS.labels("taken").inc()
    _log.info(
        "message submitted",
        account=prepared.submitter.account_id,
        app_password=prepared.submitter.app_password_id,
        inbound=inbound_id,
        recipients=len(prepared.envelope.recipients),
        size=prepared.message.staged.size,
    )
