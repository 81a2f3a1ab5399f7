"""What the trace is told of a fan-out: lists, what waits, and what is settled beside deliveries.

Deliveries are noted where they are filed, what leaves where it is queued.
"""

from collections.abc import Iterator

from groupware.core.errors import GroupwareError, NotFound
from mail.services import trace
from mail.services.inbound import Taken
from mail.services.lists import Dropped
from mail.services.plans import Part, Plan
from mail.services.trace import Note, Step

HANDED_OVER = "delivered on this server, in another domain"
MOST_NAMED = 10
"""Addresses that one step names."""


def note_expanded(plan: Plan) -> None:
    """Note which recipients are lists, before any member has the message."""
    for part in plan.parts:
        target = part.target
        if target.is_list and not part.waiting.expansion and not plan.taken.delivered:
            here, elsewhere = len(target.account_ids), len(target.outside)
            trace.note(
                _note(plan.taken, part, Step.EXPANDED, f"{here} here, {elsewhere} elsewhere")
            )


def note_waiting(plan: Plan, part: Part, reason: GroupwareError) -> None:
    """Note that a recipient waits for the next attempt."""
    trace.note(_note(plan.taken, part, Step.DEFERRED, reason.message))


def note_settled(plan: Plan, part: Part, errors: dict[int, GroupwareError]) -> None:
    """Note what became of a recipient that is settled; `errors` by the accounts that it led to."""
    taken = plan.taken
    for found in _list_notes(plan, part, errors):
        trace.note(found)
        if taken.account_id is not None and found.account_id is None:
            trace.note(found._replace(account_id=taken.account_id, is_inner=True))


def _list_notes(plan: Plan, part: Part, errors: dict[int, GroupwareError]) -> Iterator[Note]:
    taken, target = plan.taken, part.target
    failed = Step.DROPPED if taken.is_junk and taken.account_id is None else Step.BOUNCED
    if isinstance(part.error, Dropped):
        yield _note(taken, part, Step.DROPPED, part.error.detail or part.error.message)
    elif part.error is not None:
        yield _note(taken, part, failed, part.error.message)
    if target.held_back and not part.waiting.expansion:
        named = ", ".join(target.held_back[:MOST_NAMED])
        yield _note(taken, part, Step.DROPPED, f"junk is not forwarded: {named}")
    for account_id, error in errors.items():
        if target.is_list:
            if not isinstance(error, NotFound):
                yield _note(taken, part, failed, error.message)._replace(account_id=account_id)
        else:
            yield _note(taken, part, failed, error.message)
    if target.is_local and target.account_ids and not errors and taken.account_id is not None:
        sent = _note(taken, part, Step.SENT, HANDED_OVER)
        yield sent._replace(account_id=taken.account_id, is_inner=True)


def _note(taken: Taken, part: Part, step: Step, detail: str) -> Note:
    address = part.waiting.recipient.address
    return Note(
        step,
        sender=taken.envelope.mail_from,
        recipient=address,
        place=address,
        message_id=trace.name_of(taken.prepared, taken.prefix),
        reference=str(taken.inbound_id),
        size=len(taken.prefix) + taken.prepared.staged.size,
        detail=detail,
    )
