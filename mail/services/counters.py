"""Counting anew what a mailbox counts by the owner's flags, for `doctor --repair`."""

from groupware.core import db
from groupware.core.changes import begin_change
from mail.models import Mailbox
from mail.queries import count_flags


def recount_flags(account_id: int, collection_id: int) -> None:
    """Set a mailbox's unseen and deleted to what it holds; raises `NotFound`, `Busy`."""
    with db.write_transaction():
        begin_change(account_id)
        _, _, unseen, deleted = count_flags(collection_id)
        Mailbox.objects.filter(collection_id=collection_id).update(unseen=unseen, deleted=deleted)
