"""The laws of mail.mime: garbage never raises, offsets nest, what was written is what is read."""

from itertools import pairwise

from hypothesis import example, given
from hypothesis import strategies as st

from mail.mime.addresses import parse_addresses
from mail.mime.dates import parse_date
from mail.mime.envelope import (
    EnvelopeField,
    read_envelope_subject,
    read_first_address,
    serialize_envelope,
)
from mail.mime.fields import parse_valued
from mail.mime.index import MessageIndex, index_message
from mail.mime.limits import DEFAULT_LIMITS, MimeLimits
from mail.mime.parser import Part, parse_message
from mail.mime.parts import PartEntry, PartsTable, load_parts, serialize_parts
from mail.mime.sections import filter_header_fields, header_filter, resolve_section
from mail.mime.text import decode_header, extract_text, fold_search
from mail.mime.thread import base_subject
from tests.unit.mail.mime.wire_reader import read_body, read_envelope, without_extensions

# What mail is made of, and what breaks it.
PIECES = st.one_of(
    st.sampled_from(
        [
            b"\r\n", b"\n", b"\r", b"\r\n\r\n", b"\n\n", b"--", b"--b", b"--b--", b"\r\n--b\r\n",
            b"\n--c\n", b"\r\n--c--", b" ", b"\t", b":", b";", b",", b"<", b">", b"@", b'"', b"(",
            b")", b"\\", b"=", b"*", b"\0", b"\xff", b"\xc3\xa4", b"=?utf-8?q?=C3=A4?=", b"=?utf-7?q?",
            b"?=", b"Subject: ", b"From: ", b"To: a@b, ", b"Date: Tue, 24 Nov 2026 01:54:51 +0100",
            b"Message-ID: <a@b>", b"References: <c@d> ", b"Content-Type: ", b"text/plain", b"text/html",
            b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n",
            b"Content-Type: multipart/digest; boundary=c\r\n\r\n--c\r\n",
            b"Content-Type: message/rfc822\r\n\r\n", b"Content-Type: message/global\r\n\r\n",
            b"; charset=", b"utf-16", b"; name*0*=utf-8''a%20", b"; name*1=b", b'; filename="x',
            b"Content-Disposition: attachment", b"Content-Language: de, en", b"Content-ID: ",
            b"Content-Transfer-Encoding: base64\r\n", b"Content-Transfer-Encoding: quoted-printable\r\n",
            b"<b>", b"<script>", b"&#", b"9", b"Re: ", b"[fwd: ", b"]", b"(fwd)", b"[x] ",
        ]
    ),
    st.binary(max_size=12),
)  # fmt: skip
GARBAGE = st.one_of(st.binary(max_size=200), st.lists(PIECES, max_size=40).map(b"".join))
SMALL = MimeLimits(
    max_depth=3, max_parts=6, max_header_fields=5, max_header_bytes=120, max_field_bytes=40,
    max_addresses=2, max_params=2, max_references=2, max_false_delimiters=2, max_text_bytes=30,
    max_text_chars=60,
)  # fmt: skip
LIMITS = st.sampled_from([DEFAULT_LIMITS, SMALL])


def check_nesting(part: Part, start: int, end: int) -> None:
    """Each range is inside its parent's, and siblings follow each other."""
    assert start <= part.header_start <= part.header_end <= part.body_end <= end
    inner = part.children or ([part.message] if part.message else [])
    for child in inner:
        check_nesting(child, part.header_end, part.body_end)
    for one, other in pairwise(inner):
        assert one.body_end <= other.header_start


@given(data=GARBAGE, limits=LIMITS)
@example(data=b"", limits=DEFAULT_LIMITS)
def test_offsets_of_any_octets_are_nested_and_within_bounds(
    data: bytes, limits: MimeLimits
) -> None:
    top = parse_message(data, limits)
    check_nesting(top, 0, len(data))
    assert (top.header_start, top.body_end) == (0, len(data))
    parts = list(top.walk())
    assert len(parts) <= limits.max_parts


def check_text(value: object) -> None:
    if isinstance(value, tuple):
        for item in value:
            check_text(item)
    elif isinstance(value, str):
        assert "\0" not in value
        value.encode()


def check_wire(index: MessageIndex) -> None:
    envelope = read_envelope(index.envelope)
    assert read_envelope_subject(index.envelope) == (envelope["subject"] or b"")
    for field in EnvelopeField:
        first = envelope[field.name.lower()][:1]
        assert read_first_address(index.envelope, field) == (first[0] if first else None)
    structure = read_body(index.bodystructure, extended=True)
    assert read_body(index.body, extended=False) == without_extensions(structure)


@given(data=GARBAGE, limits=LIMITS)
@example(data=b"", limits=DEFAULT_LIMITS)
def test_index_of_any_octets_is_of_the_grammar_and_storable(
    data: bytes, limits: MimeLimits
) -> None:
    index = index_message(data, limits)
    check_wire(index)
    for name in MessageIndex.__slots__:
        check_text(getattr(index, name))
    assert index.header == data[: index.header_size]
    assert len(index.preview) <= 200


