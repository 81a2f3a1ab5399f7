"""The mailbox as one client knows it."""

import pytest

from mail.imap.sequences import SAVED, SequenceSet
from mail.imap.view import FlagRow, Identity, MailboxView


def view_of(*uids: int, read_only: bool = False, keywords: tuple[str, ...] = ()) -> MailboxView:
    identity = Identity(1, 1, "INBOX", 7, read_only)
    return MailboxView(identity, uids, max(uids, default=0) + 1, 10, keywords)


def absorb(
    view: MailboxView,
    modseq: int,
    *,
    changed: tuple[FlagRow, ...] = (),
    new: tuple[int, ...] = (),
    vanished: tuple[int, ...] = (),
) -> None:
    view.absorb(
        uid_next=max([view.uid_next, *(uid + 1 for uid in new)]),
        modseq=modseq,
        changed=changed,
        new=[(uid, 0, "", modseq) for uid in new],
        vanished=[(uid, uid) for uid in vanished],
    )


def test_a_message_that_is_gone_keeps_its_number_until_that_is_told() -> None:
    view = view_of(3, 5, 8)
    absorb(view, 11, vanished=(3, 5))
    assert view.take_updates(expunge=False).expunged == []
    assert view.find_seq(8) == 3
    assert view.take_updates(expunge=True).expunged == [1, 1]
    assert view.find_seq(8) == 1


def test_what_is_gone_is_no_longer_in_a_saved_result() -> None:
    view = view_of(3, 5, 8, 9)
    view.save([3, 8, 9])
    assert view.ranges_of_seqs(SAVED) == view.ranges_of_uids(SAVED) == [(3, 3), (8, 9)]
    absorb(view, 11, vanished=(8,))
    assert view.ranges_of_seqs(SAVED) == [(3, 3), (9, 9)]
    view.take_updates(expunge=True)
    assert view.saved.tolist() == [3, 9]


def test_a_saved_result_is_empty_also_where_the_mailbox_is() -> None:
    assert view_of().ranges_of_seqs(SAVED) == []


def test_new_messages_are_counted_in_the_numbers_that_the_client_has() -> None:
    view = view_of(3, 5)
    absorb(view, 11, new=(9,), vanished=(3,))
    assert view.take_updates(expunge=False).exists == 3
    updates = view.take_updates(expunge=True)
    assert (updates.expunged, updates.exists) == ([1], None)


def test_a_message_that_came_and_went_untold_is_never_spoken_of() -> None:
    view = view_of(3)
    absorb(view, 11, new=(9,))
    absorb(view, 12, vanished=(9,))
    updates = view.take_updates(expunge=True)
    assert (updates.expunged, updates.exists, updates.changed) == ([], None, [])


def test_flags_that_the_client_was_told_are_not_told_again_but_later_ones_are() -> None:
    view = view_of(3, 5, 8)
    absorb(view, 11, changed=((3, 1, "", 11), (5, 4, "", 11)))
    view.tell([(3, 1, "", 11), (5, 0, "", 10), (8, 0, "", 10)])
    assert view.take_updates(expunge=True).changed == [(2, (5, 4, "", 11))]
    absorb(view, 12, changed=((3, 0, "", 12),))
    assert view.take_updates(expunge=True).changed == [(1, (3, 0, "", 12))]


@pytest.mark.parametrize(
    ("uids", "seqs"),
    [
        ((), []),
        ((5, 8, 9), [2, 3, 4]),
        ((3, 5, 9), [1, 2, 4]),
        ((9, 3, 8, 5), [4, 1, 3, 2]),
        ((1, 4, 5, 7, 10, 8), [0, 0, 2, 0, 0, 3]),
    ],
)
def test_messages_have_their_numbers_in_whatever_order_they_come(
    uids: tuple[int, ...], seqs: list[int]
) -> None:
    view = view_of(3, 5, 8, 9)
    assert list(view.seqs_of(uids)) == seqs
    rows = [(uid, 0, "", 10) for uid in uids]
    assert list(view.number(rows)) == [
        (seq, row) for seq, row in zip(seqs, rows, strict=True) if seq
    ]


def test_new_keywords_are_to_be_told_once() -> None:
    view = view_of(3, keywords=("$Old",))
    assert not view.take_new_flags()
    view.keywords = ("$New", "$Old")
    assert view.take_new_flags()
    assert not view.take_new_flags()
    assert view.permanent_flags[-3:] == ["$New", "$Old", "\\*"]


def test_nothing_is_permanent_in_a_mailbox_open_for_reading() -> None:
    view = view_of(3, read_only=True, keywords=("$Old",))
    assert "$Old" in view.flags
    assert view.permanent_flags == []


@pytest.mark.parametrize(
    ("uids", "numbers", "by_seq", "by_uid"),
    [
        ((3, 5, 8), (1, 2), [(3, 5)], []),
        ((3, 5, 8), (1, 3), [(3, 8)], [(1, 3)]),
        ((3, 5, 8), (3, 9), None, [(3, 8)]),
        ((), (1, 1), None, []),
    ],
)
def test_numbers_lead_to_uids(
    uids: tuple[int, ...],
    numbers: tuple[int, int],
    by_seq: list[tuple[int, int]] | None,
    by_uid: list[tuple[int, int]],
) -> None:
    view = view_of(*uids)
    messages = SequenceSet((numbers,))
    assert view.ranges_of_seqs(messages) == by_seq
    assert view.list_uids(view.ranges_of_uids(messages)) == [
        uid for low, high in by_uid for uid in uids if low <= uid <= high
    ]


def test_removals_are_told_by_number_and_by_uid() -> None:
    view = view_of(3, 5, 8)
    absorb(view, 11, vanished=(3, 8))
    updates = view.take_updates(expunge=True)
    assert (updates.expunged, updates.vanished) == ([1, 2], [3, 8])


def test_what_came_and_went_untold_is_told_neither_way() -> None:
    view = view_of(3)
    absorb(view, 11, new=(4,))
    absorb(view, 12, vanished=(4,))
    updates = view.take_updates(expunge=True)
    assert (updates.expunged, updates.vanished, updates.exists) == ([], [], None)


def test_while_a_removal_waits_the_client_is_settled_up_to_before_it() -> None:
    view = view_of(3, 5, 8)
    absorb(view, 11, changed=((3, 1, "", 11),))
    assert (view.owes_expunge, view.settled_modseq) == (False, 11)
    absorb(view, 13, vanished=(5,))
    absorb(view, 14, changed=((3, 0, "", 14),))
    absorb(view, 15, vanished=(3,))
    view.take_updates(expunge=False)
    assert (view.owes_expunge, view.settled_modseq) == (True, 11)
    view.take_updates(expunge=True)
    assert (view.owes_expunge, view.settled_modseq) == (False, 15)
