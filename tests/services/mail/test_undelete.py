from collections.abc import Callable
from typing import Any

import pytest

from groupware.core import blobs, db, limits, outbox
from groupware.core.blobs import collector
from groupware.core.clock import epoch
from groupware.core.directory import delete_account, set_quota
from groupware.core.errors import OverQuota, Stale
from groupware.core.models import Account, Blob, OutboxRow
from mail import queries
from mail.flags import DELETED, FLAGGED, SEEN
from mail.models import ExpungedMessage, MessageContent
from mail.services import expunged
from mail.services.content import prepare_message
from mail.services.copying import copy_messages, move_messages
from mail.services.expunged import DAY, let_go
from mail.services.mailboxes import create_mailbox, delete_mailbox, rename_mailbox
from mail.services.messages import expunge_messages
from mail.services.undelete import (
    Restorable,
    Selection,
    list_restorable,
    prepare_mailbox,
    restore_messages,
)
from mail.space import count_restorable
from tests.conftest import SetLimit
from tests.services.damage import find
from tests.services.store import (
    EVERYTHING,
    append,
    mailbox,
    message,
    prepared,
    rows_of,
    state_of,
    uids_of,
)

pytestmark = pytest.mark.django_db

KEPT = ("flags", "keywords", "size", "internal_date", "internal_zone", "prefix", "email_id")


def expunge(account: Account, name: str = "INBOX") -> None:
    expunge_messages(account.pk, mailbox(account, name).collection_id)


def kept(account: Account, **fields: Any) -> list[Restorable]:
    return list(list_restorable(Selection(account.pk, **fields)))


def restore(account: Account, **fields: Any) -> None:
    """Restore everything that is meant, each message into the mailbox it was in."""
    for row in kept(account, **fields):
        target = prepare_mailbox(account.pk, row.mailbox_id, row.mailbox)
        restore_messages(account.pk, target, [row.key])


def age(days: float, **which: Any) -> None:
    assert ExpungedMessage.objects.filter(**which).update(expunged_at=epoch() - int(days * DAY))


def test_a_restored_message_is_what_it_was_but_for_its_uid(ann: Account) -> None:
    append(
        ann,
        flags=SEEN | DELETED,
        keywords=["$Junk", "work"],
        internal_date=1_000_000_000,
        internal_zone=-330,
        prefix=b"Delivered-To: ann@example.test\r\n",
    )
    append(ann, flags=FLAGGED | DELETED)
    before = rows_of(ann, "INBOX", *KEPT, "thread_id", "blob_id")
    expunge(ann)
    assert uids_of(ann) == []
    restore(ann)
    assert uids_of(ann) == [3, 4]
    after = rows_of(ann, "INBOX", *KEPT, "thread_id", "blob_id")
    assert [row[1:] for row in after] == [row[1:] for row in before]
    assert [row[0] for row in after] == [SEEN, FLAGGED]
    assert kept(ann) == []
    assert find(deep=True) == []


def test_what_is_kept_is_not_charged_and_what_is_restored_is(ann: Account) -> None:
    append(ann, flags=DELETED)
    used = state_of(ann).bytes_used
    expunge(ann)
    assert (state_of(ann).bytes_used, state_of(ann).items_used) == (0, 0)
    assert count_restorable(ann.pk) == (1, used)
    restore(ann)
    assert (state_of(ann).bytes_used, state_of(ann).items_used) == (used, 1)
    assert (mailbox(ann).items, mailbox(ann).unseen, mailbox(ann).deleted) == (1, 1, 0)
    assert count_restorable(ann.pk) == (0, 0)


def test_what_does_not_fit_stays_kept(ann: Account) -> None:
    append(ann, flags=DELETED)
    expunge(ann)
    set_quota(ann.login, 1)
    with pytest.raises(OverQuota):
        restore(ann)
    assert len(kept(ann)) == 1
    assert uids_of(ann) == []


def test_restored_messages_are_in_the_order_of_their_old_uids(ann: Account) -> None:
    sizes = [append(ann, flags=DELETED, data=prepared(400 + number)).uid for number in range(3)]
    collection_id = mailbox(ann).collection_id
    for uid in reversed(sizes):
        expunge_messages(ann.pk, collection_id, [(uid, uid)])
    keys = [row.key for row in kept(ann)]
    assert restore_messages(ann.pk, collection_id, keys) == 3
    assert rows_of(ann, "INBOX", "uid", "size") == [(4, 400), (5, 401), (6, 402)]


