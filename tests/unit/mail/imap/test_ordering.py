"""SORT's keys (RFC 5256 §3, RFC 5957 §4)."""

import pytest

from mail.imap.ordering import SortCriterion, SortKey, fields_of, sort_rows
from mail.mime.envelope import serialize_envelope

VALUES: dict[str, list[object]] = {
    "uid": [1, 2, 3, 4],
    "internal_date": [30, 10, 20, 40],
    "sent_or_arrived": [5, 10, 7, 35],
    "size": [9, 9, 8, 10],
    "base_subject": ["b", "a", "", "_"],
}
HEADERS = [
    {b"from": b"Zoe <anna@x>", b"to": b"team: carl@x, ben@x;", b"cc": b"zed@x, al@x"},
    {b"from": b"=?utf-8?q?=C3=84nne?= <BEN@x>", b"to": b"Dora <d@x>"},
    {b"subject": b'a "quoted" \xff (subject', b"from": b"carl@x", b"to": b'"B\\"b" <z@x>'},
    {b"date": b"\xe4 {5}", b"from": b'"" <dora@x>', b"cc": b"bob@y"},
]


def order(*criteria: SortCriterion) -> list[int]:
    columns = {**VALUES, "envelope": list(map(serialize_envelope, HEADERS))}
    rows = zip(*(columns[name] for name in fields_of(criteria)), strict=True)
    return [row[0] for row in sort_rows(rows, criteria)]


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (SortKey.ARRIVAL, [2, 3, 1, 4]),
        (SortKey.DATE, [1, 3, 2, 4]),
        (SortKey.SIZE, [3, 1, 2, 4]),
        (SortKey.SUBJECT, [3, 2, 1, 4]),
        (SortKey.FROM, [1, 2, 3, 4]),
        (SortKey.TO, [4, 2, 1, 3]),
        (SortKey.CC, [2, 3, 4, 1]),
        (SortKey.DISPLAYFROM, [2, 3, 4, 1]),
        (SortKey.DISPLAYTO, [4, 3, 2, 1]),
    ],
)
def test_each_key_orders_by_what_it_names(key: SortKey, expected: list[int]) -> None:
    assert order(SortCriterion(key)) == expected


def test_equal_messages_stay_in_the_order_of_the_mailbox_also_reversed() -> None:
    assert order(SortCriterion(SortKey.SIZE, reverse=True)) == [4, 1, 2, 3]


def test_a_later_key_decides_among_equals_of_the_earlier() -> None:
    size = SortCriterion(SortKey.SIZE)
    assert order(size, SortCriterion(SortKey.ARRIVAL)) == [3, 2, 1, 4]
    assert order(size, SortCriterion(SortKey.ARRIVAL, reverse=True)) == [3, 1, 2, 4]


def test_a_key_asks_for_its_own_fields_only() -> None:
    keys = [SortCriterion(SortKey.DATE), SortCriterion(SortKey.ARRIVAL)]
    assert fields_of(keys) == ("uid", "sent_or_arrived", "internal_date")
