"""Settling recipients: what is done and goes, what failed and is told, what waits.

Invariant: the rows of recipients go in the transaction that writes what comes of them, rows of the
queue and notifications; and nothing is written of a recipient that another run has settled.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial

import structlog

from groupware.core import crashpoints, db, limits
from groupware.core.clock import epoch
from groupware.core.errors import (
    DiskReserve,
    GroupwareError,
    Invalid,
    LimitExceeded,
    NotAllowed,
    NotFound,
    OverQuota,
    TooLarge,
)
from mail.flow.dsn import DELAYED, DELIVERED, EXPANDED, FAILED, Original, Outcome, is_wanted
from mail.flow.envelopes import EnvelopeRecipient
from mail.refusals import Refused
from mail.services import dsns, inbound, outside, queue
from mail.services.filing import Arrival, file_message
from mail.services.inbound import NewInbound, Taken
from mail.services.leaving import list_leaving
from mail.services.lists import Dropped
from mail.services.plans import Part, Plan
from mail.services.queue import NewQueued
from mail.services.targets import dump_target

DAY = 86_400

_STATUS: dict[type[GroupwareError], str] = {
    NotFound: "5.1.1",
    OverQuota: "5.2.2",
    TooLarge: "5.3.4",
    LimitExceeded: "5.5.3",
    Invalid: "5.6.0",
    NotAllowed: "5.7.1",
}
_log = structlog.get_logger("groupware.fanout")
_WAITING: dict[type[GroupwareError], str] = {OverQuota: "4.2.2", DiskReserve: "4.3.1"}


@dataclass(slots=True)
class Settlement:
    """What one transaction is to write. `waits_for` is why recipients are left, "" where none is.

    `kept` are rows of recipients that wait, and whom they led to; `warned` those whose sender is
    told that they do.
    """

    settled: list[int] = field(default_factory=list)
    kept: list[tuple[int, str]] = field(default_factory=list)
    warned: list[int] = field(default_factory=list)
    relayed: list[int] = field(default_factory=list)
    queued: list[NewQueued] = field(default_factory=list)
    told: list[NewInbound] = field(default_factory=list)
    waits_for: str = ""
    counts: dict[str, int] = field(default_factory=dict)


def is_final(error: GroupwareError, received_at: int) -> bool:
    """Tell whether a failure is told to the sender rather than tried again.

    A full mailbox is given time to be emptied; what is this server's own trouble never ends so.
    """
    if isinstance(error, OverQuota):
        return epoch() - received_at >= limits.FULL_MAILBOX_DAYS.value * DAY
    if isinstance(error, Refused):
        return error.code >= 500
    return isinstance(error, tuple(_STATUS))


def make_settlement(plan: Plan) -> Settlement:
    """Sum up a plan whose accounts have their outcomes; in no transaction, since it stores bytes.

    An account without an outcome counts as one that has the message.
    """
    settlement = Settlement()
    told: dict[str, list[Outcome]] = {}
    _log_held_back(plan)
    for part in plan.parts:
        if (reason := find_reason_to_wait(plan, part)) is not None:
            _put_off(settlement, part, reason)
            if _is_late(plan, part):
                settlement.warned.append(part.waiting.row_id)
                for mail_from, outcome in _list_delays(plan, part, reason):
                    told.setdefault(mail_from, []).append(outcome)
            continue
        settlement.settled.append(part.waiting.row_id)
        failed = False
        for mail_from, outcome in _list_outcomes(plan, part):
            if is_wanted(outcome):  # of most nothing is, and then no bytes are read
                told.setdefault(mail_from, []).append(outcome)
            failed = failed or outcome.action == FAILED
        _count(settlement, "failed" if failed else "settled")
    settlement.queued = list_leaving(plan)
    for mail_from, outcomes in told.items():
        new = dsns.report(_original(plan.taken, mail_from, outcomes), outcomes)
        if new is not None:
            settlement.told.append(new)
    return settlement


def _put_off(settlement: Settlement, part: Part, reason: GroupwareError) -> None:
    settlement.waits_for = f"{type(reason).__name__}: {reason.message}"
    if part.target.outside:
        settlement.relayed.append(part.waiting.row_id)
    if part.target.is_many and not part.waiting.expansion:
        settlement.kept.append((part.waiting.row_id, dump_target(part.target)))
    _count(settlement, "waiting")


def _is_late(plan: Plan, part: Part) -> bool:
    """Tell whether it is time to say once that a recipient still waits, as the queue does."""
    waited = epoch() - plan.taken.received_at
    return waited >= limits.QUEUE_WARNING.value and not part.waiting.was_warned


def _log_held_back(plan: Plan) -> None:
    """Let whoever looks for a message find why it was not sent on."""
    for part in plan.parts:
        if part.target.held_back and not part.waiting.expansion:
            _log.warning(
                "junk is not forwarded",
                inbound=plan.taken.inbound_id,
                sender=plan.taken.envelope.mail_from,
                address=part.target.address,
                to=part.target.held_back[:10],
                filed=len(part.target.account_ids),
            )


def _count(settlement: Settlement, outcome: str) -> None:
    settlement.counts[outcome] = settlement.counts.get(outcome, 0) + 1


def list_errors(plan: Plan, part: Part) -> dict[int, GroupwareError]:
    """Return, by account, why a recipient's copy could not be delivered."""
    found = {key: plan.outcomes.get(key) for key in part.target.account_ids}
    return {key: error for key, error in found.items() if error is not None}


