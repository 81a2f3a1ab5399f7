"""What a client hears of a search (RFC 4731 §3.1) and what `$` is then (RFC 5182 §2.4)."""

import pytest

from mail.imap.results import (
    ReturnOption,
    SearchResult,
    choose,
    serialize_esearch,
    serialize_search,
)

ALL, COUNT, MAX, MIN, SAVE = ReturnOption


@pytest.mark.parametrize(
    ("returns", "chosen"),
    [
        ({SAVE}, [3, 5, 9]),
        ({SAVE, MIN}, [3]),
        ({SAVE, MAX}, [9]),
        ({SAVE, MIN, MAX}, [3, 9]),
        ({SAVE, ALL}, [3, 5, 9]),
        ({SAVE, COUNT}, [3, 5, 9]),
        ({SAVE, MIN, ALL}, [3, 5, 9]),
        ({SAVE, MAX, COUNT}, [3, 5, 9]),
        ({SAVE, MIN, MAX, COUNT}, [3, 5, 9]),
    ],
)
def test_min_and_max_alone_are_about_their_messages_only(
    returns: set[ReturnOption], chosen: list[int]
) -> None:
    assert list(choose(returns, [3, 5, 9])) == chosen
    assert list(choose(returns, [])) == []


@pytest.mark.parametrize("returns", [{SAVE, MIN}, {SAVE, MAX}, {SAVE, MIN, MAX}, {SAVE, COUNT}])
def test_min_and_max_of_one_message_are_that_message_once(returns: set[ReturnOption]) -> None:
    assert list(choose(returns, [3])) == [3]


def test_numbers_stay_in_the_order_that_was_asked_for() -> None:
    result = SearchResult([5, 6, 2, 3, 1], (), by_uid=True)
    told = serialize_esearch(b"a", {MIN, MAX, COUNT, ALL}, result)
    assert told == b'* ESEARCH (TAG "a") UID MIN 5 MAX 1 COUNT 5 ALL 5:6,2:3,1\r\n'
    assert serialize_search("SORT", result) == b"* SORT 5 6 2 3 1\r\n"


def test_the_modseq_is_that_of_what_is_told() -> None:
    result = SearchResult([1, 2, 3], [7, 9, 8], by_uid=False)
    assert serialize_esearch(b"a", {MIN}, result).endswith(b" MIN 1 MODSEQ 7\r\n")
    assert serialize_esearch(b"a", {MIN, MAX}, result).endswith(b" MAX 3 MODSEQ 8\r\n")
    assert serialize_esearch(b"a", {ALL}, result).endswith(b" ALL 1:3 MODSEQ 9\r\n")
    assert serialize_search("SEARCH", result) == b"* SEARCH 1 2 3 (MODSEQ 9)\r\n"
    assert serialize_search("SEARCH", SearchResult([], [], by_uid=False)) == b"* SEARCH\r\n"
