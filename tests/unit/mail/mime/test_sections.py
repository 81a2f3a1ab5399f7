import pytest

from mail.mime.parser import parse_message
from mail.mime.parts import PartsTable, load_parts, serialize_parts
from mail.mime.sections import SectionKind, SectionRange, filter_header_fields, resolve_section

# The example of RFC 3501 §6.4.5: 1 text, 2 octet-stream, 3 a message of two parts, 4 a multipart
# of an image and a message, which holds a text and a multipart.
EXAMPLE = b"""Subject: top
Content-Type: multipart/mixed; boundary=A

--A

p1
--A
Content-Type: application/octet-stream

p2
--A
Content-Type: message/rfc822
X: m3

Subject: s3
Content-Type: multipart/mixed; boundary=B

--B

p3.1
--B
Content-Type: application/x-unheard-of
Content-Transfer-Encoding: x-none

p3.2
--B--
--A
Content-Type: multipart/mixed; boundary=C
X: m4

--C
Content-Type: image/gif
Content-Transfer-Encoding: base64
X: m4.1

p4.1
--C
Content-Type: message/rfc822
X: m4.2

Subject: s4.2
Content-Type: multipart/mixed; boundary=D

--D
X: m4.2.1

p4.2.1
--D
Content-Type: multipart/alternative; boundary=E

--E

p4.2.2.1
--E
Content-Type: text/richtext

p4.2.2.2
--E--
--D--
--C--
--A--
"""


def load(data: bytes) -> PartsTable:
    return load_parts(serialize_parts(parse_message(data)))


def section(data: bytes, path: tuple[int, ...], kind: SectionKind = None) -> bytes | None:
    found = resolve_section(load(data), path, kind)
    return None if found is None else data[found.start : found.end]


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ((1,), b"p1"),
        ((2,), b"p2"),
        ((3, 1), b"p3.1"),
        ((3, 2), b"p3.2"),
        ((4, 1), b"p4.1"),
        ((4, 2, 1), b"p4.2.1"),
        ((4, 2, 2, 1), b"p4.2.2.1"),
        ((4, 2, 2, 2), b"p4.2.2.2"),
    ],
)
def test_part_numbers_lead_to_bodies(path: tuple[int, ...], content: bytes) -> None:
    assert section(EXAMPLE, path) == content


def test_headers_and_texts_of_messages_are_found() -> None:
    assert section(EXAMPLE, (), "HEADER") == EXAMPLE[: EXAMPLE.index(b"--A\n")]
    assert section(EXAMPLE, (), "TEXT") == EXAMPLE[EXAMPLE.index(b"--A\n") :]
    assert section(EXAMPLE, ()) == EXAMPLE
    inner = section(EXAMPLE, (3,), "HEADER")
    assert inner == b"Subject: s3\nContent-Type: multipart/mixed; boundary=B\n\n"
    assert section(EXAMPLE, (3,), "HEADER.FIELDS") == inner
    assert section(EXAMPLE, (3,), "HEADER.FIELDS.NOT") == inner
    text = section(EXAMPLE, (3,), "TEXT")
    assert text is not None
    assert text.startswith(b"--B\n")
    assert section(EXAMPLE, (3,)) == inner + text
    assert section(EXAMPLE, (3,), "MIME") == b"Content-Type: message/rfc822\nX: m3\n\n"


@pytest.mark.parametrize(
    ("path", "header"),
    [
        ((1,), b"\n"),
        ((4,), b"Content-Type: multipart/mixed; boundary=C\nX: m4\n\n"),
        ((4, 2), b"Content-Type: message/rfc822\nX: m4.2\n\n"),
        ((4, 2, 1), b"X: m4.2.1\n\n"),
    ],
)
def test_mime_header_is_that_of_the_part(path: tuple[int, ...], header: bytes) -> None:
    assert section(EXAMPLE, path, "MIME") == header


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ((5,), None),
        ((0,), None),
        ((1, 1), None),
        ((3, 3), None),
        ((1,), "HEADER"),
        ((1,), "TEXT"),
        ((4,), "HEADER"),
        ((4, 2, 2), "TEXT"),
        ((), "MIME"),
    ],
)
def test_sections_that_are_not_there_are_none(path: tuple[int, ...], kind: SectionKind) -> None:
    assert section(EXAMPLE, path, kind) is None


