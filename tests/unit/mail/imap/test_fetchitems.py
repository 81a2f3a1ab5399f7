"""FETCH items: what they parse to and under which name they are answered."""

import pytest

from mail.imap.fetchitems import (
    MAX_HEADER_FIELDS,
    Attribute,
    Binary,
    FetchItem,
    Section,
    SectionText,
    parse_fetch_items,
)
from mail.imap.wire import ProtocolError, Reader


def parse(text: bytes) -> tuple[FetchItem, ...]:
    reader = Reader([text])
    items = parse_fetch_items(reader)
    reader.end()
    return items


@pytest.mark.parametrize(
    ("text", "section", "label"),
    [
        (b"BODY[]", Section(), b"BODY[]"),
        (b"body.peek[text]", Section(text=SectionText.TEXT, peek=True), b"BODY[TEXT]"),
        (b"BODY[1.2.MIME]", Section((1, 2), SectionText.MIME), b"BODY[1.2.MIME]"),
        (b"BODY[4.header]", Section((4,), SectionText.HEADER), b"BODY[4.HEADER]"),
        (b"BODY[]<0.2048>", Section(partial=(0, 2048)), b"BODY[]<0>"),
        (b"BODY[3]<7.1>", Section((3,), partial=(7, 1)), b"BODY[3]<7>"),
        (
            b'BODY.PEEK[HEADER.FIELDS (From "To" "a b")]',
            Section((), SectionText.HEADER_FIELDS, (b"From", b"To", b"a b"), None, peek=True),
            b'BODY[HEADER.FIELDS (From To "a b")]',
        ),
        (
            b"BODY[2.HEADER.FIELDS.NOT (Received)]",
            Section((2,), SectionText.HEADER_FIELDS_NOT, (b"Received",)),
            b"BODY[2.HEADER.FIELDS.NOT (Received)]",
        ),
        (b"RFC822", Section(old_name=b"RFC822"), b"RFC822"),
    ],
)
def test_sections_and_their_labels(text: bytes, section: Section, label: bytes) -> None:
    assert parse(text) == (section,)
    assert section.label() == label


@pytest.mark.parametrize(
    ("text", "item", "label"),
    [
        (b"BINARY[]", Binary(), b"BINARY[]"),
        (b"binary.peek[1.2]", Binary((1, 2), peek=True), b"BINARY[1.2]"),
        (b"BINARY[3]<7.1>", Binary((3,), partial=(7, 1)), b"BINARY[3]<7>"),
        (b"BINARY.SIZE[4]", Binary((4,), peek=True, size=True), b"BINARY.SIZE[4]"),
    ],
)
def test_binaries_and_their_labels(text: bytes, item: Binary, label: bytes) -> None:
    assert parse(text) == (item,)
    assert item.label() == label


@pytest.mark.parametrize(
    "text",
    [b"BINARY", b"BINARY[TEXT]", b"BINARY[1.MIME]", b"BINARY[0]", b"BINARY[1]<0.0>", b"BINARY[1",
     b"BINARY.SIZE[1]<0.5>", b"BINARY.SIZE", b"BINARY.PEEK", b"BINARY[1].PEEK",
     b"BINARY[" + b".".join([b"1"] * 101) + b"]"],
)  # fmt: skip
def test_what_is_no_binary_is_refused(text: bytes) -> None:
    with pytest.raises(ProtocolError):
        parse(text)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        (b'a "b\\', b'"a \\"b\\\\"'),
        (b"a\r\nb", b"{4}\r\na\r\nb"),
        (b"\xc3\xa9", b"{2}\r\n\xc3\xa9"),
        (b"", b'""'),
    ],
)
def test_a_field_of_odd_octets_is_told_as_a_string_that_may_hold_them(
    name: bytes, told: bytes
) -> None:
    reader = Reader([b"BODY[HEADER.FIELDS (", name, b")]"])
    [section] = parse_fetch_items(reader)
    assert isinstance(section, Section)
    assert section.label() == b"BODY[HEADER.FIELDS (" + told + b")]"


def test_old_names_differ_in_setting_seen() -> None:
    header, text = parse(b"(RFC822.HEADER RFC822.TEXT)")
    assert isinstance(header, Section)
    assert isinstance(text, Section)
    assert header.peek
    assert not text.peek


def test_macros_stand_for_lists() -> None:
    a = Attribute
    assert parse(b"fast") == (a.FLAGS, a.INTERNALDATE, a.SIZE)
    assert parse(b"ALL") == (a.FLAGS, a.INTERNALDATE, a.SIZE, a.ENVELOPE)
    assert parse(b"FULL") == (a.FLAGS, a.INTERNALDATE, a.SIZE, a.ENVELOPE, a.BODY)


def test_doubles_are_told_once() -> None:
    assert parse(b"(UID FLAGS uid)") == (Attribute.UID, Attribute.FLAGS)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"()",
        b"(ALL)",
        b"NOTHING",
        b"BODY[",
        b"BODY[]<0.0>",
        b"BODY[]<1>",
        b"BODY[MIME]",
        b"BODY[0]",
        b"BODY[1..2]",
        b"BODY[1.]",
        b"BODY[FOO]",
        b"BODY[HEADER.FIELDS]",
        b"BODY[HEADER.FIELDS ()]",
        b"BODY[HEADER (To)]",
        b"BODY[" + b".".join([b"1"] * 101) + b"]",
        b"BODY[HEADER.FIELDS (" + b" ".join([b"x"] * (MAX_HEADER_FIELDS + 1)) + b")]",
        b"BODY.PEEK",
        b"RFC822.PEEK",
    ],
)
def test_what_is_no_item_is_refused(text: bytes) -> None:
    with pytest.raises(ProtocolError):
        parse(text)
