import pytest

from groupware.core import db
from groupware.core.changes import begin_change, next_uid_validity, touch_collection
from groupware.core.directory import set_quota
from groupware.core.errors import NotFound, OverQuota, Stale
from groupware.core.events import CollectionChanged
from groupware.core.models import Account
from tests.services.store import collection_of, state_of

pytestmark = pytest.mark.django_db
NOBODY = 10**12


def test_each_change_draws_the_next_modseq(ann: Account) -> None:
    first = begin_change(ann.pk).modseq
    assert [begin_change(ann.pk).modseq for _ in range(3)] == [first + 1, first + 2, first + 3]
    assert state_of(ann).next_modseq == first + 4


def test_accounts_count_apart(ann: Account, ben: Account) -> None:
    before = begin_change(ann.pk).modseq
    begin_change(ben.pk)
    assert begin_change(ann.pk).modseq == before + 1


def test_quota_holds_to_the_last_octet(ann: Account) -> None:
    set_quota(ann.login, 100)
    begin_change(ann.pk, add_bytes=60, add_items=1)
    assert begin_change(ann.pk, add_bytes=40, add_items=1).bytes_used == 100
    with pytest.raises(OverQuota):
        begin_change(ann.pk, add_bytes=1)


def test_refused_change_leaves_nothing(ann: Account) -> None:
    set_quota(ann.login, 100)
    before = state_of(ann)
    with pytest.raises(OverQuota):
        begin_change(ann.pk, add_bytes=101, add_items=1)
    after = state_of(ann)
    assert (after.next_modseq, after.bytes_used, after.items_used) == (
        before.next_modseq,
        before.bytes_used,
        before.items_used,
    )


def test_full_account_still_changes_and_gives_back(ann: Account) -> None:
    begin_change(ann.pk, add_bytes=100, add_items=2)
    set_quota(ann.login, 50)
    begin_change(ann.pk)
    assert begin_change(ann.pk, add_bytes=-30, add_items=-1).bytes_used == 70
    with pytest.raises(OverQuota):
        begin_change(ann.pk, add_bytes=1)


def test_quota_of_zero_is_none(ann: Account) -> None:
    assert begin_change(ann.pk, add_bytes=2**50).bytes_used == 2**50


def test_nobody_has_no_counter(db: None) -> None:
    with pytest.raises(NotFound):
        begin_change(NOBODY)
    with pytest.raises(NotFound):
        begin_change(NOBODY, add_bytes=1)
    with pytest.raises(NotFound):
        next_uid_validity(NOBODY)


def test_uid_validity_is_never_drawn_twice(ann: Account) -> None:
    drawn = [next_uid_validity(ann.pk) for _ in range(5)]
    assert drawn == sorted(set(drawn))
    assert state_of(ann).next_uid_validity == drawn[-1] + 1
    assert collection_of(ann).uid_validity < drawn[0]


def test_touched_collection_counts_and_draws_uids_in_a_row(ann: Account) -> None:
    inbox = collection_of(ann)
    change = begin_change(ann.pk)
    assert touch_collection(change, inbox.pk, uids=3, items=3, size=30) == 1
    assert touch_collection(change, inbox.pk, uids=2, items=2, size=20) == 4
    touch_collection(change, inbox.pk, items=-1, size=-10)
    inbox.refresh_from_db()
    assert (inbox.uid_next, inbox.items, inbox.bytes) == (6, 4, 40)
    assert inbox.highest_modseq == change.modseq


def test_only_the_touched_collection_gets_the_modseq(ann: Account) -> None:
    before = collection_of(ann, "Sent").highest_modseq
    touch_collection(begin_change(ann.pk), collection_of(ann).pk)
    assert collection_of(ann, "Sent").highest_modseq == before


def test_collection_of_another_account_is_gone_for_a_change(ann: Account, ben: Account) -> None:
    foreign = collection_of(ben)
    with pytest.raises(Stale):
        touch_collection(begin_change(ann.pk), foreign.pk, uids=1)
    assert collection_of(ben).uid_next == foreign.uid_next


@pytest.mark.django_db(transaction=True)
def test_change_is_published_after_its_commit(ann: Account, published: list[object]) -> None:
    inbox = collection_of(ann)
    published.clear()
    with db.write_transaction():
        change = begin_change(ann.pk)
        touch_collection(change, inbox.pk)
        assert published == []
    assert published == [CollectionChanged(ann.pk, inbox.pk, change.modseq)]


@pytest.mark.django_db(transaction=True)
def test_change_that_was_undone_is_not_published(ann: Account, published: list[object]) -> None:
    inbox = collection_of(ann)
    published.clear()
    with pytest.raises(ValueError, match="undone"), db.write_transaction():  # noqa: PT012
        touch_collection(begin_change(ann.pk), inbox.pk)
        raise ValueError("undone")
    assert published == []
