"""What is told to a client that comes back: which UIDs, and from which on."""

import random
from array import array

import pytest

from mail.imap.resync import Resync, SeqMatch, contains, find_last_match, intersect, without
from mail.imap.sequences import MAX_NUMBER, SequenceSet

UIDS = array("I", [1, 4, 5, 6, 9, 20, 21])


@pytest.mark.parametrize(
    ("seqs", "uids", "found"),
    [
        ([(1, 1)], [(1, 1)], 1),
        ([(1, 1), (3, 3)], [(1, 1), (3, 3)], 1),
        ([(2, 4)], [(4, 6)], 6),
        ([(1, 7)], [(1, 7)], 1),
        ([(2, 5)], [(4, 7)], 6),
        # Runs that are cut differently in the two sets.
        ([(1, 4)], [(1, 1), (4, 6)], 6),
        ([(1, 2), (5, 5)], [(1, 1), (4, 4), (9, 9)], 9),
        ([(1, 1), (7, 7)], [(2, 2), (21, 21)], 21),
        ([(7, 9)], [(21, 23)], 21),
        ([(8, 9)], [(21, 22)], 0),
        ([(3, 3)], [(3, 3)], 0),
        ([(1, MAX_NUMBER)], [(1, MAX_NUMBER)], 1),
    ],
)
def test_last_message_that_has_its_number_still(
    seqs: list[tuple[int, int]], uids: list[tuple[int, int]], found: int
) -> None:
    match = SeqMatch(seqs, uids)
    assert match.is_paired
    assert find_last_match(match, UIDS) == found


def test_last_match_is_that_of_comparing_pair_by_pair() -> None:
    source = random.Random(7162)
    for _ in range(300):
        held = sorted(source.sample(range(1, 40), source.randint(0, 20)))
        seqs = sorted(source.sample(range(1, 25), source.randint(1, 8)))
        uids = sorted(source.sample(range(1, 40), len(seqs)))
        pairs = zip(seqs, uids, strict=True)
        matching = [uid for seq, uid in pairs if seq <= len(held) and held[seq - 1] == uid]
        match = SeqMatch([(seq, seq) for seq in seqs], [(uid, uid) for uid in uids])
        assert find_last_match(match, array("I", held)) == max(matching, default=0)


@pytest.mark.parametrize(
    ("seqs", "uids"),
    [
        ([(1, 2)], [(1, 1)]),
        ([(2, 2), (1, 1)], [(1, 2)]),
        ([(1, 2)], [(5, 4)]),
        ([(1, 2), (2, 2)], [(1, 3)]),
    ],
)
def test_sets_that_do_not_pair_or_ascend_are_told_apart(
    seqs: list[tuple[int, int]], uids: list[tuple[int, int]]
) -> None:
    assert not SeqMatch(seqs, uids).is_paired


@pytest.mark.parametrize(
    ("resync", "changed", "vanished"),
    [
        (Resync(7, 10), [(1, 21)], [(1, 21)]),
        (Resync(7, 10, SequenceSet(((30, 15), (2, 3)))), [(2, 3), (15, 21)], [(2, 3), (15, 21)]),
        (Resync(7, 10, None, SeqMatch([(4, 4)], [(6, 6)])), [(1, 21)], [(7, 21)]),
        (
            Resync(7, 10, SequenceSet(((1, 4), (6, 8))), SeqMatch([(2, 2)], [(4, 4)])),
            [(1, 4), (6, 8)],
            [(6, 8)],
        ),
    ],
)
def test_known_uids_limit_what_is_told_and_matches_the_removals(
    resync: Resync, changed: list[tuple[int, int]], vanished: list[tuple[int, int]]
) -> None:
    assert resync.ranges_to_tell(UIDS, 22) == (changed, vanished)


def test_of_a_mailbox_that_never_had_a_message_nothing_is_told() -> None:
    assert Resync(7, 10).ranges_to_tell(array("I"), 1) == ([], [])


def test_ranges_in_common() -> None:
    assert intersect([(1, 5), (8, 8), (10, 20)], [(4, 9), (20, 30)]) == [(4, 5), (8, 8), (20, 20)]
    assert intersect([], [(1, 2)]) == []


def test_ranges_without_some_uids() -> None:
    assert without([(1, 5), (7, 9), (11, 11)], array("I", [1, 3, 9, 11])) == [
        (2, 2),
        (4, 5),
        (7, 8),
    ]
    assert without([(1, MAX_NUMBER)], array("I", [2])) == [(1, 1), (3, MAX_NUMBER)]


def test_membership_of_ranges() -> None:
    ranges = [(2, 3), (7, 7)]
    assert [uid for uid in range(1, 9) if contains(ranges, uid)] == [2, 3, 7]
