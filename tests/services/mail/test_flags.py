from collections.abc import Sequence

import pytest

from groupware.core import limits
from groupware.core.errors import LimitExceeded, NotFound, Stale
from groupware.core.models import Account
from mail.flags import ANSWERED, DELETED, DRAFT, FLAGGED, SEEN
from mail.services.flags import Stored, StoreOp, store_flags
from mail.services.mailboxes import delete_mailbox
from tests.conftest import SetLimit
from tests.services.store import EVERYTHING, append, mailbox, rows_of, state_of

pytestmark = pytest.mark.django_db
SET, ADD, REMOVE = StoreOp.SET, StoreOp.ADD, StoreOp.REMOVE


def store(
    account: Account,
    op: StoreOp,
    flags: int = 0,
    keywords: Sequence[str] = (),
    ranges: Sequence[tuple[int, int]] = EVERYTHING,
    *,
    unchanged_since: int | None = None,
) -> Stored:
    return store_flags(
        account.pk,
        mailbox(account).collection_id,
        ranges,
        op,
        flags,
        keywords,
        unchanged_since=unchanged_since,
    )


def state(account: Account) -> list[tuple[int, str]]:
    """Return flags and keywords of each message of INBOX."""
    return [(row[1], row[2]) for row in rows_of(account)]


@pytest.mark.parametrize(
    ("op", "flags", "keywords", "expected"),
    [
        (SET, SEEN, (), (SEEN, "")),
        (SET, 0, ("b",), (0, "b")),
        (SET, 0, (), (0, "")),
        (ADD, SEEN, (), (SEEN | FLAGGED, "a c")),
        (ADD, FLAGGED, ("b", "A"), (FLAGGED, "a b c")),
        (ADD, 0, (), (FLAGGED, "a c")),
        (REMOVE, FLAGGED, ("C",), (0, "a")),
        (REMOVE, SEEN | DELETED, ("x",), (FLAGGED, "a c")),
        (SET, SEEN | ANSWERED | FLAGGED | DELETED | DRAFT, ("c", "a"), (31, "a c")),
    ],
)
def test_store_sets_adds_and_removes(
    ann: Account, op: StoreOp, flags: int, keywords: Sequence[str], expected: tuple[int, str]
) -> None:
    append(ann, flags=FLAGGED, keywords=("c", "a"))
    stored = store(ann, op, flags, keywords)
    assert state(ann) == [expected]
    assert [(row[1], row[2]) for row in stored.rows] == [expected]


def test_changed_messages_get_one_new_modseq(ann: Account) -> None:
    for _ in range(3):
        append(ann)
    before = state_of(ann).next_modseq
    stored = store(ann, ADD, SEEN, ranges=[(1, 2)])
    assert stored.modseq == before
    assert [row[3] for row in rows_of(ann)][:2] == [before, before]
    assert stored.rows == rows_of(ann)[:2]
    assert mailbox(ann).highest_modseq == before


def test_message_that_would_not_change_keeps_its_modseq(ann: Account) -> None:
    append(ann, flags=SEEN)
    append(ann)
    first, second = (row[3] for row in rows_of(ann))
    stored = store(ann, ADD, SEEN)
    assert [row[3] for row in stored.rows] == [first, stored.modseq]
    assert [row[3] for row in rows_of(ann)] == [first, stored.modseq]
    assert stored.modseq > second


def test_store_that_changes_nothing_leaves_the_mailbox_as_it_was(ann: Account) -> None:
    append(ann, flags=SEEN, keywords=("Work",))
    before = mailbox(ann)
    for op, flags, keywords in (
        (ADD, SEEN, ("work",)),
        (REMOVE, DELETED, ("x",)),
        (SET, SEEN, ("WORK",)),
    ):
        stored = store(ann, op, flags, keywords)
        assert stored.modseq == 0
        assert stored.rows == rows_of(ann)
    assert mailbox(ann) == before


