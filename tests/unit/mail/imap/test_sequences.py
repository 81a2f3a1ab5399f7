"""Sequence sets: what `*` means, what is merged, what is refused."""

import pytest

from mail.imap.sequences import SequenceSet, parse_sequence_set, serialize_numbers


@pytest.mark.parametrize(
    ("text", "largest", "resolved"),
    [
        (b"1", 9, [(1, 1)]),
        (b"2,4:7,9,12:*", 15, [(2, 2), (4, 7), (9, 9), (12, 15)]),
        (b"*:4,5:7", 10, [(4, 10)]),
        (b"*", 7, [(7, 7)]),
        (b"12:*", 7, [(7, 12)]),
        (b"5:2", 9, [(2, 5)]),
        (b"3,1,2", 9, [(1, 3)]),
        (b"1:4,2:3,9", 9, [(1, 4), (9, 9)]),
        (b"4294967295", 1, [(4294967295, 4294967295)]),
        (b"*:*", 3, [(3, 3)]),
    ],
)
def test_star_is_the_largest_number_and_ranges_merge(
    text: bytes, largest: int, resolved: list[tuple[int, int]]
) -> None:
    parsed = parse_sequence_set(text)
    assert parsed is not None
    assert parsed.resolve(largest) == resolved


@pytest.mark.parametrize(
    "text", [b"", b"0", b"1,", b",1", b"1:", b":1", b"4294967296", b"1:0", b"a", b"1 2", b"1::2"]
)
def test_what_is_no_set_is_refused(text: bytes) -> None:
    assert parse_sequence_set(text) is None


def test_a_range_over_all_numbers_costs_two() -> None:
    assert parse_sequence_set(b"1:4294967295") == SequenceSet(((1, 4294967295),))


@pytest.mark.parametrize(
    ("numbers", "text"),
    [
        ([], b""),
        ([5], b"5"),
        ([1, 2, 3, 7, 9, 10], b"1:3,7,9:10"),
        ([3, 2, 1], b"3,2,1"),
        ([9, 1, 2], b"9,1:2"),
        ([4, 6, 5, 7], b"4,6,5,7"),
        ([1, 4294967295], b"1,4294967295"),
    ],
)
def test_runs_become_ranges_and_the_order_stays(numbers: list[int], text: bytes) -> None:
    assert serialize_numbers(numbers) == text
