"""Bringing what was taken to whom it is for: accounts, the members of lists, other servers.

Each account is one transaction of its own, together with the row that says that it has the
message; the last of them settles all in one, with the rows of the queue and the notifications.
So a run that ends anywhere is finished by the next one, and nobody gets a message twice
(docs/adr/0037).
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from functools import partial
from typing import Any

import structlog

from groupware.core import aio, crashpoints, db, metrics
from groupware.core.clock import epoch, monotonic
from groupware.core.errors import Busy, GroupwareError
from groupware.core.groupcommit import GroupCommitter
from mail.services import fanouttrace, inbound
from mail.services.filing import Arrival, file_message
from mail.services.inbound import NewInbound, accept
from mail.services.plans import Plan, make_plan
from mail.services.settlement import (
    Settlement,
    find_reason_to_wait,
    list_errors,
    make_settlement,
    settle,
)

__all__ = ["NewInbound", "accept", "begin", "fan_out", "work_off"]

Submit = Callable[[Callable[[], Any]], "Future[Any]"]
"""Runs a call in a durable transaction; its result comes after the commit."""

BATCH = 32
"""Deliveries that stand in the line of writes at once: what others write goes between."""
SWEPT = 100
"""Messages that one run of the sweep fans out at most."""

_log = structlog.get_logger("groupware.fanout")


def begin(inbound_id: int) -> None:
    """Fan a message out that this process has taken, its writes among those of the others.

    Returns when that is done; what fails is left to the sweep. For a thread of its own.
    """
    fan_out(inbound_id, aio.crossing().committer.submit)


def begin_here(inbound_id: int) -> None:
    """Fan out what this thread has taken, one write after the other, in a process without others.

    Returns when that is done; what fails is left to the sweep.
    """
    fan_out(inbound_id, _write_here)


def work_off(*, now: int | None = None, limit: int = SWEPT) -> int:
    """Fan out what nobody has settled in time; return how many messages that were."""
    due = epoch() if now is None else now
    waiting, oldest = inbound.count_waiting(due)
    metrics.INBOUND_MESSAGES.set(waiting)
    metrics.INBOUND_OLDEST.set(oldest)
    done = 0
    for inbound_id in inbound.list_due(due, limit):
        if inbound.lease(inbound_id, due=due):
            fan_out(inbound_id)
            done += 1
    return done


def fan_out(inbound_id: int, submit: Submit | None = None) -> None:
    """Deliver a message to all that wait for it, and settle them; a second run finds nothing.

    Raises nothing: what fails is logged, and tried again by the sweep.
    """
    try:
        told = _fan_out(inbound_id, submit)
    except GroupwareError as error:
        _log.warning("fan-out waits", inbound=inbound_id, reason=error.message)
        _postpone(inbound_id, error)
        return
    except Exception as error:  # noqa: BLE001 (kept, logged and tried again)
        _log.exception("fan-out failed", inbound=inbound_id)
        _postpone(inbound_id, error)
        return
    for key in told:  # from the null sender, of which nothing more comes
        fan_out(key, submit)


def _fan_out(inbound_id: int, submit: Submit | None) -> list[int]:
    with db.read_snapshot():
        taken = inbound.find_taken(inbound_id)
        if taken is None:
            return []
        plan = make_plan(taken)
    fanouttrace.note_expanded(plan)
    with _writer(submit, len(plan.arrivals)) as write:
        arrivals = list(plan.arrivals.items())
        _deliver_all(plan, arrivals[:-1], write)
        return _settle(plan, arrivals[-1] if arrivals else None, write)


def _settle(plan: Plan, last: tuple[int, Arrival] | None, write: Submit) -> list[int]:
    settlement = make_settlement(plan)
    if last is not None:
        try:
            return _note(plan, settlement, write(partial(settle, plan, settlement, last)).result())
        except Exception as error:  # noqa: BLE001 (noted as this account's, whatever it is)
            plan.outcomes[last[0]] = _note_failure(error, last[0])
            settlement = make_settlement(plan)
    return _note(plan, settlement, write(partial(settle, plan, settlement)).result())


def _note(plan: Plan, settlement: Settlement, told: list[int] | None) -> list[int]:
    if told is not None:
        came = {**settlement.counts, "queued": len(settlement.queued), "notices": told}
        _log.info("fanned out", inbound=plan.taken.inbound_id, **came)
        for outcome, number in settlement.counts.items():
            metrics.DELIVERIES.labels("fan-out", outcome).inc(number)
        _trace(plan)
    return told or []


def _trace(plan: Plan) -> None:
    for part in plan.parts:
        if (reason := find_reason_to_wait(plan, part)) is not None:
            fanouttrace.note_waiting(plan, part, reason)
        else:
            fanouttrace.note_settled(plan, part, list_errors(plan, part))


@contextmanager
def _writer(submit: Submit | None, deliveries: int) -> Iterator[Submit]:
    """Yield how to write: as given, else several together, or one alone on this thread."""
    if submit is not None:
        yield submit
    elif deliveries > 1:
        committer = GroupCommitter()
        try:
            yield committer.submit
        finally:
            committer.close()
    else:
        yield _write_here


def _write_here(call: Callable[[], Any]) -> "Future[Any]":
    future: Future[Any] = Future()
    try:
        with db.write_transaction():
            result = call()
    except Exception as error:  # noqa: BLE001 (handed to whoever asks)
        future.set_exception(error)
    else:
        future.set_result(result)
    return future


def _deliver_all(plan: Plan, arrivals: list[tuple[int, Arrival]], write: Submit) -> None:
    """Deliver to accounts, one transaction each, and note what became of it."""
    leased_at = None
    for start in range(0, len(arrivals), BATCH):
        if len(arrivals) > BATCH and (
            leased_at is None or monotonic() - leased_at > inbound.LEASE / 2
        ):
            leased_at = monotonic()
            write(partial(inbound.lease, plan.taken.inbound_id)).result()
        waiting = [
            (account_id, write(partial(_deliver, plan, account_id, arrival)))
            for account_id, arrival in arrivals[start : start + BATCH]
        ]
        for account_id, future in waiting:
            plan.outcomes[account_id] = _outcome(future, account_id)


def _outcome(future: "Future[Any]", account_id: int) -> GroupwareError | None:
    try:
        future.result()
    except Exception as error:  # noqa: BLE001 (one account's failure is no other's)
        return _note_failure(error, account_id)
    return None


def _note_failure(error: Exception, account_id: int) -> GroupwareError:
    """Return an outcome; a bug is logged, and keeps no other account from its mail."""
    if isinstance(error, GroupwareError):
        return error
    _log.error("delivery failed", account=account_id, exc_info=error)
    return Busy("The server failed; it is tried again.")


def _deliver(plan: Plan, account_id: int, arrival: Arrival) -> None:
    """Deliver to one account, in its transaction, which `Submit` has begun."""
    if inbound.note_delivery(plan.taken.inbound_id, account_id):
        file_message(account_id, plan.taken.prepared, arrival)
        db.on_commit(partial(crashpoints.reach, "inbound-delivered"))


def _postpone(inbound_id: int, error: Exception) -> None:
    try:
        with db.write_transaction():
            inbound.postpone(inbound_id, f"{type(error).__name__}: {error}")
    except GroupwareError:
        _log.exception("fan-out could not be postponed", inbound=inbound_id)
