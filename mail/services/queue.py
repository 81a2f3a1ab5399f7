"""The outbound queue as others see it: put in, look at, hold, let go, try again, take out.

How its rows are worked off is `sending`, by whom is `mail.outbound`.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from functools import partial

from django.db.models import Count, Max, Q, QuerySet, Sum

from groupware.core import audit, blobs, db, limits
from groupware.core.addresses import BadAddress, parse_domain
from groupware.core.clock import epoch
from groupware.core.errors import NotFound
from groupware.core.models import Domain
from groupware.core.wakeups import wake
from mail.flow.envelopes import Envelope, EnvelopeRecipient
from mail.flow.replies import found_out
from mail.models import QueuedMessage, QueuedRecipient
from mail.services import queuetrace, settling
from mail.services.sending import read_message
from mail.services.trace import Step

WAKE = "queue"
"""What `groupware.core.wakeups` calls those who work the queue off."""
RETRY = "retry"
"""The word to them that somebody asked: what was put off for its server's sake is tried too."""
MAX_LISTED = 1_000
_KEYS = {"message_ids", "domain_ids"}
DAY = 86_400


@dataclass(frozen=True, slots=True)
class NewQueued:
    """A message for other servers: of `Inbound` row `inbound_id`, for where `source` led.

    `prefix` is all that goes before the bytes of the blob, `size` that of the whole.
    """

    inbound_id: int
    source: str
    account_id: int | None
    blob_id: int
    prefix: bytes
    envelope: Envelope
    size: int = 0


def enqueue(new: NewQueued) -> int:
    """Put a message into the queue, in the caller's transaction; return its id.

    What is there already stays as it is: the same inbound message and source are one.
    """
    envelope, now = new.envelope, epoch()
    message, is_new = QueuedMessage.objects.get_or_create(
        inbound=new.inbound_id,
        source=new.source,
        defaults={
            "account_id": new.account_id,
            "blob_id": new.blob_id,
            "prefix": new.prefix,
            "mail_from": envelope.mail_from,
            "ret": envelope.ret,
            "envid": envelope.envid,
            "is_8bit": envelope.is_8bit,
            "is_utf8": envelope.is_utf8,
            "created_at": now,
            "expires_at": now + limits.QUEUE_LIFETIME.value * DAY,
        },
    )
    if is_new:
        QueuedRecipient.objects.bulk_create(
            _row(message, recipient, now) for recipient in envelope.recipients
        )
        addresses = [recipient.address for recipient in envelope.recipients]
        db.on_commit(partial(queuetrace.note_queued, message, addresses, new.size))
        db.on_commit(partial(wake, WAKE))
    return message.pk


def _row(message: QueuedMessage, recipient: EnvelopeRecipient, now: int) -> QueuedRecipient:
    return QueuedRecipient(
        message=message,
        address=recipient.address,
        destination=destination_of(recipient.address),
        notify=recipient.notify,
        orcpt=recipient.orcpt,
        next_attempt_at=now,
    )


def destination_of(address: str) -> str:
    """Return the domain to look up: A-labels in lower case, or an address literal."""
    domain = address.rpartition("@")[2].lower()
    if domain.startswith("["):
        return domain[:255]
    try:
        return parse_domain(domain)
    except BadAddress:
        return domain[:255]  # of which the DNS knows nothing: its sender is told so


@dataclass(frozen=True, slots=True)
class QueueFilter:
    """Which recipients are meant; what is empty says nothing.

    `domain` is a domain of ours: what its accounts and addresses send. `destination` is where it
    goes to. `sender` and `recipient` are addresses, or parts of them. `domain_ids` are the domains that
    who asks may see, None all: what their accounts and addresses send.
    """

    message_ids: Sequence[int] = field(default=())
    domain: str = ""
    destination: str = ""
    sender: str = ""
    recipient: str = ""
    is_held: bool | None = None
    domain_ids: frozenset[int] | None = None


@dataclass(frozen=True, slots=True)
class QueueEntry:
    """One recipient of a queued message: where it stands, and what was said last.

    `is_sending`: somebody speaks to its server now.
    """

    id: int
    message_id: int
    mail_from: str
    address: str
    destination: str
    size: int
    created_at: int
    expires_at: int
    attempts: int
    last_attempt_at: int
    next_attempt_at: int
    is_held: bool
    is_sending: bool
    code: int
    status: str
    reply: str
    host: str


def list_queue(wanted: QueueFilter, *, after: int = 0, limit: int = MAX_LISTED) -> list[QueueEntry]:
    """Return what is meant, the oldest first, from behind the entry with the id `after` on."""
    now = epoch()
    with db.read_snapshot():
        rows = (
            _matching(wanted)
            .filter(id__gt=after)
            .order_by("id")
            .select_related("message__blob")
            .defer("message__prefix")[:limit]
        )
        return [_entry(row, now) for row in rows]


def list_message_ids(wanted: QueueFilter) -> set[int]:
    """Return the ids of the messages of what is meant."""
    return set(_matching(wanted).values_list("message_id", flat=True))


def fingerprint(wanted: QueueFilter) -> tuple[int, ...]:
    """Return numbers that differ where what is meant has changed."""
    told = _matching(wanted).aggregate(
        number=Count("id"),
        newest=Max("id"),
        attempts=Sum("attempts"),
        due=Sum("next_attempt_at"),
        held=Count("id", filter=Q(is_held=True)),
    )
    return tuple(value or 0 for value in told.values())


