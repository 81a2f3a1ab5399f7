import pytest

from mail.pop3.wire import (
    ProtocolError,
    Stuffer,
    TopCutter,
    decode_base64,
    decode_text,
    parse_number,
    serialize_message,
)


@pytest.mark.parametrize(("word", "number"), [(b"1", 1), (b"007", 7), (b"2147483647", 2**31 - 1)])
def test_number_is_read(word: bytes, number: int) -> None:
    assert parse_number(word) == number


@pytest.mark.parametrize("word", [b"", b"0", b"-1", b"1x", b"+1", b"2147483648", b"1" * 11])
def test_what_is_no_number_is_refused(word: bytes) -> None:
    with pytest.raises(ProtocolError, match="a number from 1 on"):
        parse_number(word)


def test_lines_may_be_none() -> None:
    assert parse_number(b"0", lowest=0) == 0


def test_text_is_utf8() -> None:
    assert decode_text("ü".encode()) == "ü"
    with pytest.raises(ProtocolError):
        decode_text(b"\xff")


def test_answer_is_base64() -> None:
    assert decode_base64(b"AGE=") == b"\0a"
    with pytest.raises(ProtocolError):
        decode_base64(b"A")


@pytest.mark.parametrize(
    ("message", "sent"),
    [
        (b"a\r\n", b"a\r\n.\r\n"),
        (b"", b".\r\n"),
        (b"a", b"a\r\n.\r\n"),
        (b"a\n", b"a\n\r\n.\r\n"),
        (b"a\r", b"a\r\r\n.\r\n"),
        (b"\n", b"\n\r\n.\r\n"),
        (b".\r\n", b"..\r\n.\r\n"),
        (b"a\r\n.b\r\n", b"a\r\n..b\r\n.\r\n"),
        (b"a\n.\r\nb\r\n", b"a\n..\r\nb\r\n.\r\n"),
        (b"a\r.b\r\n", b"a\r.b\r\n.\r\n"),
    ],
)
def test_message_is_stuffed_and_ended(message: bytes, sent: bytes) -> None:
    whole = Stuffer()
    assert whole.feed(message) + whole.finish() == sent
    assert b"".join(serialize_message(b"+OK\r\n", message)) == b"+OK\r\n" + sent
    single = Stuffer()
    pieces = [single.feed(message[place : place + 1]) for place in range(len(message))]
    assert b"".join(pieces) + single.finish() == sent


def test_nothing_fed_changes_nothing() -> None:
    stuffer = Stuffer()
    assert stuffer.feed(b"a") + stuffer.feed(b"") + stuffer.feed(b".b") == b"a.b"


MESSAGE = b"A: b\r\nC: d\r\n\r\n1\r\n2\r\n3"


@pytest.mark.parametrize(
    ("lines", "passed"),
    [
        (0, b"A: b\r\nC: d\r\n\r\n"),
        (1, b"A: b\r\nC: d\r\n\r\n1\r\n"),
        (2, b"A: b\r\nC: d\r\n\r\n1\r\n2\r\n"),
        (3, MESSAGE),
        (9, MESSAGE),
    ],
)
def test_header_and_lines_pass(lines: int, passed: bytes) -> None:
    assert TopCutter(lines).feed(MESSAGE) == passed
    single = TopCutter(lines)
    pieces = [single.feed(MESSAGE[place : place + 1]) for place in range(len(MESSAGE))]
    assert b"".join(pieces) == passed


def test_it_is_known_when_nothing_more_passes() -> None:
    cutter = TopCutter(1)
    told = [(cutter.feed(piece), cutter.is_done) for piece in (b"A: b\n\n", b"1\n", b"2\n")]
    assert told == [(b"A: b\n\n", False), (b"1\n", True), (b"", True)]


@pytest.mark.parametrize("header", [b"\r\n", b"\n", b"A: b\n\n", b"\r\r\n"])
def test_header_ends_with_an_empty_line_of_any_kind(header: bytes) -> None:
    assert TopCutter(0).feed(header + b"body\r\n") == header


def test_message_without_a_body_passes_whole() -> None:
    cutter = TopCutter(0)
    assert cutter.feed(b"A: b\r\n") == b"A: b\r\n"
    assert not cutter.is_done
