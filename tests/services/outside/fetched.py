"""A user elsewhere, and what of their mail is here."""

import itertools
from collections.abc import Sequence
from typing import Any

from groupware.core import blobs
from groupware.core.models import Account
from mail.models import OutsideAccount
from mail.services.outside import accounts, rounds
from mail.services.outside.accounts import OutsideInfo, Wishes
from mail.services.outside.fetching import Report
from mail.services.outside.servers import Login
from tests.services.outside.dovecot import PASSWORD, Dovecot
from tests.services.outside.maildrop import letter
from tests.services.store import rows_of

__all__ = [
    "Elsewhere",
    "add",
    "bytes_of",
    "fetch",
    "info_of",
    "letter",
    "subjects",
]

_numbers = itertools.count(1)


def bytes_of(account: Account, name: str = "INBOX") -> list[bytes]:
    """Return the messages of a mailbox here, whole, in the order of their UIDs."""
    rows = rows_of(account, name, "uid", "prefix", "blob_location")
    return [bytes(prefix or b"") + blobs.read_location(where) for _, prefix, where in rows]


class Elsewhere:
    """A user of a Dovecot, whose mail an account here gets."""

    def __init__(self, account: Account, dovecot: Dovecot) -> None:
        self.account = account
        self.dovecot = dovecot
        self.user = f"user{next(_numbers)}"

    def add(self, protocol: str = "imap", wishes: Wishes | None = None, **fields: Any) -> int:
        """Add the outside account, in the clear unless it is said otherwise."""
        return add(
            self.account,
            protocol,
            self.dovecot.ports[protocol.upper()],
            wishes,
            **{"user": self.user, "password": PASSWORD, **fields},
        )

    def put(self, *messages: bytes, **fields: str) -> None:
        """Append messages there."""
        self.dovecot.put(self.user, *messages, **fields)

    def here(self, name: str = "INBOX") -> list[bytes]:
        """Return the messages here."""
        return bytes_of(self.account, name)


def add(
    account: Account,
    protocol: str,
    port: int,
    wishes: Wishes | None = None,
    *,
    user: str = "ann",
    password: str = PASSWORD,
    tls: str = "none",
    name: str = "old",
) -> int:
    """Add an outside account at a port of this machine."""
    login = Login(protocol, "127.0.0.1", user, password, port, tls)
    return accounts.add_outside(account.pk, login, wishes or Wishes(), name)


def fetch(outside_id: int) -> tuple[int, int, int]:
    """Fetch once; return how many came, were known, were not to be had."""
    report: Report = rounds.fetch_now(outside_id)
    counts = report.counts
    return counts.fetched, counts.known, counts.problems


def info_of(outside_id: int) -> OutsideInfo:
    """Return what is shown of an outside account."""
    row = OutsideAccount.objects.select_related("account").get(pk=outside_id)
    return accounts.describe_outside(row, row.account)


def subjects(messages: Sequence[bytes]) -> list[str]:
    """Return the subjects of messages."""
    return [
        line.partition(b": ")[2].decode()
        for message in messages
        for line in message.split(b"\r\n")
        if line.startswith(b"Subject:")
    ]