def test_body_of_a_message_without_multipart_is_its_part_one() -> None:
    data = b"Subject: x\r\n\r\ntext"
    assert section(data, (1,)) == section(data, (), "TEXT") == b"text"
    assert section(data, (1,), "MIME") == section(data, (), "HEADER") == b"Subject: x\r\n\r\n"
    assert section(data, (1, 1)) is None
    assert section(data, (1,), "TEXT") is None


def test_message_that_is_a_message_has_it_as_part_one() -> None:
    data = b"Content-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\ntext"
    assert section(data, (1,)) == b"Subject: inner\r\n\r\ntext"
    assert section(data, (1,), "HEADER") == b"Subject: inner\r\n\r\n"
    assert section(data, (1, 1)) == b"text"
    assert section(data, (1, 1), "MIME") == b"Subject: inner\r\n\r\n"


def test_prefix_goes_before_the_whole_message_and_its_header_only() -> None:
    table = load(EXAMPLE)
    prefixed = {
        (path, kind)
        for path in table
        for kind in (None, "HEADER", "TEXT", "MIME", "HEADER.FIELDS", "HEADER.FIELDS.NOT")
        if (found := resolve_section(table, path, kind)) and found.with_prefix
    }
    assert prefixed == {
        ((), None),
        ((), "HEADER"),
        ((), "HEADER.FIELDS"),
        ((), "HEADER.FIELDS.NOT"),
    }
    assert resolve_section(load(b"x"), (), None) == SectionRange(0, 1, with_prefix=True)


def test_message_without_header_has_an_empty_one() -> None:
    assert section(b"no header here", (), "HEADER") == b""
    assert section(b"no header here", (), "TEXT") == b"no header here"


HEADER = b"From: a@b\r\nTO : c@d,\r\n\te@f\r\nbad line\r\n: x\r\nSubject: x\r\nto: g@h\r\n\r\n"


@pytest.mark.parametrize(
    ("header", "names", "negate", "expected"),
    [
        pytest.param(HEADER, [b"to"], False, b"TO : c@d,\r\n\te@f\r\nto: g@h\r\n\r\n", id="name"),
        pytest.param(
            HEADER,
            [b"To", b"from"],
            True,
            b"bad line\r\n: x\r\nSubject: x\r\n\r\n",
            id="negated",
        ),
        pytest.param(HEADER, [b"x"], False, b"\r\n", id="none"),
        pytest.param(HEADER, [b"x"], True, HEADER, id="all"),
        pytest.param(b"A: b\n\n", [b"a"], False, b"A: b\n\n", id="bare LF"),
        pytest.param(b"A: b\rC: d\r\r", [b"c"], False, b"C: d\r\r", id="bare CR"),
        pytest.param(b"A: b\r\n", [b"a"], False, b"A: b\r\n\r\n", id="no blank line"),
        pytest.param(b"A: b", [b"a"], False, b"A: b\r\n\r\n", id="no line end"),
        pytest.param(b" \t", [b"a"], True, b" \t\r\n\r\n", id="white space only"),
        pytest.param(b"", [b"a"], True, b"\r\n", id="empty"),
        pytest.param(b"\r\n", [b"a"], True, b"\r\n", id="blank line only"),
        pytest.param(b"A: b\r\r\n\r\r\n", [b"a"], False, b"A: b\r\r\n\r\r\n", id="CR CR LF"),
        pytest.param(b"A: b\r\n\r\nA: c\r\n", [b"a"], False, b"A: b\r\n\r\n", id="body follows"),
    ],
)
def test_header_fields_are_filtered(
    header: bytes, names: list[bytes], negate: bool, expected: bytes
) -> None:
    assert filter_header_fields(header, names, negate=negate) == expected
