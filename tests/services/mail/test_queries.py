"""Reads of the mail store; how many statements they take is in test_query_counts."""

import pytest

from groupware.core import db
from groupware.core.errors import NotFound
from groupware.core.models import Account
from mail import queries
from mail.columns import FIELDS
from mail.flags import DELETED, FLAGGED, SEEN
from mail.services.copying import copy_messages
from mail.services.flags import StoreOp, store_flags
from mail.services.mailboxes import delete_mailbox
from mail.services.messages import expunge_messages
from tests.services.store import EVERYTHING, append, mailbox, prepared, uids_of
from tests.services.threads import in_thread

pytestmark = pytest.mark.django_db


def fill(account: Account, count: int) -> int:
    """Fill INBOX with `count` messages; return its collection."""
    inbox = mailbox(account).collection_id
    append(account)
    while (held := len(uids_of(account))) < count:
        copy_messages(account.pk, inbox, [(1, min(held, count - held))], account.pk, inbox)
    return inbox


def mark(account: Account, flags: int, ranges: list[tuple[int, int]] = EVERYTHING) -> None:
    store_flags(account.pk, mailbox(account).collection_id, ranges, StoreOp.ADD, flags, ())


def test_mailboxes_are_listed_inbox_first(ann: Account, ben: Account) -> None:
    assert [info.name for info in queries.list_mailboxes(ann.pk)] == [
        "INBOX", "Archive", "Drafts", "Junk", "Sent", "Trash",
    ]  # fmt: skip
    assert all(info.account_id == ann.pk for info in queries.list_mailboxes(ann.pk))


def test_mailbox_is_found_by_name_or_not_at_all(ann: Account) -> None:
    assert queries.find_mailbox(ann.pk, "Nowhere") is None
    with pytest.raises(NotFound):
        queries.get_mailbox(ann.pk, "Nowhere")
    info = queries.get_mailbox(ann.pk, "Sent")
    assert queries.get_mailbox_by_id(info.collection_id) == info


def test_snapshot_holds_the_uids_and_the_first_unseen(ann: Account) -> None:
    inbox = fill(ann, 5)
    mark(ann, SEEN, [(1, 2), (4, 4)])
    snapshot = queries.get_snapshot(ann.pk, inbox)
    assert list(snapshot.uids) == [1, 2, 3, 4, 5]
    assert (snapshot.first_unseen_uid, snapshot.info.unseen) == (3, 2)
    mark(ann, SEEN)
    assert queries.get_snapshot(ann.pk, inbox).first_unseen_uid is None


def test_snapshot_of_another_account_or_a_gone_mailbox_is_not_found(
    ann: Account, ben: Account
) -> None:
    with pytest.raises(NotFound):
        queries.get_snapshot(ann.pk, mailbox(ben).collection_id)
    gone = mailbox(ann, "Sent").collection_id
    delete_mailbox(ann.pk, "Sent")
    with pytest.raises(NotFound):
        queries.get_snapshot(ann.pk, gone)
    assert queries.get_highest_modseq(gone) is None


def test_changes_are_what_happened_since(ann: Account) -> None:
    inbox = fill(ann, 6)
    known = mailbox(ann)
    mark(ann, FLAGGED, [(2, 2)])
    mark(ann, DELETED, [(4, 5)])
    expunge_messages(ann.pk, inbox)
    append(ann, flags=SEEN)
    changes = queries.list_changes(
        inbox, since_modseq=known.highest_modseq, known_uid_next=known.uid_next
    )
    assert [(row[0], row[1]) for row in changes.changed] == [(2, FLAGGED)]
    assert [(row[0], row[1]) for row in changes.new] == [(7, SEEN)]
    assert changes.vanished == [(4, 5)]
    assert changes.info == mailbox(ann)


def test_nothing_since_is_no_change(ann: Account) -> None:
    inbox = fill(ann, 3)
    info = mailbox(ann)
    changes = queries.list_changes(
        inbox, since_modseq=info.highest_modseq, known_uid_next=info.uid_next
    )
    assert (changes.changed, changes.new, changes.vanished) == ([], [], [])
    assert queries.get_highest_modseq(inbox) == info.highest_modseq


def test_message_that_came_and_went_in_between_was_never_there(ann: Account) -> None:
    inbox = fill(ann, 1)
    known = mailbox(ann)
    append(ann, flags=DELETED)
    expunge_messages(ann.pk, inbox)
    changes = queries.list_changes(
        inbox, since_modseq=known.highest_modseq, known_uid_next=known.uid_next
    )
    assert (changes.changed, changes.new) == ([], [])
    assert all(first >= known.uid_next for first, _ in changes.vanished)


def test_batches_follow_each_other_by_the_last_uid(ann: Account) -> None:
    inbox = fill(ann, 25)
    ranges = [(1, 4), (8, 8), (10, 2**62)]
    found: list[int] = []
    while batch := queries.fetch_messages(
        inbox, ranges, ("uid",), after_uid=found[-1] if found else 0, limit=4
    ):
        assert len(batch) <= 4
        found += [row[0] for row in batch]
    assert found == [1, 2, 3, 4, 8, *range(10, 26)]


def test_hundreds_of_ranges_are_fetched_in_order(ann: Account) -> None:
    inbox = fill(ann, 500)
    odd = [(uid, uid) for uid in range(1, 500, 2)]
    first = queries.fetch_messages(inbox, odd, ("uid",), limit=230)
    rest = queries.fetch_messages(inbox, odd, ("uid",), after_uid=first[-1][0], limit=230)
    assert [row[0] for row in [*first, *rest]] == list(range(1, 500, 2))


def test_changed_since_leaves_out_what_did_not_change(ann: Account) -> None:
    inbox = fill(ann, 4)
    known = mailbox(ann).highest_modseq
    mark(ann, FLAGGED, [(3, 3)])
    assert queries.fetch_messages(inbox, EVERYTHING, ("uid",), changed_since=known) == [(3,)]


def test_every_field_can_be_fetched_at_once(ann: Account) -> None:
    append(ann, data=prepared(subject="All of it"), prefix=b"X: y\r\n")
    append(ann)
    names = tuple(FIELDS)
    rows = queries.fetch_messages(mailbox(ann).collection_id, EVERYTHING, names)
    first, second = (dict(zip(names, row, strict=True)) for row in rows)
    assert bytes(first["prefix"]) == b"X: y\r\n"
    assert second["prefix"] is None
    assert first["size"] == first["prefix_size"] + first["blob_size"]
    assert first["base_subject"] == "All of it"


def test_counted_flags_are_those_of_the_counters(ann: Account) -> None:
    inbox = fill(ann, 5)
    mark(ann, SEEN, [(1, 2)])
    mark(ann, DELETED, [(2, 4)])
    info = mailbox(ann)
    assert queries.count_flags(inbox) == (info.items, info.bytes, info.unseen, info.deleted)
    assert queries.count_flags(mailbox(ann, "Sent").collection_id) == (0, 0, 0, 0)


@pytest.mark.django_db(transaction=True)
def test_counters_and_rows_of_one_snapshot_belong_together(ann: Account) -> None:
    inbox = fill(ann, 3)
    with db.read_snapshot():
        info = queries.get_mailbox_by_id(inbox)
        in_thread(lambda: append(ann))
        snapshot = queries.get_snapshot(ann.pk, inbox)
        changes = queries.list_changes(inbox, since_modseq=0, known_uid_next=1)
    assert len(snapshot.uids) == info.items == 3
    assert changes.info == info
    assert len(uids_of(ann)) == 4
