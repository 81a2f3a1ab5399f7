"""The forms that signatures are made over, by the examples of RFC 6376 §3.4.5, and their bounds."""

import pytest

from mail.authentication.canonical import (
    RELAXED,
    SIMPLE,
    canonicalize_body,
    canonicalize_field,
    read_message,
    select_fields,
)

EXAMPLE = b"A: X\r\nB : Y\t\r\n\tZ  \r\n\r\n C \r\nD \t E\r\n\r\n\r\n"


def test_the_example_of_the_rfc_comes_out_as_it_says() -> None:
    message = read_message(EXAMPLE)
    relaxed = b"".join(canonicalize_field(field, RELAXED) for field in message.fields)
    simple = b"".join(canonicalize_field(field, SIMPLE) for field in message.fields)
    assert relaxed == b"a:X\r\nb:Y Z\r\n"
    assert simple == b"A: X\r\nB : Y\t\r\n\tZ  \r\n"
    assert canonicalize_body(message.body, RELAXED) == b" C\r\nD E\r\n"
    assert canonicalize_body(message.body, SIMPLE) == b" C \r\nD \t E\r\n"


@pytest.mark.parametrize(
    ("body", "simple", "relaxed"),
    [
        (b"", b"\r\n", b""),
        (b"\r\n\r\n", b"\r\n", b""),
        (b" \t\r\n", b" \t\r\n", b""),
        (b"a", b"a\r\n", b"a\r\n"),
        (b"a \t", b"a \t\r\n", b"a\r\n"),
        (b"a\r\n\r\nb\r\n\r\n", b"a\r\n\r\nb\r\n", b"a\r\n\r\nb\r\n"),
        (b"a\r\r\n", b"a\r\r\n", b"a\r\r\n"),
    ],
)
def test_ends_of_bodies(body: bytes, simple: bytes, relaxed: bytes) -> None:
    assert canonicalize_body(body, SIMPLE) == simple
    assert canonicalize_body(body, RELAXED) == relaxed


@pytest.mark.parametrize(
    "body", [b" " * 4_000_000, b" \r\n" * 1_000_000, b"\r\n" * 2_000_000, b"\t x" * 1_000_000]
)
def test_a_hostile_body_takes_time_by_its_length_alone(body: bytes) -> None:
    assert len(canonicalize_body(body, RELAXED)) <= len(body) + 2


def test_fields_are_taken_from_below_and_each_once() -> None:
    fields = read_message(b"A: 1\r\nB: 2\r\nA: 3\r\n\r\n").fields
    chosen = select_fields(fields, [b"a", b"c", b"a", b"a", b"b"])
    assert [field.value for field in chosen] == [b" 3\r\n", b" 1\r\n", b" 2\r\n"]


def test_lines_that_are_no_fields_are_none() -> None:
    message = read_message(b"From x\nA: 1\nno field\nB: 2\n 3\n\nbody\n")
    assert [field.name for field in message.fields] == [b"a", b"b"]
    assert message.fields[1].raw == b"B: 2\r\n 3\r\n"
    assert message.body == b"body\r\n"
    assert message.named(b"b") == [message.fields[1]]