def find_reason_to_wait(plan: Plan, part: Part) -> GroupwareError | None:
    """Return why a recipient is tried again later; None where it is settled."""
    errors = [part.error] if part.error is not None else list(list_errors(plan, part).values())
    for error in errors:
        if not isinstance(error, Dropped) and not is_final(error, plan.taken.received_at):
            return error
    return None


def _list_outcomes(plan: Plan, part: Part) -> list[tuple[str, Outcome]]:
    """Return what there is to tell of a recipient that is settled, and whom."""
    recipient, target = part.waiting.recipient, part.target
    mail_from = plan.taken.envelope.mail_from
    if _is_spam(plan.taken) or isinstance(part.error, Dropped):
        return []
    errors = list_errors(plan, part)
    if target.is_many:
        # Who has left meanwhile is no failure of an address that leads to others as well.
        errors = {key: held for key, held in errors.items() if not isinstance(held, NotFound)}
    if part.error is not None or errors:
        if target.is_list:
            return [(target.mail_from, _fail(_member(key), held)) for key, held in errors.items()]
        return [(mail_from, _fail(recipient, part.error or next(iter(errors.values()))))]
    if target.is_many:
        return [(mail_from, Outcome(recipient, EXPANDED, "2.1.5"))]
    if not target.account_ids:  # the queue tells what becomes of what is outside
        return []
    return [(mail_from, Outcome(recipient, DELIVERED, "2.1.5"))]


def _list_delays(plan: Plan, part: Part, reason: GroupwareError) -> Iterator[tuple[str, Outcome]]:
    """Yield what there is to tell of a recipient that waits, and whom."""
    taken, target = plan.taken, part.target
    if _is_spam(taken):
        return
    until = 0
    if isinstance(reason, OverQuota):
        until = taken.received_at + limits.FULL_MAILBOX_DAYS.value * DAY
    if not target.is_list:
        delayed = _delay(part.waiting.recipient, reason, until)
        if is_wanted(delayed):
            yield taken.envelope.mail_from, delayed
        return
    for key, error in list_errors(plan, part).items():
        if not is_final(error, taken.received_at):
            yield target.mail_from, _delay(_member(key), error, until)


def _is_spam(taken: Taken) -> bool:
    """Tell whether nobody is told what becomes of it: spam claims anybody as its sender."""
    return taken.is_junk and taken.account_id is None


def _delay(recipient: EnvelopeRecipient, error: GroupwareError, until: int) -> Outcome:
    status = error.status if isinstance(error, Refused) else _WAITING.get(type(error), "4.3.0")
    code = error.code if isinstance(error, Refused) else 452
    said = f"smtp; {code} {status} {error.message}"
    return Outcome(recipient, DELAYED, status, said, attempted_at=epoch(), retry_until=until)


def _fail(recipient: EnvelopeRecipient, error: GroupwareError) -> Outcome:
    status = error.status if isinstance(error, Refused) else _status_of(error)
    code = error.code if isinstance(error, Refused) else 550
    said = f"smtp; {code} {status} {error.message}"
    return Outcome(recipient, FAILED, status, said, attempted_at=epoch())


def _status_of(error: GroupwareError) -> str:
    return next((held for kind, held in _STATUS.items() if isinstance(error, kind)), "5.0.0")


def _member(account_id: int) -> EnvelopeRecipient:
    """Return a member of a list by its login, for those in charge of the list."""
    rows = db.fetch_rows("SELECT login FROM core_account WHERE id = %s", [account_id])
    return EnvelopeRecipient(rows[0][0] if rows else f"account {account_id}")


def _original(taken: Taken, mail_from: str, outcomes: Iterable[Outcome]) -> Original:
    envelope = taken.envelope
    # A list is the sender of its copies: the poster's wishes end there (RFC 3461 §5.2.7).
    is_his = mail_from == envelope.mail_from
    ret, envid = (envelope.ret, envelope.envid) if is_his else ("", "")
    whole = ret == "FULL" and any(outcome.action == FAILED for outcome in outcomes)
    data = taken.read() if whole else None
    return_to = outside.return_address(taken.account_id, mail_from)
    return Original(mail_from, ret, envid, taken.received_at, taken.header, data, return_to)


def settle(
    plan: Plan, settlement: Settlement, last: tuple[int, Arrival] | None = None
) -> list[int] | None:
    """Write a settlement in the caller's transaction, with it the delivery to the `last` account.

    Returns the ids of the notifications that it wrote, None where another run was faster.
    Raises as `file_message` does.
    """
    taken = plan.taken
    if not inbound.hold(taken):
        return None
    if last is not None and not inbound.has_got(taken.inbound_id, last[0]):
        file_message(last[0], taken.prepared, last[1])
    for queued in settlement.queued:
        queue.enqueue(queued)
    crashpoints.reach("inbound-queued")
    told = [inbound.accept(new) for new in settlement.told]
    if settlement.waits_for:
        if last is not None:
            inbound.note_delivery(taken.inbound_id, last[0])
        inbound.settle_recipients(settlement.settled, settlement.relayed)
        inbound.note_warnings(settlement.warned)
        for row_id, expansion in settlement.kept:
            inbound.keep_expansion(row_id, expansion)
        inbound.postpone(taken.inbound_id, settlement.waits_for)
    else:
        inbound.remove(taken.inbound_id)
    db.on_commit(partial(crashpoints.reach, "inbound-settled"))
    return told
