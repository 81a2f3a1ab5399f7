"""Object identifiers on the wire (RFC 8474 §7, §8.1)."""

import pytest

from mail.objectids import (
    OBJECT_ID,
    email_id,
    mailbox_id,
    parse_email_id,
    parse_thread_id,
    thread_id,
)

NUMBERS = [1, 9, 10, 255, 2**32, 2**62]


@pytest.mark.parametrize("number", NUMBERS)
def test_ids_of_one_kind_are_none_of_another(number: int) -> None:
    assert parse_email_id(email_id(number)) == number
    assert parse_thread_id(thread_id(number)) == number
    assert parse_email_id(thread_id(number)) is None
    assert parse_thread_id(email_id(number)) is None


def test_ids_begin_with_a_letter_and_hold_nothing_that_must_be_quoted() -> None:
    for told in (mailbox_id("-1_nil"), *map(email_id, NUMBERS), *map(thread_id, NUMBERS)):
        assert told[:1].isalpha()
        assert OBJECT_ID.fullmatch(told)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"M",
        b"M0",
        b"M01",
        b"MA",
        b"m1",
        b"M1 ",
        b"M-1",
        b"M_1",
        b"M" + b"f" * 17,
        b"1",
        b"NIL",
    ],
)
def test_what_no_message_has_is_nobodys_id(text: bytes) -> None:
    assert parse_email_id(text) is None


def test_an_id_has_255_characters_at_most() -> None:
    assert OBJECT_ID.match(b"a" * 255)
    assert OBJECT_ID.match(b"a" * 256) is None
