"""Pages, states and the texts that they are handed out as."""

import base64
import contextlib
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groupware.rest.changes import MANY_PARTS, Point, State, cut, digest
from groupware.rest.errors import StateExpired, WrongFields
from groupware.rest.pagination import Window, page_of, page_of_all, read_window
from groupware.rest.tokens import MAX_LENGTH, BadToken, pack, unpack

VALUES = st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists)


@given(VALUES)
def test_what_is_packed_is_read_again(value: Any) -> None:
    text = pack(value)
    assert text.isascii()
    assert "=" not in text
    if len(text) <= MAX_LENGTH:
        assert unpack(text) == value


@given(st.text())
def test_any_text_is_a_value_or_none_of_ours(text: str) -> None:
    with contextlib.suppress(BadToken):
        unpack(text)


def test_long_and_broken_texts_are_refused() -> None:
    for text in ("a" * (MAX_LENGTH + 1), pack([])[:-1] + "!", "W1tbW1tb" * 900):
        with pytest.raises(BadToken):
            unpack(text)


def test_a_text_tells_nothing_and_nobody_makes_one_up() -> None:
    first, second = pack(["scope", {"a": "1.2"}]), pack(["scope", {"a": "1.2"}])
    assert first != second, "who compares two learns nothing"
    assert b"scope" not in base64.urlsafe_b64decode(first + "==")
    before_sealing = base64.urlsafe_b64encode(json.dumps(["scope", {}]).encode()).decode()
    damaged = first[:40] + ("A" if first[40] != "A" else "B") + first[41:]
    for text in (before_sealing.rstrip("="), damaged, first[4:]):
        with pytest.raises(BadToken):
            unpack(text)


@given(st.lists(st.integers(0, 50), unique=True).map(sorted), st.integers(1, 9))
def test_pages_make_up_the_list(rows: list[int], limit: int) -> None:
    seen: list[int] = []
    cursor = ""
    for _ in range(len(rows) + 1):
        window = read_window(limit, cursor, (int,))
        page = page_of_all(rows, window, lambda row: (row,), "now")
        seen += page.items
        if page.next is None:
            break
        cursor = page.next
    assert seen == rows


def test_every_page_tells_the_state_of_the_first() -> None:
    first = page_of([1, 2, 3], Window(2), lambda row: (row,), "first")
    window = read_window(2, first.next or "", (int,))
    assert window == Window(2, (2,), "first")
    assert page_of([3], window, lambda row: (row,), "second").state == "first"


@pytest.mark.parametrize(
    "told",
    [1, [], [[1]], [["a"], ""], [[True], ""], [[1], 3], [[1 << 63], ""], [[1, 2], ""], ["1", ""]],
)
def test_a_cursor_of_another_list_is_refused(told: Any) -> None:
    with pytest.raises(WrongFields):
        read_window(2, pack(told), (int,))


@pytest.mark.parametrize("text", ["\0", "\ud800"])
def test_a_cursor_with_text_that_no_database_takes_is_refused(text: str) -> None:
    with pytest.raises(WrongFields):
        read_window(2, pack([[text], ""]), (str,))


def state(**points: Point) -> State:
    return State("scope", points)


def test_a_state_is_read_by_its_own_list() -> None:
    known, now = state(a=Point(1, 5), b=Point(1, 7, 3)), state(a=Point(1, 6), b=Point(1, 9))
    assert now.read(known.text()) == known


@pytest.mark.parametrize(
    "known",
    [
        State("other", {"a": Point(1, 5)}),
        state(a=Point(2, 5)),
        state(a=Point(1, 7)),
        state(b=Point(1, 5)),
        state(a=Point(1, 5), b=Point(1, 5)),
        state(),
    ],
)
def test_a_state_that_tells_of_something_else_is_refused(known: State) -> None:
    with pytest.raises(StateExpired):
        state(a=Point(1, 6)).read(known.text())


@pytest.mark.parametrize(
    "told", [[], ["scope"], ["scope", []], ["scope", {"a": 1}], ["scope", {"a": "1"}],
             ["scope", {"a": "1.5"}], ["scope", {"a": [1, 5]}], ["scope", {"a": "1.-00000000005"}],
             ["scope", {"a": "1.000000000005.1"}], {"scope": 1}, 5]
)  # fmt: skip
def test_a_state_that_was_made_up_is_refused(told: Any) -> None:
    with pytest.raises(StateExpired):
        state(a=Point(1, 6)).read(pack(told))


def test_a_state_is_as_long_however_large_its_numbers_are() -> None:
    small, large = state(a=Point(1, 5, 3)), state(a=Point(1, 1 << 40, 1 << 62))
    assert len(small.text()) == len(large.text())
    assert large.read(large.text()) == large


def test_the_longest_state_fits_into_a_cursor() -> None:
    longest = State(digest(), {f"{part:022}": Point(1, 1 << 40) for part in range(MANY_PARTS)})
    page = page_of([1, 2], Window(1), lambda row: (row,), longest.text())
    window = read_window(1, page.next or "", (int,))
    assert longest.read(window.state) == longest


def test_a_state_of_many_parts_tells_whether_anything_changed() -> None:
    many = {str(part): Point(1, 5) for part in range(MANY_PARTS + 1)}
    before = State("scope", many)
    assert len(before.text()) < 200
    assert before.read(before.text()) == before
    with pytest.raises(StateExpired):
        State("scope", many | {"0": Point(1, 6)}).read(before.text())


ROWS = st.lists(
    st.tuples(st.integers(1, 5), st.integers(1, 20)), unique_by=lambda row: row[1], max_size=20
)


@given(ROWS, st.integers(1, 4))
def test_changes_in_pieces_are_all_changes_once(rows: list[tuple[int, int]], limit: int) -> None:
    known, now = Point(1, 0), Point(1, 5)
    told: list[tuple[int, int]] = []
    while known != now:
        piece, known = cut(rows, lambda row: row, known, now, limit)
        assert len(piece) <= limit
        told += piece
    assert told == sorted(rows)


def test_nothing_is_told_where_there_is_no_room() -> None:
    assert cut([(2, 1)], lambda row: row, Point(1, 1), Point(1, 2), 0) == ([], Point(1, 1))


def test_digests_tell_parts_apart() -> None:
    assert len({digest("ab"), digest("a", "b"), digest("b", "a"), digest()}) == 4
