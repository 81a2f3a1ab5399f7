"""What tests put into the store, and how they look at it."""

import itertools
from collections.abc import Sequence
from typing import Any

from groupware.core.directory import NewAccount, create_account
from groupware.core.models import Account, AccountState, Collection
from mail import queries
from mail.queries import MailboxInfo
from mail.services.content import PreparedMessage, prepare_message
from mail.services.messages import Appended, append_message

PASSWORD = "correct horse battery"

_numbers = itertools.count(1)


def create(address: str, **fields: Any) -> Account:
    """Create an account in a domain that is there."""
    return create_account(NewAccount(address, **fields))


def state_of(account: Account) -> AccountState:
    """Return the account's counters as they are now."""
    return AccountState.objects.get(account=account)


def mailbox(account: Account, name: str = "INBOX") -> MailboxInfo:
    """Return a mailbox as it is now."""
    return queries.get_mailbox(account.pk, name)


def collection_of(account: Account, name: str = "INBOX") -> Collection:
    """Return the row of a mailbox's collection."""
    return Collection.objects.get(account=account, kind="mail", name=name)


def message(
    body: bytes = b"", *, subject: str = "Hello", message_id: str = "", references: str = ""
) -> bytes:
    """Return a message that differs from every other."""
    number = next(_numbers)
    lines = [
        f"From: sender{number}@outside.test",
        "To: ann@example.test",
        f"Subject: {subject}",
        f"Message-ID: <{message_id or f'{number}@outside.test'}>",
        *([f"References: {references}"] if references else []),
        "",
        f"Number {number}.",
    ]
    return "\r\n".join(lines).encode() + b"\r\n" + body


def message_of(size: int, **fields: Any) -> bytes:
    """Return a message of exactly `size` octets."""
    head = message(**fields)
    return head + b"x" * (size - len(head))


def prepared(size: int = 0, **fields: Any) -> PreparedMessage:
    """Return a message, staged and indexed."""
    return prepare_message(message_of(size, **fields) if size else message(**fields))


def append(
    account: Account,
    name: str = "INBOX",
    data: PreparedMessage | None = None,
    **fields: Any,
) -> Appended:
    """Append a message to a mailbox of an account."""
    return append_message(
        account.pk, mailbox(account, name).collection_id, data or prepared(), **fields
    )


def uids_of(account: Account, name: str = "INBOX") -> list[int]:
    """Return the UIDs of a mailbox."""
    info = mailbox(account, name)
    return list(queries.get_snapshot(account.pk, info.collection_id).uids)


def rows_of(account: Account, name: str = "INBOX", *fields: str) -> list[tuple[Any, ...]]:
    """Return fields of all messages of a mailbox, by uid."""
    wanted: Sequence[str] = fields or ("uid", "flags", "keywords", "modseq")
    return queries.fetch_messages(mailbox(account, name).collection_id, EVERYTHING, wanted)


EVERYTHING = [(1, 2**62)]