def test_other_sessions_are_told_what_is_restored(ann: Account) -> None:
    append(ann, flags=DELETED)
    expunge(ann)
    modseq = mailbox(ann).highest_modseq
    restore(ann)
    changes = queries.list_changes(
        mailbox(ann).collection_id, since_modseq=modseq, known_uid_next=2
    )
    assert [row[0] for row in changes.new] == [2]


def test_a_move_keeps_nothing(ann: Account, ben: Account) -> None:
    append(ann)
    append(ann)
    inbox = mailbox(ann).collection_id
    move_messages(ann.pk, inbox, [(1, 1)], ann.pk, mailbox(ann, "Trash").collection_id)
    move_messages(ann.pk, inbox, [(2, 2)], ben.pk, mailbox(ben).collection_id)
    assert outbox.sweep(now=OutboxRow.objects.get().run_after) == 1
    assert uids_of(ann) == []
    assert not ExpungedMessage.objects.exists()


def test_a_deleted_mailbox_comes_back_with_its_messages(ann: Account) -> None:
    create_mailbox(ann.pk, "Work/2026")
    append(ann, "Work/2026", keywords=["$Label1"])
    append(ann, "Work/2026", flags=SEEN)
    before = rows_of(ann, "Work/2026", "flags", "keywords", "blob_id")
    delete_mailbox(ann.pk, "Work/2026")
    delete_mailbox(ann.pk, "Work")
    restore(ann)
    assert rows_of(ann, "Work/2026", "flags", "keywords", "blob_id") == before
    assert "Work/2026" in queries.list_subscriptions(ann.pk)
    assert find(deep=True) == []


def test_a_name_that_cannot_be_selected_becomes_a_mailbox_again(ann: Account) -> None:
    create_mailbox(ann.pk, "Work/2026")
    append(ann, "Work")
    delete_mailbox(ann.pk, "Work")
    restore(ann)
    assert uids_of(ann, "Work") == [1]


def test_messages_follow_their_mailbox_to_its_new_name(ann: Account) -> None:
    create_mailbox(ann.pk, "Work")
    append(ann, "Work", flags=DELETED)
    expunge(ann, "Work")
    rename_mailbox(ann.pk, "Work", "Play")
    create_mailbox(ann.pk, "Work")
    assert [row.mailbox for row in kept(ann)] == ["Play"]
    restore(ann, mailbox="Play")
    assert (uids_of(ann, "Play"), uids_of(ann, "Work")) == ([2], [])


def test_keywords_come_back_in_the_spelling_of_the_mailbox(ann: Account) -> None:
    create_mailbox(ann.pk, "Work")
    append(ann, "Work", keywords=["LATER", "b"])
    delete_mailbox(ann.pk, "Work")
    create_mailbox(ann.pk, "Work")
    append(ann, "Work", keywords=["Later"])
    restore(ann)
    assert rows_of(ann, "Work", "keywords") == [("Later",), ("b Later",)]
    assert mailbox(ann, "Work").keywords == ("b", "Later")


def test_a_selection_narrows_by_mailbox_moment_sender_and_subject(ann: Account) -> None:
    for subject in ("Invoice 1", "=?utf-8?q?Stra=C3=9Fe?="):
        append(ann, flags=DELETED, data=prepared(subject=subject))
    append(ann, "Trash", flags=DELETED)
    expunge(ann)
    expunge(ann, "Trash")
    age(3, uid=1, mailbox="INBOX")
    assert [row.mailbox for row in kept(ann, mailbox="Trash")] == ["Trash"]
    assert [row.subject for row in kept(ann, subject="invoice")] == ["Invoice 1"]
    assert [row.subject for row in kept(ann, subject="STRASSE")] == ["Straße"]
    assert len(kept(ann, sender="@Outside.test")) == 3
    assert kept(ann, sender="nobody") == []
    assert len(kept(ann, since=epoch() - DAY)) == 2


def test_only_own_messages_are_restored(ann: Account, ben: Account) -> None:
    append(ben, flags=DELETED)
    expunge(ben)
    assert kept(ann) == []
    keys = [row.key for row in kept(ben)]
    assert restore_messages(ann.pk, mailbox(ann).collection_id, keys) == 0
    with pytest.raises(Stale):
        restore_messages(ben.pk, mailbox(ann).collection_id, keys)
    assert len(kept(ben)) == 1


def test_a_second_restoration_finds_nothing_to_do(ann: Account) -> None:
    append(ann, flags=DELETED)
    expunge(ann)
    keys = [row.key for row in kept(ann)]
    assert [restore_messages(ann.pk, mailbox(ann).collection_id, keys) for _ in "12"] == [1, 0]
    assert uids_of(ann) == [2]


