"""What is kept of the responses to TOP: within its room, and no longer than it may."""

from collections.abc import Iterable

from mail.pop3.tops import LIFETIME, LONGEST, OVERHEAD, Asked, Mailbox, Tops

FIRST, SECOND, THIRD = (1, 7), (2, 7), (3, 7)
TOP = b"a" * 100
ROOM = OVERHEAD + len(TOP)


def keep(tops: Tops, mailbox: Mailbox, uids: Iterable[int], now: float = 0) -> None:
    tops.keep(mailbox, [((uid, 0), TOP) for uid in uids], now)


def kept(tops: Tops, mailbox: Mailbox, now: float = 0) -> list[Asked]:
    return list(tops.find(mailbox, now))


def test_response_is_found_by_mailbox_message_and_lines() -> None:
    tops = Tops(10 * ROOM)
    tops.keep(FIRST, [((5, 0), b"header"), ((5, 2), b"header, lines")], 0)
    assert tops.find(FIRST, 0) == {(5, 0): b"header", (5, 2): b"header, lines"}
    assert not tops.find((1, 8), 0)
    assert not tops.find(SECOND, 0)


def test_mailbox_that_was_used_longest_ago_makes_room() -> None:
    tops = Tops(4 * ROOM)
    keep(tops, FIRST, [1, 2])
    keep(tops, SECOND, [1, 2])
    assert kept(tops, FIRST) == [(1, 0), (2, 0)]
    keep(tops, THIRD, [1])
    assert not kept(tops, SECOND)
    assert kept(tops, FIRST) == [(1, 0), (2, 0)]
    keep(tops, SECOND, [9])
    assert [kept(tops, mailbox) for mailbox in (FIRST, THIRD, SECOND)] == [
        [(1, 0), (2, 0)],
        [(1, 0)],
        [(9, 0)],
    ]


def test_mailbox_larger_than_the_room_keeps_what_came_first() -> None:
    tops = Tops(3 * ROOM)
    keep(tops, SECOND, [1])
    keep(tops, FIRST, range(1, 10))
    keep(tops, FIRST, range(1, 10))
    assert kept(tops, FIRST) == [(1, 0), (2, 0), (3, 0)]
    assert not kept(tops, SECOND)


def test_nothing_is_kept_without_room_and_nothing_that_is_long() -> None:
    none, some = Tops(0), Tops(100 * LONGEST)
    keep(none, FIRST, [1])
    some.keep(FIRST, [((1, 0), b"a" * (LONGEST + 1)), ((2, 0), b"a" * LONGEST)], 0)
    assert not kept(none, FIRST)
    assert kept(some, FIRST) == [(2, 0)]


def test_what_is_old_is_read_anew_and_makes_room() -> None:
    tops = Tops(2 * ROOM)
    keep(tops, FIRST, [1, 2], now=10)
    assert kept(tops, FIRST, now=10 + LIFETIME)
    assert not kept(tops, FIRST, now=11 + LIFETIME)
    keep(tops, FIRST, [3, 4], now=11 + LIFETIME)
    assert kept(tops, FIRST, now=11 + LIFETIME) == [(3, 0), (4, 0)]
