"""Drafts: messages that somebody still writes, and what becomes of one that is sent.

A message never changes: a draft that is changed is another message in its place.
"""

from dataclasses import dataclass

from groupware.core import db
from groupware.core.changes import lock_account
from groupware.core.errors import Stale
from mail import queries
from mail.flags import DRAFT, OWNER, SEEN, Actor
from mail.models.mailbox import SpecialUse
from mail.services import submission
from mail.services.content import PreparedMessage
from mail.services.mailboxes import provide_mailbox
from mail.services.messages import Appended, append_message, remove_messages


@dataclass(frozen=True, slots=True)
class DraftPlace:
    """Where a draft is."""

    account_id: int
    collection_id: int
    uid: int


def save_draft(account_id: int, prepared: PreparedMessage) -> tuple[int, Appended]:
    """Put a new draft into the account's Drafts; return its mailbox, and where it is there.

    Raises `OverQuota`, `BlobGone`.
    """
    with db.write_transaction():
        lock_account(account_id)
        collection_id = provide_mailbox(account_id, SpecialUse.DRAFTS)
        return collection_id, append_message(
            account_id, collection_id, prepared, flags=DRAFT | SEEN
        )


def replace_draft(place: DraftPlace, prepared: PreparedMessage, actor: Actor = OWNER) -> Appended:
    """Put another draft in the place of one; what it was is gone.

    The new one comes first, so that the quota must hold both. Raises as `save_draft`, `Stale` where
    the draft is gone.
    """
    with db.write_transaction():
        lock_account(place.account_id)
        _require(place)
        appended = append_message(
            place.account_id, place.collection_id, prepared, flags=DRAFT | SEEN, actor=actor
        )
        remove_messages(place.account_id, place.collection_id, [(place.uid, place.uid)])
        return appended


def send_draft(prepared: submission.Prepared, place: DraftPlace) -> int:
    """Send what a draft of the sender's own became, and remove the draft, in one transaction.

    Raises as `submission.commit`, and `Stale` where the draft is gone: it was sent or changed.
    """
    with db.write_transaction():
        inbound_id = submission.commit(prepared)  # takes the locks, in their order
        _require(place)
        remove_messages(place.account_id, place.collection_id, [(place.uid, place.uid)])
    return inbound_id


def _require(place: DraftPlace) -> None:
    span = [(place.uid, place.uid)]
    if not queries.fetch_messages(place.collection_id, span, ("uid",)):
        raise Stale("The draft is gone: it was sent, or changed elsewhere.")
