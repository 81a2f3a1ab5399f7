"""Appending several messages as one."""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass

from groupware.core import db
from groupware.core.changes import lock_account
from mail.flags import DRAFT, OWNER, Actor
from mail.services import sentcopies
from mail.services.content import PreparedMessage
from mail.services.messages import Appended, append_message


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A prepared message and what its row is to say."""

    prepared: PreparedMessage
    flags: int = 0
    keywords: Sequence[str] = ()
    internal_date: int | None = None
    internal_zone: int = 0


def append_messages(
    account_id: int,
    collection_id: int,
    new: Sequence[NewMessage],
    *,
    actor: Actor = OWNER,
    is_sent: bool = False,
) -> list[Appended]:
    """Add messages to a mailbox in this order, all or none; durable after the outermost commit.

    Where that is for what was sent (`is_sent`) they replace the server's copies of what the actor
    sent, but for drafts. Raises as `append_message` does.
    """
    # One alone is all or none by itself: a savepoint around it costs a tenth of its work.
    with db.write_transaction() if len(new) > 1 or is_sent else nullcontext():
        if is_sent:
            _replace_copies(account_id, new, actor)
        return [
            append_message(
                account_id,
                collection_id,
                message.prepared,
                flags=message.flags,
                keywords=message.keywords,
                internal_date=message.internal_date,
                internal_zone=message.internal_zone,
                actor=actor,
            )
            for message in new
        ]


def _replace_copies(account_id: int, new: Sequence[NewMessage], actor: Actor) -> None:
    lock_account(account_id)
    for message in new:
        if not message.flags & DRAFT:
            sentcopies.take_back(account_id, message.prepared, actor.account_id or account_id)
