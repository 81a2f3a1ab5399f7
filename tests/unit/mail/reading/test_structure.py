"""What a message consists of, beside what the parser of messages says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mail.mime.bodystructure import serialize_bodystructure
from mail.mime.index import index_message
from mail.mime.parser import parse_message
from mail.mime.parts import load_parts
from mail.mime.strings import quote_or_nil
from mail.reading.addresses import Mailbox, read_addresses, read_fields
from mail.reading.forms import Form, read_form
from mail.reading.structure import find_text, list_leaves

LETTER = b"""\
From: a@outside.test
Content-Type: multipart/mixed; boundary=m

--m
Content-Type: multipart/related; boundary=r

--r
Content-Type: multipart/alternative; boundary=a

--a
Content-Type: text/plain; charset=utf-8

plain
--a
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: quoted-printable

<p>html
--a--
--r
Content-Type: image/png; name="logo.png"
Content-ID: <logo@outside.test>
Content-Disposition: inline; filename="logo.png"
Content-Transfer-Encoding: base64

iVBORw0KGgo=
--r--
--m
Content-Type: application/pdf; name="=?utf-8?q?B=C3=BCro.pdf?="
Content-Disposition: attachment; filename*=utf-8''B%C3%BCro%20%281%29.pdf
Content-Description: The =?utf-8?q?B=C3=BCro?=
Content-Transfer-Encoding: base64

JVBERi0=
--m
Content-Type: message/rfc822
Content-Disposition: attachment; filename="inner.eml"

From: b@outside.test
Content-Type: multipart/mixed; boundary=i

--i
Content-Type: text/plain

inner
--i--
--m
Content-Type: text/plain; name=notes.txt

notes
--m--
""".replace(b"\n", b"\r\n")


def test_parts_are_told_with_what_a_reader_needs() -> None:
    leaves = list_leaves(index_message(LETTER).bodystructure)
    told = [(x.section, x.media_type, x.filename, x.disposition, x.is_attachment) for x in leaves]
    assert told == [
        ("1.1.1", "text/plain", "", "", False),
        ("1.1.2", "text/html", "", "", False),
        ("1.2", "image/png", "logo.png", "inline", False),
        ("2", "application/pdf", "Büro (1).pdf", "attachment", True),
        ("3", "message/rfc822", "inner.eml", "attachment", True),
        ("4", "text/plain", "notes.txt", "", True),
    ]
    html, logo, pdf = leaves[1], leaves[2], leaves[3]
    assert (html.charset, html.encoding) == ("utf-8", "quoted-printable")
    assert (logo.content_id, logo.size, logo.path) == ("logo@outside.test", 12, (1, 2))
    assert pdf.description == "The Büro"
    assert find_text(leaves, "text/html") == html
    assert find_text(leaves, "text/plain") == leaves[0]
    assert find_text(leaves, "text/calendar") is None


@pytest.mark.parametrize("data", [b"", b"x", b"A: b\r\n\r\nbody", LETTER, LETTER[:700]])
def test_every_part_has_octets_of_that_size(data: bytes) -> None:
    index = index_message(data)
    table = load_parts(index.parts)
    for leaf in list_leaves(index.bodystructure):
        entry = table[leaf.path]
        assert leaf.size == entry.body_end - entry.header_end
        assert leaf.media_type == entry.media_type


@given(st.binary(max_size=400) | st.binary(max_size=200).map(lambda tail: LETTER[:600] + tail))
def test_whatever_is_stored_can_be_read(data: bytes) -> None:
    wire = serialize_bodystructure(parse_message(data))
    table = load_parts(index_message(data).parts)
    assert all(leaf.path in table for leaf in list_leaves(wire))


_forms = st.recursive(
    st.none()
    | st.integers(0, 10**12)
    | st.binary(max_size=20).map(lambda b: b.replace(b"\0", b"")),
    lambda inner: st.lists(inner, max_size=4).map(tuple),
)


def _serialize(form: Form) -> bytes:
    if isinstance(form, tuple):
        return b"(" + b" ".join(map(_serialize, form)) + b")"
    return b"%d" % form if isinstance(form, int) else quote_or_nil(form)


@given(_forms)
def test_a_form_is_read_as_it_was_written(form: Form) -> None:
    assert read_form(_serialize(form)) == form


@pytest.mark.parametrize(
    ("value", "read"),
    [
        (b"ann@example.test", [Mailbox("", "ann@example.test")]),
        (b'"Ann, A." <ann@example.test>', [Mailbox("Ann, A.", "ann@example.test")]),
        (b"=?utf-8?q?J=C3=B6rg?= <j@x.test>, b@x.test", [Mailbox("Jörg", "j@x.test"), Mailbox("", "b@x.test")]),
        (b"Team: a@x.test, b@x.test;", [Mailbox("", "a@x.test"), Mailbox("", "b@x.test")]),
        (b"undisclosed-recipients:;", []),
        (b"nobody", [Mailbox("", "nobody")]),
        (b"", []),
    ],
)  # fmt: skip
def test_addresses_are_told_with_their_names(value: bytes, read: list[Mailbox]) -> None:
    assert read_addresses(value) == read


def test_of_doubled_fields_the_first_counts() -> None:
    header = b"Subject: one\r\n two\r\nSUBJECT: other\r\nTo: a@x.test\r\n\r\n"
    assert read_fields(header) == {b"subject": b"one\r\n two", b"to": b"a@x.test"}
