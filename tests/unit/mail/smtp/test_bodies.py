"""What is looked at in a message before anybody reads it."""

import pytest

from mail.smtp.bodies import (
    MAX_HEADER,
    count_received,
    has_bare_line_end,
    has_long_line,
    repair_line_ends,
)


@pytest.mark.parametrize(
    ("data", "is_bare"),
    [
        (b"", False),
        (b"a\r\nb\r\n", False),
        (b"a\r\n\r\n", False),
        (b"a\nb\r\n", True),
        (b"a\rb\r\n", True),
        (b"a\r\r\n", True),
        (b"a\r\n\n", True),
        (b"a\r", True),
        (b"a\n\rb", True),
    ],
)
def test_a_line_end_that_stands_alone_is_found(data: bytes, is_bare: bool) -> None:
    assert has_bare_line_end(data) is is_bare


@pytest.mark.parametrize(
    ("data", "repaired"),
    [
        (b"a\r\nb", b"a\r\nb"),
        (b"a\nb\n", b"a\r\nb\r\n"),
        (b"a\rb", b"a\r\nb"),
        (b"Subject: a\r\r\nTo: b\r\r\n", b"Subject: a\r\nTo: b\r\n"),
        (b"a\n\nb", b"a\r\n\r\nb"),
        (b"a\n.\nb", b"a\r\n.\r\nb"),
    ],
)
def test_every_line_end_becomes_crlf(data: bytes, repaired: bytes) -> None:
    assert repair_line_ends(data) == repaired


def test_repairing_takes_time_by_the_size_only() -> None:
    assert repair_line_ends(b"\r" * 1_000_000) == b"\r\n"


def test_a_line_is_long_by_its_octets_without_its_end() -> None:
    assert not has_long_line(b"x" * 5 + b"\r\n" + b"y" * 5, 5)
    assert has_long_line(b"x" * 6, 5)
    assert has_long_line(b"a\r\n" + b"x" * 6 + b"\r\n", 5)
    assert has_long_line(b"x\n" * 3, 5)


def test_received_fields_of_the_header_are_counted() -> None:
    data = (
        b"Received: from a\r\n\tby b\r\nreceived: from c\r\nX-Received: d\r\n"
        b"Subject: Received: e\r\nRECEIVED: f\r\n\r\nReceived: g\r\n"
    )
    assert count_received(data) == 3
    assert count_received(b"\r\nReceived: a\r\n") == 0
    assert count_received(b"Received: a") == 1
    assert count_received(b"Received: a\n\nReceived: b\n") == 1


def test_of_an_endless_header_the_beginning_is_looked_at() -> None:
    field = b"Received: a\r\n"
    assert count_received(field * (2 * MAX_HEADER // len(field))) == MAX_HEADER // len(field) + 1
