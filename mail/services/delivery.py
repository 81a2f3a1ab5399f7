"""Delivering a message to local recipients, and finding who they are.

The bytes are stored once, before any transaction; each recipient is one transaction of its
own account (on the embedded database, many of them share a commit) and one outcome.
"""

import re
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC
from email.utils import format_datetime
from functools import partial

from groupware.core import db
from groupware.core.blobs import BlobGone
from groupware.core.clock import now
from groupware.core.errors import Busy, GroupwareError, NotFound, OverQuota
from groupware.core.groupcommit import GroupCommitter
from mail.routing import Expansion, find_address
from mail.services.content import PreparedMessage, prepare_message
from mail.services.filing import Arrival, file_message
from mail.services.trace import Passage

_CONTROLS = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Recipient:
    """One address of the transaction, and the accounts that it leads to.

    `detail` is the part after a plus (RFC 5233). `outside` are addresses that leave this
    server.
    """

    address: str
    account_ids: tuple[int, ...]
    detail: str = ""
    outside: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Trace:
    """What the trace header fields say of a transaction (RFC 5321 §4.4)."""

    mail_from: str
    helo: str
    peer: str
    by: str
    protocol: str
    session_id: str

    def prefix(self, recipient: str) -> bytes:
        """Return the header fields for one recipient, each line ending in CRLF."""
        date = format_datetime(now().astimezone(UTC))
        text = (
            f"Return-Path: <{_plain(self.mail_from)}>\r\n"
            f"Delivered-To: {_plain(recipient)}\r\n"
            f"Received: from {_plain(self.helo) or 'unknown'} ({_plain(self.peer)})\r\n"
            f"\tby {_plain(self.by)} with {self.protocol} id {self.session_id};\r\n"
            f"\t{date}\r\n"
        )
        return text.encode("utf-8", "replace")

    def arrival(self, recipient: Recipient) -> Arrival:
        """Return how the message arrives for one recipient."""
        passage = Passage(self.mail_from, recipient.address, self.session_id, self.peer)
        return Arrival(self.prefix(recipient.address), recipient.detail, passage=passage)


def _plain(text: str) -> str:
    return _CONTROLS.sub("", text)


def resolve_recipient(text: str) -> Recipient:
    """Return what an address leads to.

    Hot: runs for each recipient of each transaction, so it asks in SQL, without model objects.
    Raises `NotFound` for an address that nobody has here (550 5.1.1) and `OverQuota` when
    every account it leads to is full already (452 4.2.2).
    """
    found = find_address(text)
    if found is None:
        raise NotFound("There is no such recipient here.")
    expansion = Expansion()
    expansion.follow(found.address_id)
    if not expansion.accounts and not expansion.outside:
        raise NotFound("The address leads to nobody.")
    accounts = tuple(expansion.accounts)
    if accounts and not expansion.outside and not _any_has_room(accounts):
        raise OverQuota("The recipient's mailbox is full.")
    return Recipient(text, accounts, found.detail, tuple(expansion.outside))


def _any_has_room(account_ids: Sequence[int]) -> bool:
    condition, params = db.in_list("account_id", list(account_ids))
    found = db.fetch_rows(
        f"SELECT 1 FROM core_accountstate WHERE {condition}"
        " AND (quota_bytes = 0 OR bytes_used < quota_bytes) LIMIT 1",
        params,
    )
    return bool(found)


def deliver_to_account(account_id: int, prepared: PreparedMessage, arrival: Arrival) -> None:
    """File a message in one account, in its transaction."""
    file_message(account_id, prepared, arrival)


class Delivery:
    """One message on its way to its recipients; the steps that an edge takes in turn.

    `prepare` makes the bytes durable, each job of `jobs` files the message in one account (a
    write transaction of its own), `outcomes` tells each recipient's result. A recipient is
    durable when all that it leads to are; an account that several lead to gets it once.
    """

    def __init__(self, data: bytes, recipients: Sequence[Recipient], trace: Trace) -> None:
        self._data = data
        self._recipients = recipients
        self._trace = trace
        self._prepared: PreparedMessage | None = None
        self._settled: dict[int, GroupwareError | None] = {}

    def prepare(self, *, may_wait: bool = True) -> None:
        """Store the bytes and index them, again if need be; raises as `prepare_message` does."""
        self._prepared = prepare_message(self._data, may_wait=may_wait)

    def jobs(self) -> dict[int, Callable[[], None]]:
        """Return, by account, the writes that are still to be done."""
        if self._prepared is None:
            raise RuntimeError("the message was not prepared")
        waiting: dict[int, Callable[[], None]] = {}
        for recipient in self._recipients:
            left = [
                account_id
                for account_id in recipient.account_ids
                if account_id not in waiting and account_id not in self._settled
            ]
            if left:
                arrival = self._trace.arrival(recipient)
                for account_id in left:
                    waiting[account_id] = partial(
                        deliver_to_account, account_id, self._prepared, arrival
                    )
        return waiting

    def settle(self, account_id: int, error: GroupwareError | None) -> None:
        """Note a job's outcome; bytes that were collected meanwhile leave it to be done again."""
        if not isinstance(error, BlobGone):
            self._settled[account_id] = error

    def delivered(self) -> list[int]:
        """Return the accounts that have the message."""
        return [account_id for account_id, error in self._settled.items() if error is None]

    def is_partial(self, recipient: Recipient) -> bool:
        """Tell whether some of what a recipient leads to has the message, and some has not.

        Whoever hands it over again would give the first a second copy.
        """
        delivered = set(self.delivered())
        return 0 < len(delivered.intersection(recipient.account_ids)) < len(recipient.account_ids)

    def fail(self, error: GroupwareError) -> list[GroupwareError | None]:
        """Let everybody who has not got the message fail alike; return the outcomes."""
        for recipient in self._recipients:
            for account_id in recipient.account_ids:
                self._settled.setdefault(account_id, error)
        return self.outcomes()

    def outcomes(self) -> list[GroupwareError | None]:
        """Return one outcome for each recipient, in order; None means durable."""
        return [self._outcome(recipient) for recipient in self._recipients]

    def _outcome(self, recipient: Recipient) -> GroupwareError | None:
        for account_id in recipient.account_ids:
            if account_id not in self._settled:
                return Busy("The server is busy; try again in a moment.")
            if (error := self._settled[account_id]) is not None:
                return error
        return None


PREPARE_ATTEMPTS = 3
"""Times that bytes are staged when the collector takes them before they are claimed."""


def deliver(
    data: bytes,
    recipients: Sequence[Recipient],
    trace: Trace,
    committer: GroupCommitter,
) -> list[GroupwareError | None]:
    """Deliver a message and wait; return one outcome for each recipient, None meaning durable.

    For callers without an event loop; servers take the steps of `Delivery` themselves.
    """
    delivery = Delivery(data, recipients, trace)
    for _ in range(PREPARE_ATTEMPTS):
        try:
            delivery.prepare()
        except GroupwareError as error:
            return [error] * len(recipients)
        jobs = delivery.jobs()
        waiting = {account_id: committer.submit(job) for account_id, job in jobs.items()}
        for account_id, future in waiting.items():
            delivery.settle(account_id, _settle(future))
        if not delivery.jobs():
            break
    return delivery.outcomes()


def _settle(future: "Future[None]") -> GroupwareError | None:
    try:
        future.result()
    except GroupwareError as error:
        return error
    return None
