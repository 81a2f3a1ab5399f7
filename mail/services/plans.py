"""What is to be done with a message that was taken: for each recipient where it leads."""

from dataclasses import dataclass, field

import structlog

from groupware.core.errors import GroupwareError
from mail.flow import trace
from mail.services import outside
from mail.services.filing import Arrival
from mail.services.inbound import Taken, Waiting
from mail.services.lists import Dropped
from mail.services.targets import Target, find_target, hold_back, load_target
from mail.services.trace import Passage

_log = structlog.get_logger("groupware.fanout")


@dataclass(frozen=True, slots=True)
class Part:
    """A recipient that waits, and what it leads to, or why to nothing."""

    waiting: Waiting
    target: Target
    error: GroupwareError | None = None


@dataclass(slots=True)
class Plan:
    """A message, its parts, and what each account is to get that has not got it.

    `outcomes` is what became of accounts: None where one has the message.
    """

    taken: Taken
    parts: list[Part]
    arrivals: dict[int, Arrival] = field(default_factory=dict)
    outcomes: dict[int, GroupwareError | None] = field(default_factory=dict)


def make_plan(taken: Taken) -> Plan:
    """Find out where a message goes, in the caller's snapshot.

    An account that several recipients lead to gets it as the first of them.
    """
    find = _lead_elsewhere if _is_sent_elsewhere(taken) else _find_part
    plan = Plan(taken, [find(held, taken) for held in taken.waiting])
    plan.outcomes.update(dict.fromkeys(taken.delivered))
    for part in plan.parts:
        target = part.target
        prefix = trace.return_path(target.mail_from) + target.prefix + taken.prefix
        passage = Passage(
            taken.envelope.mail_from,
            part.waiting.recipient.address,
            str(taken.inbound_id),
        )
        arrival = Arrival(prefix, target.detail, taken.is_junk, taken.is_notice, passage=passage)
        for account_id in target.account_ids:
            if account_id not in plan.outcomes:
                plan.arrivals.setdefault(account_id, arrival)
    return plan


def _find_part(held: Waiting, taken: Taken) -> Part:
    address = held.recipient.address
    if held.expansion:
        return Part(held, load_target(held.expansion))
    try:
        target = find_target(address, taken)
        return Part(held, hold_back(target) if taken.is_junk else target)
    except GroupwareError as error:
        if isinstance(error, Dropped):
            _log.info("dropped", inbound=taken.inbound_id, detail=error.detail)
        return Part(held, Target(address, mail_from=taken.envelope.mail_from), error)


def _is_sent_elsewhere(taken: Taken) -> bool:
    """Tell whether its sender is an address elsewhere, whose server sends all its mail."""
    account_id, mail_from = taken.account_id, taken.envelope.mail_from
    return account_id is not None and outside.sender_for(account_id, mail_from) is not None


def _lead_elsewhere(held: Waiting, taken: Taken) -> Part:
    """Let a recipient be reached through the server of its sender, also one who is here.

    What is certified is so only where its provider has seen it (docs/adr/0046).
    """
    address, mail_from = held.recipient.address, taken.envelope.mail_from
    return Part(
        held, Target(address, (), (address,), mail_from=mail_from, sender=mail_from, is_local=False)
    )
