import pytest

from mail.uidset import absent_ranges, clip, to_ranges


@pytest.mark.parametrize(
    ("uids", "end", "expected"),
    [
        ([], 1, []),
        ([], 4, [(1, 3)]),
        ([1, 2, 3], 4, []),
        ([2], 4, [(1, 1), (3, 3)]),
        ([1, 5, 6, 9], 12, [(2, 4), (7, 8), (10, 11)]),
    ],
)
def test_absent_ranges_are_what_is_left_out(
    uids: list[int], end: int, expected: list[tuple[int, int]]
) -> None:
    assert absent_ranges(uids, end) == expected


def test_absent_and_present_uids_are_all_there_are() -> None:
    present = [2, 3, 7, 8, 9, 20]
    absent = [uid for first, last in absent_ranges(present, 25) for uid in range(first, last + 1)]
    assert sorted(present + absent) == list(range(1, 25))
    assert to_ranges(absent) == absent_ranges(present, 25)


@pytest.mark.parametrize(
    ("low", "high", "clipped"),
    [
        (1, 99, [(3, 5), (8, 8), (10, 20)]),
        (4, 8, [(4, 5), (8, 8)]),
        (6, 7, []),
        (12, 15, [(12, 15)]),
        (20, 30, [(20, 20)]),
        (21, 30, []),
    ],
)
def test_ranges_are_clipped(low: int, high: int, clipped: list[tuple[int, int]]) -> None:
    assert clip([(3, 5), (8, 8), (10, 20)], low, high) == clipped
