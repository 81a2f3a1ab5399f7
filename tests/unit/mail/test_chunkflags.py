"""The text of a chunk's flags."""

import pytest

from mail import chunkflags
from mail.chunkflags import CHUNK, HAS_KEYWORDS, NOTHING
from mail.flags import DELETED, SEEN

FIRST = 512


def text(masks: dict[int, int]) -> bytes:
    codes = bytearray(NOTHING)
    for uid, mask in masks.items():
        codes[uid - FIRST : uid - FIRST + 1] = chunkflags.encode([mask])
    return bytes(codes)


HELD = text({512: 0, 513: SEEN, 600: SEEN | DELETED | HAS_KEYWORDS, 767: 31})


def test_messages_come_back_with_their_flags() -> None:
    assert list(chunkflags.list_masks(FIRST, HELD)) == [(512, 0), (513, 1), (600, 9), (767, 31)]
    assert list(chunkflags.list_present(FIRST, HELD)) == [512, 513, 600, 767]
    assert list(chunkflags.list_flags(HELD)) == [0, 1, 9, 31]
    assert list(chunkflags.decode(HELD)) == [0, 1, 9 | HAS_KEYWORDS, 31]


def test_messages_are_counted() -> None:
    assert chunkflags.count_present(HELD) == 4
    assert [chunkflags.count_with(HELD, bit) for bit in (SEEN, DELETED, HAS_KEYWORDS)] == [3, 2, 1]
    assert chunkflags.count_present(NOTHING) == chunkflags.count_with(NOTHING, 63) == 0


@pytest.mark.parametrize("mask", range(64))
def test_every_mask_is_changed_and_what_is_absent_stays(mask: int) -> None:
    table = chunkflags.translation(lambda held: held ^ SEEN)
    before = text({FIRST: mask})
    after = before.translate(table)
    assert list(chunkflags.decode(after)) == [mask ^ SEEN]
    assert chunkflags.count_changed(before, after) == 1
    assert list(chunkflags.list_changed(FIRST, before, after)) == [FIRST]


@pytest.mark.parametrize(
    ("ranges", "uids"),
    [
        ([], []),
        ([(1, 2**62)], [512, 513, 600, 767]),
        ([(1, 512)], [512]),
        ([(500, 511), (513, 513), (599, 601)], [513, 600]),
        ([(700, 766), (767, 900)], [767]),
        ([(768, 900)], []),
    ],
)
def test_ranges_cut_out_messages(ranges: list[tuple[int, int]], uids: list[int]) -> None:
    cut = chunkflags.within(FIRST, HELD, ranges)
    assert len(cut) == CHUNK
    assert list(chunkflags.list_present(FIRST, cut)) == uids
    left = chunkflags.replace_within(FIRST, HELD, NOTHING, ranges)
    assert sorted([*uids, *chunkflags.list_present(FIRST, left)]) == [512, 513, 600, 767]


def test_messages_with_a_flag_are_found() -> None:
    found = chunkflags.having(HELD, DELETED)
    assert list(chunkflags.list_present(FIRST, found)) == [600, 767]