def read_header(wanted: QueueFilter) -> bytes | None:
    """Return the header of the message that is meant, and record that it was read.

    None where there is none such. In the caller's write transaction.
    """
    row = _matching(wanted).select_related("message__blob", "message__account").first()
    if row is None:
        return None
    message = row.message
    try:
        header, _, _ = read_message(message).partition(b"\r\n\r\n")
    except blobs.UNREADABLE as error:
        raise NotFound("The message cannot be read: `doctor` says why.") from error
    domain_id = message.account.domain_id if message.account is not None else None
    name = f"message {message.pk} of <{message.mail_from}>"
    audit.record("queue.read-header", audit.Target("queue", message.pk, name, domain_id))
    return header


def count_queue(wanted: QueueFilter) -> int:
    """Return how many recipients are meant."""
    with db.read_snapshot():
        return _matching(wanted).count()


def _entry(row: QueuedRecipient, now: int) -> QueueEntry:
    message = row.message
    return QueueEntry(
        id=row.pk,
        message_id=message.pk,
        mail_from=message.mail_from,
        address=row.address,
        destination=row.destination,
        size=message.blob.size,
        created_at=message.created_at,
        expires_at=message.expires_at,
        attempts=row.attempts,
        last_attempt_at=row.last_attempt_at,
        next_attempt_at=row.next_attempt_at,
        is_held=row.is_held,
        is_sending=row.leased_until > now,
        code=row.code,
        status=row.status,
        reply=row.reply,
        host=row.host,
    )


def hold(wanted: QueueFilter) -> int:
    """Try what is meant no more until it is released; return how many recipients.

    What is being sent this moment comes to its end.
    """
    with audit.change():
        meant = _matching(wanted).filter(is_held=False)
        _note(Step.HELD, meant)
        number = meant.update(is_held=True)
        _record("queue.hold", wanted, number)
    return number


def release(wanted: QueueFilter) -> int:
    """Let go of what is held, to be tried now; return how many recipients."""
    with audit.change():
        held = _matching(wanted).filter(is_held=True)
        _note(Step.RELEASED, held)
        number = held.update(is_held=False, next_attempt_at=epoch())
        _record("queue.release", wanted, number)
        db.on_commit(partial(wake, WAKE, RETRY))
    return number


def retry_now(wanted: QueueFilter) -> int:
    """Try what is meant now, unless it is held; return how many recipients."""
    with audit.change():
        number = _matching(wanted).filter(is_held=False).update(next_attempt_at=epoch())
        _record("queue.retry", wanted, number)
        db.on_commit(partial(wake, WAKE, RETRY))
    return number


def _note(step: Step, meant: QuerySet[QueuedRecipient]) -> None:
    """Let the trace tell what is done to the first of what is meant, after the commit."""
    rows = meant.select_related("message").order_by("id")[:MAX_LISTED]
    held = [(row.message, row.address) for row in rows]
    db.on_commit(partial(queuetrace.note_act, step, held, audit.current_actor().login))


def _record(action: str, wanted: QueueFilter, number: int) -> None:
    """Tell the audit log what was meant, and how many recipients that were."""
    ids = list(wanted.message_ids)
    meant = {name: value for name, value in asdict(wanted).items() if value and name not in _KEYS}
    rows = Domain.objects.filter(pk__in=wanted.domain_ids or ())[:2]
    domain_id = rows[0].pk if len(rows) == 1 else None
    name = f"message {ids[0]}" if len(ids) == 1 else f"{len(ids)} messages" if ids else "queue"
    target = audit.Target("queue", ids[0] if len(ids) == 1 else None, name, domain_id)
    audit.record(action, target, recipients=number, message_ids=ids, **meant)


def drop(wanted: QueueFilter, *, notify: bool) -> int:
    """Take what is meant out of the queue, and let its senders know; return how many recipients.

    Each message is a transaction of its own. What is being sent this moment may arrive.
    """
    with db.read_snapshot():
        rows = list(_matching(wanted).order_by("message_id").values_list("message_id", "id"))
    by_message: dict[int, list[int]] = {}
    for message_id, key in rows:
        by_message.setdefault(message_id, []).append(key)
    reply = found_out("5.0.0", "It was taken out of the queue by an administrator.")
    return sum(
        settling.give_up(message_id, keys, reply, notify=notify)
        for message_id, keys in by_message.items()
    )


def _matching(wanted: QueueFilter) -> QuerySet[QueuedRecipient]:
    found = QueuedRecipient.objects.all()
    if wanted.message_ids:
        found = found.filter(message_id__in=list(wanted.message_ids))
    if wanted.domain:
        domain = wanted.domain.lower()
        found = found.filter(
            Q(message__account__domain__name=domain) | Q(message__mail_from__iendswith=f"@{domain}")
        )
    if wanted.domain_ids is not None:
        found = found.filter(_sent_by(wanted.domain_ids))
    if wanted.destination:
        found = found.filter(destination=wanted.destination.lower())
    if wanted.sender:
        found = found.filter(message__mail_from__icontains=wanted.sender)
    if wanted.recipient:
        found = found.filter(address__icontains=wanted.recipient)
    if wanted.is_held is not None:
        found = found.filter(is_held=wanted.is_held)
    return found


def _sent_by(domain_ids: frozenset[int]) -> Q:
    """Return what accounts of domains send; of what no account sends, what goes in their names."""
    names = Domain.objects.filter(Q(pk__in=domain_ids) | Q(alias_of__in=domain_ids))
    named = Q(pk__in=[])
    for name in names.values_list("name", flat=True):
        named |= Q(message__mail_from__iendswith=f"@{name}")
    return Q(message__account__domain__in=domain_ids) | (Q(message__account=None) & named)
