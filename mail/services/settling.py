"""What came of an attempt, written down: what goes, what waits, and what the sender is told.

Invariant: a recipient's row goes in the transaction that settles it, and the notice of it to the
sender is written in the same one.
"""

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import structlog

from groupware.core import audit, blobs, db, limits
from groupware.core.clock import epoch
from groupware.core.errors import Busy, DiskReserve, Stale
from groupware.core.metrics import QUEUE_RESULTS
from mail.flow import dsn
from mail.flow.backoff import next_attempt
from mail.flow.dsn import Original, Outcome
from mail.flow.envelopes import Envelope
from mail.flow.replies import Reply, found_out
from mail.models import QueuedMessage, QueuedRecipient
from mail.routing import is_local_domain
from mail.services import dsns, inbound, outside, queuetrace
from mail.services.content import prepare_message
from mail.services.inbound import NewInbound
from mail.services.sending import Batch, QueuedTo, find_local, load, read_message
from mail.services.trace import Step

HEADER = 64 << 10
"""Octets of a message from which its header is taken for a notice."""
SETTLE_ATTEMPTS = 5

_log = structlog.get_logger("groupware.queue")


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one recipient: what was said, by whom ("" for this server).

    `is_relayed`: taken by a server that tells nobody of its delivery (RFC 3461 §5.2.2).
    """

    reply: Reply
    host: str = ""
    is_relayed: bool = False


Results = Mapping[int, Result]
"""By the ids of recipients."""


def take_back_local(batch: Batch) -> Batch | None:
    """Let what is for domains that became ours come in instead of going out; return the rest."""
    ours = find_local({each.destination for each in batch.recipients})
    if not ours:
        return batch
    _take_back(batch.message, [each for each in batch.recipients if each.destination in ours])
    rest = tuple(each for each in batch.recipients if each.destination not in ours)
    return Batch(batch.message, rest) if rest else None


def give_up_foreign(batch: Batch) -> bool:
    """Settle as failed what is from an address elsewhere; return whether it is.

    Only the server there may send it, and whoever could log in there is gone: of its account
    nothing is left here but what was in the queue (docs/adr/0046).
    """
    mail_from = batch.message.mail_from
    with db.read_snapshot():
        if not mail_from or is_local_domain(mail_from.rpartition("@")[2]):
            return False
    reply = found_out("5.7.1", f"Nobody here sends as {mail_from} any more.")
    keys = [each.id for each in batch.recipients]
    number = give_up(batch.message.pk, keys, reply, notify=True, step=Step.BOUNCED)
    _log.warning("failed", message=batch.message.pk, sender=mail_from, reply=reply.text)
    QUEUE_RESULTS.labels("failed").inc(number)
    return True


def _take_back(message: QueuedMessage, recipients: Sequence[QueuedTo]) -> None:
    envelope = Envelope(
        message.mail_from,
        tuple(each.recipient for each in recipients),
        message.ret,
        message.envid,
        message.is_8bit,
        message.is_utf8,
    )
    new = NewInbound(
        prepare_message(blobs.read(message.blob_id)),
        envelope,
        prefix=bytes(message.prefix),
        account_id=message.account_id,
        is_trusted=message.account_id is not None,
        about="from the queue: its domain is one of ours now",
    )
    with db.write_transaction():
        if _remove(message.pk, [each.id for each in recipients]):
            inbound.accept(new)


def settle(batch: Batch, results: Results, data: bytes) -> None:
    """Write down what an attempt came to, with the notices that follow from it.

    What was taken is written first, alone: the time in which a crash would send it again is that
    of one commit. `data` is the message, of which the notices show the header.
    """
    taken = [
        each.id
        for each in batch.recipients
        if (result := results.get(each.id)) and result.reply.is_success and not result.is_relayed
    ]
    if taken:
        with db.write_transaction():
            _remove(batch.message.pk, taken)
        sent = [
            (each.recipient.address, Step.SENT, results[each.id].host, results[each.id].reply)
            for each in batch.recipients
            if each.id in taken
        ]
        queuetrace.note_results(batch.message, sent, len(data))
        QUEUE_RESULTS.labels("sent").inc(len(taken))
    rest = [each for each in batch.recipients if each.id in results and each.id not in taken]
    can_tell = True
    for _ in range(SETTLE_ATTEMPTS):
        if not (rest := _still_there(rest)):
            return
        try:
            _Settlement(batch.message, rest, results, can_tell=can_tell).write(data)
        except DiskReserve:
            can_tell = False
        except Stale:  # somebody dropped one of them, or bytes of a notice were collected
            continue
        else:
            return
    raise Busy("The queue changes too fast; try again.", detail=f"message {batch.message.pk}")


def _still_there(recipients: Sequence[QueuedTo]) -> list[QueuedTo]:
    if not recipients:
        return []
    with db.read_snapshot():
        rows = QueuedRecipient.objects.filter(id__in=[each.id for each in recipients])
        there = set(rows.values_list("id", flat=True))
    return [each for each in recipients if each.id in there]


class _Settlement:
    """What follows for the recipients that were not simply taken.

    Without `can_tell` there is no room for a notice: who failed waits until it can be told.
    """

    def __init__(
        self,
        message: QueuedMessage,
        recipients: Sequence[QueuedTo],
        results: Results,
        *,
        can_tell: bool,
    ) -> None:
        self._message = message
        self._can_tell = can_tell
        self._now = epoch()
        self._gone: list[int] = []
        self._changed: list[tuple[int, dict[str, Any]]] = []
        self._outcomes: dict[str, list[Outcome]] = {}
        self._counted: Counter[str] = Counter()
        self._steps: list[queuetrace.Told] = []
        for each in recipients:
            self._decide(each, results[each.id])

    def _decide(self, each: QueuedTo, result: Result) -> None:
        reply, message = result.reply, self._message
        if reply.is_success:
            self._end(each, result, dsn.RELAYED, "sent")
        elif not reply.is_final and self._now < message.expires_at:
            self._put_off(each, result)
        elif not self._can_tell:
            self._put_off(each, Result(found_out("4.3.1", "No room to tell its sender.")))
        elif reply.is_final:
            self._end(each, result, dsn.FAILED, "failed")
        else:
            late = Result(Reply(reply.code, "4.4.7", reply.text), result.host)
            self._end(each, late, dsn.FAILED, "failed")

    def _end(self, each: QueuedTo, result: Result, action: str, name: str) -> None:
        self._gone.append(each.id)
        self._tell(each, result, action)
        self._note(each, result, Step.SENT if action == dsn.RELAYED else Step.BOUNCED)
        self._counted[name] += 1

    def _note(self, each: QueuedTo, result: Result, step: Step) -> None:
        self._steps.append((each.recipient.address, step, result.host, result.reply))

    def _tell(self, each: QueuedTo, result: Result, action: str) -> None:
        reply = result.reply
        outcome = Outcome(
            each.recipient,
            action,
            reply.status,
            reply.diagnostic or f"x-groupware; {reply.text}",
            result.host if reply.code else "",
            self._now,
            self._message.expires_at if action == dsn.DELAYED else 0,
        )
        self._outcomes.setdefault(action, []).append(outcome)

    def _put_off(self, each: QueuedTo, result: Result) -> None:
        reply, message = result.reply, self._message
        attempts, chance = each.attempts + 1, random.random()  # noqa: S311
        is_long = self._now - message.created_at >= limits.QUEUE_WARNING.value
        warns = is_long and self._can_tell and not each.was_warned
        fields = {
            "attempts": attempts,
            "last_attempt_at": self._now,
            "next_attempt_at": next_attempt(attempts, self._now, message.expires_at, chance),
            "leased_until": 0,
            "code": reply.code,
            "status": reply.status[:16],
            "reply": reply.text[:500],
            "host": result.host[:255],
            "was_warned": each.was_warned or warns,
        }
        self._changed.append((each.id, fields))
        if warns:
            self._tell(each, result, dsn.DELAYED)
        self._note(each, result, Step.DEFERRED)
        self._counted["deferred"] += 1

    def write(self, data: bytes) -> None:
        """Write it all, or raise `Stale` where what is told would not be true any more."""
        told = self._outcomes if self._can_tell else {}
        notices = [self._prepare(outcomes, data) for outcomes in told.values()]
        with db.write_transaction():
            changed = sum(
                QueuedRecipient.objects.filter(pk=key).update(**fields)
                for key, fields in self._changed
            )
            gone = _remove(self._message.pk, self._gone) if self._gone else 0
            if changed + gone < len(self._changed) + len(self._gone):
                raise Stale("What is settled was dropped meanwhile.")
            for notice in notices:
                if notice is not None:
                    inbound.accept(notice)
        queuetrace.note_results(self._message, self._steps, len(data))
        for name, number in self._counted.items():
            QUEUE_RESULTS.labels(name).inc(number)

    def _prepare(self, outcomes: list[Outcome], data: bytes) -> NewInbound | None:
        notice = report(self._message, outcomes, data)
        if notice is None and outcomes[0].action == dsn.FAILED:
            _log.warning(
                "nobody is told of a failure",
                message=self._message.pk,
                to=[outcome.recipient.address for outcome in outcomes][:10],
                reason=outcomes[0].diagnostic,
            )
        return notice


def report(message: QueuedMessage, outcomes: list[Outcome], data: bytes) -> NewInbound | None:
    """Prepare what its sender is told; None where he wants to hear nothing, or there is none."""
    is_whole = message.ret == "FULL" and outcomes[0].action == dsn.FAILED
    original = Original(
        message.mail_from,
        message.ret,
        message.envid,
        message.created_at,
        data[:HEADER],
        data if is_whole else None,
        outside.return_address(message.account_id, message.mail_from),
    )
    return dsns.report(original, outcomes)


def give_up(
    message_id: int, keys: Sequence[int], reply: Reply, *, notify: bool, step: Step = Step.DROPPED
) -> int:
    """Settle recipients as failed for good, which is a `step`; return how many there were."""
    for _ in range(SETTLE_ATTEMPTS):
        batch = load(message_id, keys)
        if batch is None:
            return 0
        try:
            removed = _give_up(batch, reply, notify=notify)
        except Stale:
            continue
        gone = [(each.recipient.address, step, "", reply) for each in batch.recipients]
        db.on_commit(partial(queuetrace.note_results, batch.message, gone, 0))
        return removed
    raise Busy("The queue changes too fast; try again.", detail=f"message {message_id}")


def _give_up(batch: Batch, reply: Reply, *, notify: bool) -> int:
    diagnostic = f"x-groupware; {reply.text}"
    outcomes = [
        Outcome(each.recipient, dsn.FAILED, reply.status, diagnostic, "", epoch())
        for each in batch.recipients
    ]
    notice = report(batch.message, outcomes, _readable(batch.message)) if notify else None
    with audit.change():
        removed = _remove(batch.message.pk, [each.id for each in batch.recipients])
        if removed < len(batch.recipients):
            raise Stale("What is given up was settled meanwhile.")
        if notice is not None:
            inbound.accept(notice)
        _note_dropped(batch, notify=notify)
    return removed


def _note_dropped(batch: Batch, *, notify: bool) -> None:
    message = batch.message
    domain_id = message.account.domain_id if message.account is not None else None
    name = f"message {message.pk} of <{message.mail_from}>"
    addresses = [each.recipient.address for each in batch.recipients]
    target = audit.Target("queue", message.pk, name, domain_id)
    audit.record("queue.drop", target, addresses=addresses, notify=notify)


def _readable(message: QueuedMessage) -> bytes:
    try:
        return read_message(message)
    except blobs.UNREADABLE:
        return bytes(message.prefix)


def _remove(message_id: int, keys: Sequence[int]) -> int:
    """Remove recipients, and the message with its last; in the caller's transaction."""
    # Of two that remove the last two at once each would see the other's, and the message stay.
    QueuedMessage.objects.select_for_update().filter(pk=message_id).values_list("pk").first()
    removed: int = QueuedRecipient.objects.filter(id__in=list(keys)).delete()[0]
    if not QueuedRecipient.objects.filter(message_id=message_id).exists():
        QueuedMessage.objects.filter(pk=message_id).delete()
    return removed
