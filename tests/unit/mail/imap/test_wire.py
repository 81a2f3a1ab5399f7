"""Tokens one by one, each as the reader takes it and as it refuses it."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest

from mail.imap.wire import MAX_LIST, Dialect, ProtocolError, Reader

TAKEN: list[tuple[Callable[[Reader], Any], list[bytes], Any]] = [
    (Reader.atom, [b"Foo.bar"], b"Foo.bar"),
    (Reader.word, [b"seLect"], "SELECT"),
    (Reader.tag, [b"a]1"], b"a]1"),
    (Reader.astring, [b"x]y"], b"x]y"),
    (Reader.astring, [b'"a b"'], b"a b"),
    (Reader.astring, [b"", b"any\r\nthing", b""], b"any\r\nthing"),
    (Reader.string, [b'""'], b""),
    (Reader.string, [rb'"q\"b\\s"'], rb'q"b\s'),
    (Reader.string, ['"Grüße"'.encode()], "Grüße".encode()),
    (Reader.nstring, [b"nil"], None),
    (Reader.nstring, [b'"NIL"'], b"NIL"),
    (Reader.number, [b"0"], 0),
    (Reader.number, [b"4294967295"], 4294967295),
    (Reader.modseq, [b"9223372036854775807"], 9223372036854775807),
    (Reader.literal, [b"", b"a\x00b", b""], b"a\x00b"),
    (Reader.mailbox, [b"iNbOx"], "INBOX"),
    (Reader.mailbox, [b'"Entw&APw-rfe"'], "Entwürfe"),
    (Reader.mailbox, [b"", b"Tom &- Jerry", b""], "Tom & Jerry"),
    (Reader.mailbox, ['"Entwürfe &-"'.encode()], "Entwürfe &-"),
    (Reader.list_mailbox, [b"a/%"], "a/%"),
    (Reader.list_mailbox, [b'""'], ""),
    (Reader.list_mailbox, [b'"*&APw-"'], "*ü"),
    (Reader.flag, [rb"\sEEN"], "\\Seen"),
    (Reader.flag, [b"$Forwarded"], "$Forwarded"),
    (Reader.flag_list, [rb"(\Seen junk \SEEN)"], ("\\Seen", "junk")),
    (Reader.flag_list, [b"()"], ()),
    (Reader.date, [b"1-feb-2024"], date(2024, 2, 1)),
    (Reader.date, [b'"29-Feb-2024"'], date(2024, 2, 29)),
    (
        Reader.date_time,
        [b'"17-Jul-1996 02:44:25 -0700"'],
        datetime(1996, 7, 17, 2, 44, 25, tzinfo=timezone(timedelta(hours=-7))),
    ),
    (
        Reader.date_time,
        [b'" 1-Jan-2000 00:00:60 +0000"'],
        datetime(2000, 1, 1, 0, 0, 59, tzinfo=UTC),
    ),
]


@pytest.mark.parametrize(("take", "parts", "value"), TAKEN)
def test_tokens_are_taken_to_their_end(
    take: Callable[[Reader], Any], parts: list[bytes], value: Any
) -> None:
    reader = Reader(parts)
    assert take(reader) == value
    reader.end()


REFUSED: list[tuple[Callable[[Reader], Any], list[bytes]]] = [
    (Reader.atom, [b""]),
    (Reader.atom, [b"(x"]),
    (Reader.atom, ["ü".encode()]),
    (Reader.tag, [b"+"]),
    (Reader.string, [b"atom"]),
    (Reader.string, [b'"open']),
    (Reader.string, [rb'"bad \x escape"']),
    (Reader.string, [b'"nul\x00"']),
    (Reader.string, [b"", b"nul\x00", b""]),
    (Reader.astring, [b"{"]),
    (Reader.astring, [b""]),
    (Reader.literal, [b"x", b"abc", b""]),
    (Reader.number, [b"x"]),
    (Reader.number, [b"4294967296"]),
    (Reader.number, [b"9" * 5000]),
    (Reader.modseq, [b"9223372036854775808"]),
    (Reader.sequence_set, [b"0"]),
    (Reader.sequence_set, [b"x"]),
    (Reader.mailbox, [b'""']),
    (Reader.mailbox, [b"a&b"]),
    (Reader.mailbox, ['"Entwürfe"'.encode("latin-1")]),
    (Reader.flag, [rb"\Recent"]),
    (Reader.flag, [rb"\*"]),
    (Reader.flag, [rb"\Unknown"]),
    (Reader.flag_list, [rb"(\Seen  \Draft)"]),
    (Reader.flag_list, [rb"(\Seen"]),
    (Reader.flag_list, [b"(" + b" ".join(b"k%d" % n for n in range(MAX_LIST + 1)) + b")"]),
    (Reader.date, [b"30-Feb-2024"]),
    (Reader.date, [b"1-Foo-2024"]),
    (Reader.date, [b'"1-Feb-2024']),
    (Reader.date, [b"1-Feb-0000"]),
    (Reader.date_time, [b'"17-Jul-1996 25:44:25 -0700"']),
    (Reader.date_time, [b'"17-Jul-1996 02:44:25 -9900"']),
    (Reader.date_time, [b'"01-Jan-0001 00:00:00 +1400"']),
    (Reader.date_time, [b'"17-Jul-1996 02:44:61 +0000"']),
    (Reader.date_time, [b'"17-Jul-1996"']),
]


@pytest.mark.parametrize(("take", "parts"), REFUSED)
def test_what_is_no_such_token_is_a_protocol_error(
    take: Callable[[Reader], Any], parts: list[bytes]
) -> None:
    reader = Reader(parts)
    with pytest.raises(ProtocolError):
        take(reader)


UTF8 = Dialect(utf8=True)


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ('"Entwürfe"', "Entwürfe"),
        ('"R&D &AMQ- &"', "R&D &AMQ- &"),
        ("R&D", "R&D"),
        ('"a\\"b"', 'a"b'),
        ('"e\u0301te\u0301"', "été"),
    ],
)
def test_with_utf8_enabled_a_name_is_what_it_looks_like(given: str, name: str) -> None:
    assert Reader([given.encode()], UTF8).mailbox() == name


def test_with_utf8_enabled_a_quoted_string_must_be_utf8() -> None:
    octets = '"Entwürfe"'.encode("latin-1")
    assert Reader([octets]).string() == octets[1:-1]
    with pytest.raises(ProtocolError):
        Reader([octets], UTF8).string()


def test_a_name_is_remembered_as_it_was_given_where_its_form_is_another() -> None:
    reader = Reader(['"e\u0301" "é"'.encode()], UTF8)
    assert (reader.mailbox(), reader.denormalized) == ("é", "e\u0301")
    reader.space()
    assert (reader.mailbox(), reader.denormalized) == ("é", "")


def test_trailing_spaces_are_forgiven_and_trailing_words_are_not() -> None:
    Reader([b"  "]).end()
    with pytest.raises(ProtocolError):
        Reader([b" x"]).end()


def test_a_literal_left_over_is_not_the_end() -> None:
    with pytest.raises(ProtocolError):
        Reader([b"", b"abc", b""]).end()


def test_reading_goes_on_behind_a_literal() -> None:
    reader = Reader([b"first ", b"a b", b" last"])
    assert reader.atom() == b"first"
    reader.space()
    assert reader.astring() == b"a b"
    reader.space()
    assert reader.rest() == b"last"
    assert reader.at_end()
