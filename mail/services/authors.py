"""In whose name a submitted message may be: its From, Sender and Resent-From, and what is added.

RFC 5322 §3.6.2, §3.6.6; RFC 6409 §6.1, §8. The body is not looked at.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime

from groupware.core.errors import Invalid
from mail import routing
from mail.mime.submitted import Header, read_mailboxes
from mail.mime.thread import read_message_id
from mail.services.senders import Sender, SendRight, find_sender, refusal

MAX_AUTHORS = 20
"""Addresses of one From."""
BLIND = frozenset({b"bcc", b"resent-bcc"})
"""Fields that no recipient sees, and the copy in Sent keeps."""
_NEVER_SENT = BLIND | {b"return-path"}


@dataclass(frozen=True, slots=True)
class Submitter:
    """Who has logged in to send; `app_password_id` where it was not with the account's own."""

    account_id: int
    login: str
    app_password_id: int | None = None


@dataclass(frozen=True, slots=True)
class Checked:
    """A header that may be sent, and what is to be done to it.

    `added` is put before the message, fields named in `dropped` are taken out. `author` is the
    first address of From, `owner_id` the account whose it is, and `is_outside` that it is sent
    through a server elsewhere; `message_id` is without brackets.
    """

    added: bytes
    dropped: frozenset[bytes]
    author: str
    owner_id: int | None
    message_id: str
    is_outside: bool


def check_header(header: Header, submitter: Submitter, mail_from: str, date: datetime) -> Checked:
    """Return what a header needs; raises `NotAllowed` for others' names, `Invalid`."""
    authors = _read_from(header) or (mail_from or submitter.login,)
    senders = [find_sender(submitter.account_id, author) for author in authors]
    added: list[str] = []
    dropped = set(_NEVER_SENT)
    if header.all(b"resent-from"):
        added += _check_resent(header, submitter, date)
        for author, sender in zip(authors, senders, strict=True):
            _check_original(author, sender, submitter)
    else:
        _check_authors(authors, senders, submitter)
        sender_field = _choose_sender(header, submitter, senders)
        if sender_field is not None:
            dropped.add(b"sender")
            added += [f"Sender: {sender_field}"] if sender_field else []
    message_id = _read_id(header) if header.all(b"message-id") else _new_id(submitter)
    lacking = {
        b"from": f"From: <{authors[0]}>",
        b"date": f"Date: {format_datetime(date)}",
        b"message-id": f"Message-ID: <{message_id}>",
    }
    added += [line for name, line in lacking.items() if not header.all(name)]
    return Checked(
        "".join(f"{line}\r\n" for line in added).encode(),
        frozenset(dropped),
        authors[0],
        senders[0].owner_id,
        message_id,
        senders[0].is_outside,
    )


def _read_from(header: Header) -> tuple[str, ...]:
    fields = header.all(b"from")
    if len(fields) > 1:
        raise Invalid("The message has more than one From field: it must have one.")
    return _read_addresses(fields[0].value, "From") if fields else ()


def _read_addresses(value: bytes, name: str) -> tuple[str, ...]:
    found = read_mailboxes(value, MAX_AUTHORS)
    if not found.is_clear:
        raise Invalid(f"{name} must name its authors by whole addresses, at most {MAX_AUTHORS}.")
    return found.addresses


def _check_authors(authors: Sequence[str], senders: Sequence[Sender], submitter: Submitter) -> None:
    for author, sender in zip(authors, senders, strict=True):
        if sender.right == SendRight.NONE:
            raise refusal(author, submitter.login)


def _check_original(author: str, sender: Sender, submitter: Submitter) -> None:
    """Let somebody send on what another wrote, but for people here: they have not written it."""
    is_ours = routing.is_local_domain(author.rpartition("@")[2])
    if sender.right == SendRight.NONE and is_ours:
        raise refusal(author, submitter.login)


def _check_resent(header: Header, submitter: Submitter, date: datetime) -> list[str]:
    """Check who sends a message on (RFC 5322 §3.6.6); return the fields that this lacks.

    The first block is the last one that was added, and that which is of this submission.
    """
    for name in (b"resent-from", b"resent-sender"):
        for field in header.all(name)[:1]:
            for address in _read_addresses(field.value, name.decode().title()):
                if find_sender(submitter.account_id, address).right < SendRight.SEND_AS:
                    raise refusal(address, submitter.login)
    added = []
    if not header.all(b"resent-date"):
        added.append(f"Resent-Date: {format_datetime(date)}")
    if not header.all(b"resent-message-id"):
        added.append(f"Resent-Message-ID: <{_new_id(submitter)}>")
    return added


def _choose_sender(header: Header, submitter: Submitter, senders: Sequence[Sender]) -> str | None:
    """Return the Sender that the message is to have, "" for none, None for the one that it has.

    Whoever may only send on behalf of others is named by it, and so is one of several authors.
    """
    lowest = min(sender.right for sender in senders)
    needs_one = lowest == SendRight.ON_BEHALF or len(senders) > 1
    fields = header.all(b"sender")
    if len(fields) == 1:
        found = read_mailboxes(fields[0].value, 1)
        least = SendRight.OWN if needs_one else SendRight.SEND_AS
        if found.is_clear and find_sender(submitter.account_id, found.addresses[0]).right >= least:
            return None
    if needs_one:
        return submitter.login
    return "" if fields else None


def _read_id(header: Header) -> str:
    return read_message_id({b"message-id": header.all(b"message-id")[0].value})


def _new_id(submitter: Submitter) -> str:
    return f"{secrets.token_urlsafe(18)}@{submitter.login.rpartition('@')[2]}"


def blind_fields(header: Header) -> bytes:
    """Return the fields that only the copy in Sent keeps, as they stand."""
    return b"".join(field.raw for field in header.fields if field.name in BLIND)


def choose_mail_from(submitter: Submitter, mail_from: str, checked: Checked) -> str:
    """Return the envelope sender of a message.

    By it the server elsewhere is found through which the message goes: it is the author's where
    either of the two is elsewhere. No other server may send receipts in its name, nor does it take
    them from nobody.
    """
    if checked.is_outside:
        return checked.author
    if mail_from and find_sender(submitter.account_id, mail_from).is_outside:
        return checked.author
    return mail_from


def check_envelope(submitter: Submitter, mail_from: str) -> None:
    """Raise `NotAllowed` for an envelope sender that is another's.

    The null sender is for receipts that programs send (RFC 8098 §2): From says whose they are.
    """
    if mail_from and find_sender(submitter.account_id, mail_from).right == SendRight.NONE:
        raise refusal(mail_from, submitter.login)
