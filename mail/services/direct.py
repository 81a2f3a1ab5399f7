"""Filing a message at once where a row of it would only be worked off a moment later.

Most messages have one recipient, who is one account. To write the row of what was taken, and then
to file it and take the row away, are two transactions where one does: the reply promises that
the message is in its mailbox already (docs/adr/0048). Everything else goes by `mail.services.inbound`.
"""

from dataclasses import dataclass, replace
from functools import partial

from groupware.core import crashpoints, db
from groupware.core.blobs import BlobGone
from groupware.core.clock import epoch
from groupware.core.errors import GroupwareError, NotAllowed
from mail.flow.envelopes import SUCCESS
from mail.services.filing import Arrival, file_message
from mail.services.inbound import NewInbound, Taken, Waiting
from mail.services.plans import make_plan
from mail.services.trace import Passage


@dataclass(frozen=True, slots=True)
class Direct:
    """The one account that a message is for, and how it arrives there."""

    account_id: int
    arrival: Arrival


def find_direct(new: NewInbound, header: bytes) -> Direct | None:
    """Return where a message can be filed at once, in the caller's snapshot.

    None where it has several recipients, leads to several places or outside, is for a list, or
    where somebody is to be told what became of it. `header` is the message's own. Raises
    `NotAllowed` where its author may not write there, which RCPT could not know: a report of it
    would go to whoever the envelope names.
    """
    if len(new.envelope.recipients) != 1 or new.account_id is not None:
        return None
    plan = make_plan(_as_taken(new, header))
    target, error = plan.parts[0].target, plan.parts[0].error
    if isinstance(error, NotAllowed):
        raise error
    leads_on = target.outside or target.held_back or target.is_list
    if error is not None or leads_on or new.envelope.recipients[0].wants(SUCCESS):
        return None
    if len(plan.arrivals) != 1:
        return None
    return Direct(*next(iter(plan.arrivals.items())))


def _as_taken(new: NewInbound, header: bytes) -> Taken:
    """Return the message as it would be read from its row."""
    waiting = [Waiting(0, recipient, is_relayed=False) for recipient in new.envelope.recipients]
    return Taken(
        0,
        new.account_id,
        0,
        new.prefix,
        new.envelope,
        new.is_trusted,
        new.is_junk,
        epoch(),
        new.prepared,
        waiting,
        frozenset(),
        new.prefix + header,
    )


def file_directly(direct: Direct, new: NewInbound) -> bool:
    """File a message in a transaction of its own; False where its row is to wait for that.

    The account may be full, or its mailbox gone, since it was looked at: the fan-out knows what
    comes of it. Raises `BlobGone`.
    """
    passage = Passage(
        new.envelope.mail_from, new.envelope.recipients[0].address, new.reference, new.peer
    )
    try:
        file_message(direct.account_id, new.prepared, replace(direct.arrival, passage=passage))
    except BlobGone:
        raise
    except GroupwareError:
        return False
    db.on_commit(partial(crashpoints.reach, "inbound-filed"))
    return True