def expected_table(top: Part) -> dict[tuple[int, ...], tuple[int, int, int]]:
    """Number the parts the obvious way, by recursion over the tree (RFC 3501 §6.4.5)."""
    found: dict[tuple[int, ...], tuple[int, int, int]] = {(): (0, 0, top.body_end)}

    def number_message(message: Part, path: tuple[int, ...]) -> None:
        if message.children:
            for at, child in enumerate(message.children, 1):
                number_part(child, (*path, at))
        else:
            number_part(message, (*path, 1))

    def number_part(part: Part, path: tuple[int, ...]) -> None:
        found[path] = (part.header_start, part.header_end, part.body_end)
        for at, child in enumerate(part.children, 1):
            number_part(child, (*path, at))
        if part.message:
            number_message(part.message, path)

    number_message(top, ())
    return found


@given(data=GARBAGE, limits=LIMITS)
def test_parts_table_reads_back_as_the_tree(data: bytes, limits: MimeLimits) -> None:
    top = parse_message(data, limits)
    table = load_parts(serialize_parts(top))
    assert {path: entry[:3] for path, entry in table.items()} == expected_table(top)
    check_sections(data, table)


def check_sections(data: bytes, table: PartsTable) -> None:
    for path, entry in table.items():
        whole = resolve_section(table, path)
        assert whole is not None
        assert 0 <= whole.start <= whole.end <= len(data)
        if entry.message:
            check_message_sections(table, path, entry)


def check_message_sections(table: PartsTable, path: tuple[int, ...], entry: PartEntry) -> None:
    whole = resolve_section(table, path)
    header = resolve_section(table, path, "HEADER")
    text = resolve_section(table, path, "TEXT")
    assert whole is not None
    assert header is not None
    assert text is not None
    assert (whole.start, header.end, whole.end) == (header.start, text.start, text.end)


@given(data=GARBAGE, limits=LIMITS)
def test_search_text_of_any_octets_is_bounded_and_storable(data: bytes, limits: MimeLimits) -> None:
    pieces = list(extract_text(data, parse_message(data, limits), limits))
    assert sum(map(len, pieces)) <= limits.max_text_chars
    for piece in pieces:
        check_text(piece)


@given(header=GARBAGE, names=st.lists(st.sampled_from([b"Subject", b"to", b"x"]), max_size=3))
def test_filtered_and_refused_fields_together_are_the_header(
    header: bytes, names: list[bytes]
) -> None:
    kept = filter_header_fields(header, names, negate=False)
    refused = filter_header_fields(header, names, negate=True)
    for part in (kept, refused):
        assert part.endswith((b"\n", b"\r"))
        # A lone line of a header with bare CR can no longer be told from one with LF.
        if b"\n" in header[:-1]:
            assert filter_header_fields(part, names, negate=part is refused) == part
    assert len(kept) + len(refused) <= len(header) + 6


TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=30)


@given(raw=GARBAGE)
def test_field_readers_take_any_octets(raw: bytes) -> None:
    check_text(decode_header(raw))
    parse_date(raw)
    params = parse_valued(raw, DEFAULT_LIMITS).params
    assert len(dict(params)) == len(params)
    assert len(parse_addresses(raw, 3)) <= 3
    read_envelope(serialize_envelope({b"from": raw, b"subject": raw, b"date": raw}))


@given(words=st.lists(TEXT, min_size=1, max_size=4))
def test_encoded_words_read_back(words: list[str]) -> None:
    raw = b"\r\n ".join(
        b"=?utf-8?q?%b?=" % b"".join(b"=%02X" % octet for octet in word.encode()) for word in words
    )
    assert decode_header(raw) == "".join(words)


NAMES = st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), min_size=1, max_size=20)
LOCALS = st.text("abc.+-", min_size=1, max_size=10)


@given(addresses=st.lists(st.tuples(NAMES, LOCALS), min_size=1, max_size=5))
def test_quoted_addresses_read_back(addresses: list[tuple[str, str]]) -> None:
    def quote(name: str) -> str:
        return name.replace("\\", "\\\\").replace('"', '\\"')

    raw = ", ".join(f'"{quote(name)}" <{local}@example.org>' for name, local in addresses).encode()
    found = parse_addresses(raw, 10)
    assert [(entry.name or b"").split() for entry in found] == [
        name.encode().split() for name, _ in addresses
    ]
    assert [entry.mailbox for entry in found] == [local.encode() for _, local in addresses]


@given(text=TEXT)
def test_base_subject_of_a_base_subject_is_itself(text: str) -> None:
    base = base_subject(text).text
    assert base_subject(base) == (base, False)
    assert base_subject(f"Re: {base}").text == base


@given(text=TEXT)
def test_folded_text_stays_folded(text: str) -> None:
    folded = fold_search(text)
    assert fold_search(folded) == folded
    assert fold_search(text.swapcase()) == fold_search(text.swapcase().swapcase())


@given(
    header=GARBAGE,
    names=st.lists(st.sampled_from([b"from", b"Subject", b"to "]), min_size=1, max_size=3),
)
@example(b"From: a\r\nfrom : b\r\nFrom\r\nFromage: c\r\nX: d\r\n from: e\r\n\r\n", [b"from"])
@example(b"to", [b"to"])
def test_quick_filter_keeps_what_the_slow_one_keeps(header: bytes, names: list[bytes]) -> None:
    keep = header_filter(tuple(names))
    listed = filter_header_fields(header, [*names, b"subject", b"x"], negate=False)
    for text in (header, listed):
        assert keep(text) == filter_header_fields(text, names, negate=False)
