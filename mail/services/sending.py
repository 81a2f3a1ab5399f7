"""Which rows of the queue are tried, and by whom: leases.

Whoever speaks to a server has the rows leased. A lease that is not renewed ends by itself, and
another takes over what a dead process was sending.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.db.models import Min, Q

from groupware.core import blobs, db, limits
from groupware.core.clock import epoch
from mail.flow.envelopes import EnvelopeRecipient
from mail.models import QueuedMessage, QueuedRecipient


@dataclass(frozen=True, slots=True)
class Due:
    """A recipient that is to be tried, and what decides by which way."""

    id: int
    message_id: int
    destination: str
    account_id: int | None
    mail_from: str
    size: int
    next_attempt_at: int


_DUE = (
    "id",
    "message_id",
    "destination",
    "message__account_id",
    "message__mail_from",
    "message__blob__size",
    "next_attempt_at",
)


@dataclass(frozen=True, slots=True)
class QueuedTo:
    """A recipient as an attempt sees it."""

    id: int
    recipient: EnvelopeRecipient
    destination: str
    attempts: int
    was_warned: bool


@dataclass(frozen=True, slots=True)
class Batch:
    """A message and those of its recipients that are tried together."""

    message: QueuedMessage
    recipients: tuple[QueuedTo, ...]


def find_due(
    *, only: str = "", busy: Collection[str] = (), after: tuple[int, int] = (0, 0), limit: int
) -> list[Due]:
    """Return recipients that are due, the longest first, behind `after` (next_attempt_at, id).

    `only` is the one destination that is meant, `busy` are those that are not.
    """
    now = epoch()
    moment, key = after
    with db.read_snapshot():
        rows = QueuedRecipient.objects.filter(
            Q(next_attempt_at__gt=moment) | Q(next_attempt_at=moment, id__gt=key),
            is_held=False,
            next_attempt_at__lte=now,
            leased_until__lte=now,
        )
        if only:
            rows = rows.filter(destination=only)
        ordered = rows.exclude(destination__in=list(busy)).order_by("next_attempt_at", "id")
        return [Due(*row) for row in ordered.values_list(*_DUE)[:limit]]


def lease(keys: Sequence[int]) -> set[int]:
    """Take recipients that nobody else has; return those that were got."""
    now = epoch()
    condition, params = db.in_list("id", list(keys))
    with db.write_transaction():
        rows = db.fetch_rows(
            "UPDATE mail_queuedrecipient SET leased_until = %s"
            f" WHERE {condition} AND leased_until <= %s AND NOT is_held RETURNING id",
            [now + limits.QUEUE_LEASE.value, *params, now],
        )
    return {key for (key,) in rows}


def renew(keys: Collection[int]) -> None:
    """Keep leased what is in hand."""
    until = epoch() + limits.QUEUE_LEASE.value
    with db.write_transaction():
        QueuedRecipient.objects.filter(id__in=list(keys)).update(leased_until=until)


def give_back(keys: Collection[int]) -> None:
    """Let others take what was not tried."""
    with db.write_transaction():
        QueuedRecipient.objects.filter(id__in=list(keys)).update(leased_until=0)


def load(message_id: int, keys: Collection[int]) -> Batch | None:
    """Return a message with those recipients that are still there; None without any."""
    with db.read_snapshot():
        message = QueuedMessage.objects.filter(pk=message_id).first()
        rows = list(QueuedRecipient.objects.filter(id__in=list(keys)).order_by("id"))
    if message is None or not rows:
        return None
    recipients = tuple(
        QueuedTo(
            row.pk,
            EnvelopeRecipient(row.address, row.notify, row.orcpt),
            row.destination,
            row.attempts,
            row.was_warned,
        )
        for row in rows
    )
    return Batch(message, recipients)


def read_message(message: QueuedMessage) -> bytes:
    """Return the whole message; raises one of `blobs.UNREADABLE`."""
    return bytes(message.prefix) + blobs.read(message.blob_id)


def find_local(destinations: Collection[str]) -> set[str]:
    """Return which of the domains are ours: nothing for them leaves."""
    condition, params = db.in_list("name", sorted(destinations))
    with db.read_snapshot():
        rows = db.fetch_rows(f"SELECT name FROM core_domain WHERE {condition}", params)
    return {name for (name,) in rows}


def measure() -> tuple[int, int, int, int]:
    """Return (recipients that are due, that wait, that are held, seconds of the oldest)."""
    now = epoch()
    with db.read_snapshot():
        held = QueuedRecipient.objects.filter(is_held=True).count()
        rows = QueuedRecipient.objects.filter(is_held=False)
        due = rows.filter(next_attempt_at__lte=now).count()
        waiting = rows.filter(next_attempt_at__gt=now).count()
        oldest = QueuedMessage.objects.aggregate(first=Min("created_at"))["first"]
    return due, waiting, held, now - oldest if oldest is not None else 0