def test_bytes_are_held_until_they_are_let_go_of(ann: Account) -> None:
    data = message()
    append(ann, data=prepare_message(data), flags=DELETED)
    expunge(ann)
    assert collector.collect_unreferenced(min_age=0) == 0
    assert blobs.read(Blob.objects.get().pk) == data
    age(15)
    assert let_go() == 1
    assert collector.collect_unreferenced(min_age=0) == 1


def test_a_kept_message_without_its_index_is_a_fault_that_is_repaired(ann: Account) -> None:
    append(ann, flags=DELETED, data=prepared(subject="Hello"))
    expunge(ann)
    MessageContent.objects.all().delete()
    [fault] = find()
    assert fault.where.startswith("ann@example.test: row ")
    assert fault.what == "the message is not indexed: no client can list it"
    assert fault.repair is not None
    fault.repair.run()
    assert [row.subject for row in kept(ann)] == ["Hello"]
    assert find(deep=True) == []


def test_what_is_younger_than_the_limit_is_kept(ann: Account, set_limit: SetLimit) -> None:
    for _ in range(3):
        append(ann, flags=DELETED)
    expunge(ann)
    age(13, uid=1)
    assert let_go() == 0
    set_limit(limits.UNDELETE_DAYS, 12)
    assert let_go() == 1
    assert [row.uid for row in kept(ann)] == [2, 3]


def test_nothing_is_kept_where_the_limit_is_zero(ann: Account, set_limit: SetLimit) -> None:
    set_limit(limits.UNDELETE_DAYS, 0)
    append(ann, flags=DELETED)
    expunge(ann)
    create_mailbox(ann.pk, "Work")
    append(ann, "Work")
    delete_mailbox(ann.pk, "Work")
    assert kept(ann) == []


def test_all_batches_of_all_accounts_are_let_go_of(
    ann: Account, ben: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expunged, "BATCH", 2)
    for account in (ann, ben, ann, ben, ann):
        append(account, flags=DELETED)
        expunge(account)
    age(15)
    assert let_go() == 5
    assert not ExpungedMessage.objects.exists()


def test_a_disk_that_is_short_of_room_gets_it_from_the_oldest(
    ann: Account, set_limit: SetLimit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expunged, "BATCH", 2)
    for _ in range(5):
        append(ann, flags=DELETED)
    expunge(ann)
    Blob.objects.update(created_at=epoch() - collector.MIN_AGE)
    assert let_go() == 0
    with monkeypatch.context() as patched:
        answers = iter([True, False])
        patched.setattr(expunged, "_is_short_of_room", lambda: next(answers))
        assert let_go() == 2
    assert [row.uid for row in kept(ann)] == [3, 4, 5]
    assert Blob.objects.count() == 3
    set_limit(limits.DISK_RESERVE, 1 << 60)
    assert let_go() == 3


def test_what_would_make_no_room_yet_is_not_let_go_of(
    ann: Account, set_limit: SetLimit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expunged, "BATCH", 2)
    for _ in range(5):
        append(ann, flags=DELETED)
    expunge(ann)
    set_limit(limits.DISK_RESERVE, 1 << 60)
    assert let_go() == 2


def test_with_an_account_goes_all_that_was_kept_of_it(ann: Account, ben: Account) -> None:
    for account in (ann, ben):
        append(account, flags=DELETED)
        expunge(account)
    delete_account(ann.login)
    assert list(ExpungedMessage.objects.values_list("account_id", flat=True)) == [ben.pk]


def test_a_copy_of_a_kept_message_stays_where_it_is(ann: Account) -> None:
    append(ann, flags=DELETED)
    inbox = mailbox(ann).collection_id
    copy_messages(ann.pk, inbox, EVERYTHING, ann.pk, mailbox(ann, "Archive").collection_id)
    expunge(ann)
    restore(ann)
    assert (uids_of(ann), uids_of(ann, "Archive")) == ([2], [1])
    assert find(deep=True) == []


@pytest.mark.parametrize("number", [1, 30])
def test_keeping_and_restoring_take_a_fixed_number_of_statements(
    ann: Account, number: int, django_assert_num_queries: Callable[[int], Any]
) -> None:
    first = prepared()
    for _ in range(number):
        append(ann, flags=DELETED, data=first, prefix=b"X-Trace: 1\r\n", keywords=["a"])
    expunge(ann)
    keys = [row.key for row in kept(ann)]
    collection_id = mailbox(ann).collection_id
    with django_assert_num_queries(11 if db.is_sqlite() else 12):  # one for the lock
        restore_messages(ann.pk, collection_id, keys)
