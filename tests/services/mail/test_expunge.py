import pytest

from groupware.core.models import Account, Tombstone
from mail.flags import DELETED, SEEN
from mail.models import MessagePrefix, MessageReader
from mail.services.messages import expunge_messages
from tests.services.store import append, mailbox, rows_of, state_of, uids_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def seven(ann: Account) -> Account:
    """Return an account whose INBOX has seven messages, the even ones marked for deletion."""
    for uid in range(1, 8):
        append(ann, flags=SEEN if uid % 2 else DELETED, prefix=b"X-Uid: %d\r\n" % uid)
    return ann


def expunge(account: Account, ranges: list[tuple[int, int]] | None = None) -> list[int]:
    return expunge_messages(account.pk, mailbox(account).collection_id, ranges)


def tombstones(account: Account) -> list[tuple[int, int]]:
    gone = Tombstone.objects.filter(collection_id=mailbox(account).collection_id)
    return list(gone.order_by("uid_first").values_list("uid_first", "uid_last"))


def test_only_marked_messages_go(seven: Account) -> None:
    assert expunge(seven) == [2, 4, 6]
    assert uids_of(seven) == [1, 3, 5, 7]


def test_ranges_bound_what_goes(seven: Account) -> None:
    assert expunge(seven, [(1, 2), (5, 6)]) == [2, 6]
    assert uids_of(seven) == [1, 3, 4, 5, 7]
    assert mailbox(seven).deleted == 1


def test_counters_and_quota_are_given_back(seven: Account) -> None:
    expunge(seven)
    info, state = mailbox(seven), state_of(seven)
    size = sum(row[0] for row in rows_of(seven, "INBOX", "size"))
    assert (info.items, info.bytes, info.unseen, info.deleted) == (4, size, 0, 0)
    assert (state.items_used, state.bytes_used) == (4, size)
    assert MessagePrefix.objects.count() == 4


def test_tombstones_say_what_went_and_when(seven: Account) -> None:
    expunge(seven, [(2, 2)])
    first = mailbox(seven).highest_modseq
    expunge(seven)
    assert tombstones(seven) == [(2, 2), (4, 4), (6, 6)]
    modseqs = list(Tombstone.objects.order_by("uid_first").values_list("modseq", flat=True))
    assert modseqs[0] == first < modseqs[1] == modseqs[2] == mailbox(seven).highest_modseq


def test_neighbours_share_a_tombstone(ann: Account) -> None:
    for _ in range(5):
        append(ann, flags=DELETED)
    expunge(ann, [(1, 3), (5, 5)])
    assert tombstones(ann) == [(1, 3), (5, 5)]


def test_nothing_to_expunge_changes_nothing(ann: Account) -> None:
    append(ann)
    before = mailbox(ann)
    assert expunge(ann) == []
    assert expunge(ann, [(5, 9)]) == []
    assert mailbox(ann) == before
    assert tombstones(ann) == []


def test_uid_of_an_expunged_message_is_never_given_again(ann: Account) -> None:
    append(ann, flags=DELETED)
    expunge(ann)
    assert append(ann).uid == 2


def test_seen_of_other_readers_goes_with_the_message(seven: Account, ben: Account) -> None:
    inbox = mailbox(seven).collection_id
    for uid in (1, 2, 4):
        MessageReader.objects.create(
            account=seven, collection_id=inbox, uid=uid, reader=ben, seen=True, modseq=1
        )
    expunge(seven, [(1, 3)])
    assert sorted(MessageReader.objects.values_list("uid", flat=True)) == [1, 4]


def test_mailbox_of_another_account_is_left_alone(seven: Account, ben: Account) -> None:
    expunge_messages(ben.pk, mailbox(seven).collection_id)
    assert uids_of(seven) == [1, 2, 3, 4, 5, 6, 7]


def test_an_expunge_that_finds_nothing_writes_nothing(seven: Account) -> None:
    """A client that closes a mailbox need not wait for the disk, and nobody is woken."""
    expunge(seven)
    before = state_of(seven).next_modseq
    assert expunge(seven) == []
    assert state_of(seven).next_modseq == before
