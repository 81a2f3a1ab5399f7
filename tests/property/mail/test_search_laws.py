"""Laws of the search index: a stored text is the text, and nothing is taken away that matches."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mail.mime.text import decode_header_block, fold_search
from mail.services.search_candidates import may_hold
from mail.services.search_segments import hash_trigrams
from mail.services.search_text import (
    DamagedText,
    SearchableText,
    fold_fields,
    fold_term,
    index_text,
    make_text,
    pack_text,
    unpack_text,
)

TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=200)
HEADER = st.one_of(
    st.binary(max_size=80),
    st.text("aA: \t\r\n=?_bq0é\0", max_size=80).map(str.encode),
    st.builds(b"Subject: %b\r\n %b\r\n".__mod__, st.tuples(st.binary(max_size=20), st.binary())),
)


@given(header=TEXT, body=TEXT, data=st.binary(max_size=100))
@example(header="", body="", data=b"")
@example(header="a", body="b", data=b"7\xa40\xec and what looks like a trained dictionary")
def test_a_packed_text_is_the_text_again(header: str, body: str, data: bytes) -> None:
    text = SearchableText(header.encode(), body.encode())
    assert unpack_text(pack_text(text, data), data) == text


@given(stored=st.binary(max_size=60), data=st.binary(max_size=60))
def test_garbage_is_a_damaged_text(stored: bytes, data: bytes) -> None:
    with pytest.raises(DamagedText):
        unpack_text(stored, data)


def test_a_text_packed_against_other_octets_is_damaged() -> None:
    text = SearchableText(b"subject: harbour", b"a long text of the harbour, " * 20)
    packed = pack_text(text, b"a long text of the harbour, " * 20)
    with pytest.raises(DamagedText):
        unpack_text(packed, b"a short text of the hills, " * 20)


@given(before=TEXT, term=TEXT, after=TEXT)
def test_a_text_has_the_trigrams_of_every_term_in_it(before: str, term: str, after: str) -> None:
    text = (before + term + after).encode()
    assert hash_trigrams(term.encode()) <= hash_trigrams(text)


def test_only_what_has_three_octets_has_trigrams() -> None:
    assert hash_trigrams(b"he") == hash_trigrams(b"") == set()
    assert hash_trigrams("é".encode()) == set()
    assert len(hash_trigrams("東".encode())) == 1
    assert all(0 <= bucket < 1 << 16 for bucket in hash_trigrams(bytes(range(256)) * 9))


@given(header=HEADER, data=st.data())
@example(header=b"X: a\0b\r\n", data=None)
def test_no_header_holds_what_it_cannot_hold(header: bytes, data: st.DataObject | None) -> None:
    texts = [fold_search(decode_header_block(header)).encode()]
    texts += fold_fields(header, b"subject")
    for text in texts:
        starts = [0] if data is None else data.draw(st.lists(st.integers(0, max(0, len(text) - 1))))
        for start in starts:
            assert may_hold(header, text[start : start + 5])


@pytest.mark.parametrize(
    ("term", "folded"),
    [("STRASSE", b"strasse"), ("straße", b"strasse"), ("a\0b", None), ("a\ud800", None)],
)
def test_a_term_is_folded_as_texts_are_and_what_no_text_holds_is_none(
    term: str, folded: bytes | None
) -> None:
    assert fold_term(term) == folded


def test_a_row_keeps_no_more_of_a_message_than_it_may() -> None:
    data = b"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nTo: a@b.test\r\nTo: c@d.test\r\n\r\nbody\r\n"
    size = len(make_text(data).whole)
    row = index_text(data, size)
    assert (row.subject, row.sender) == ("gru\u0308sse".encode(), b"")
    assert (row.recipients, row.cc) == (b"a@b.test\0c@d.test", b"")
    assert unpack_text(row.text, data) == make_text(data)
    assert index_text(data, size - 1).text == b""