def test_unchanged_since_refuses_what_changed_after_it(ann: Account) -> None:
    for _ in range(3):
        append(ann)
    seen_until = mailbox(ann).highest_modseq
    store(ann, ADD, FLAGGED, ranges=[(2, 2)])
    stored = store(ann, ADD, SEEN, unchanged_since=seen_until)
    assert stored.modified == [2]
    assert [row[0] for row in stored.rows] == [1, 3]
    assert [flags for flags, _ in state(ann)] == [SEEN, FLAGGED, SEEN]


def test_unchanged_since_zero_refuses_everything(ann: Account) -> None:
    append(ann)
    stored = store(ann, ADD, SEEN, unchanged_since=0)
    assert (stored.modified, stored.rows, stored.modseq) == ([1], [], 0)


def test_counters_follow_the_flags(ann: Account) -> None:
    for flags in (0, SEEN, DELETED, SEEN | DELETED):
        append(ann, flags=flags)
    store(ann, ADD, SEEN, ranges=[(1, 2)])
    assert (mailbox(ann).unseen, mailbox(ann).deleted) == (1, 2)
    store(ann, SET, DELETED)
    assert (mailbox(ann).unseen, mailbox(ann).deleted) == (4, 4)
    store(ann, REMOVE, DELETED, ranges=[(4, 4)])
    assert (mailbox(ann).unseen, mailbox(ann).deleted) == (4, 3)


def test_messages_that_are_not_there_are_left_out(ann: Account) -> None:
    append(ann)
    assert [row[0] for row in store(ann, ADD, SEEN, ranges=[(1, 1), (7, 9)]).rows] == [1]
    assert store(ann, ADD, FLAGGED, ranges=[(5, 5)]).rows == []


def test_hundreds_of_ranges_are_stored_at_once(ann: Account) -> None:
    for _ in range(5):
        append(ann)
    scattered = [(uid, uid) for uid in range(1, 1000, 2)]
    assert [row[0] for row in store(ann, ADD, SEEN, ranges=scattered).rows] == [1, 3, 5]


def test_keyword_keeps_its_first_spelling(ann: Account) -> None:
    append(ann, keywords=("Work",))
    append(ann)
    store(ann, ADD, keywords=("WORK", "Home"))
    store(ann, SET, keywords=("home",), ranges=[(1, 1)])
    assert [words for _, words in state(ann)] == ["Home", "Home Work"]
    assert mailbox(ann).keywords == ("Home", "Work")


def test_mailbox_remembers_keywords_that_no_message_has_any_more(ann: Account) -> None:
    append(ann, keywords=("Work",))
    store(ann, REMOVE, keywords=("work",))
    assert state(ann) == [(0, "")]
    assert mailbox(ann).keywords == ("Work",)


def test_removed_keyword_is_not_remembered_as_a_new_one(ann: Account) -> None:
    append(ann, flags=SEEN)
    store(ann, REMOVE, SEEN, ("never",))
    assert mailbox(ann).keywords == ()


def test_keywords_of_a_mailbox_are_limited(ann: Account, set_limit: SetLimit) -> None:
    set_limit(limits.KEYWORDS, 2)
    append(ann, keywords=("a", "b"))
    append(ann)
    with pytest.raises(LimitExceeded):
        store(ann, SET, SEEN, keywords=("c",))
    assert state(ann) == [(0, "a b"), (0, "")]
    assert mailbox(ann).keywords == ("a", "b")
    store(ann, SET, keywords=("B", "a"), ranges=[(2, 2)])
    store(ann, REMOVE, keywords=("a", "c"), ranges=[(1, 1)])
    assert [words for _, words in state(ann)] == ["b", "a b"]


def test_mailbox_of_another_account_is_refused(ann: Account, ben: Account) -> None:
    append(ben)
    with pytest.raises(Stale):
        store_flags(ann.pk, mailbox(ben).collection_id, EVERYTHING, ADD, SEEN, ())
    assert state(ben) == [(0, "")]


def test_mailbox_that_is_gone_has_no_messages(ann: Account) -> None:
    gone = mailbox(ann, "Sent").collection_id
    delete_mailbox(ann.pk, "Sent")
    assert store_flags(ann.pk, gone, EVERYTHING, SET, SEEN, ("x",)).rows == []
    with pytest.raises(NotFound):
        store_flags(10**12, gone, EVERYTHING, SET, SEEN, ())
