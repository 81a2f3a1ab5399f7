"""Transfer encodings: however a body is cut, what comes out is what the standard library decodes."""

import base64
import binascii
import quopri
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mail.mime.decoding import IDENTITY, new_decoder

CUTS = st.lists(st.integers(0, 200), max_size=6)
QP_PIECES = [
    b"=",
    b"==",
    b"=4",
    b"=41",
    b"=\r\n",
    b"=\n",
    b"=\r",
    b"=\rx",
    b"\r\n",
    b"\n",
    b" ",
    b"F",
]
QP_BODIES = st.lists(st.sampled_from(QP_PIECES) | st.binary(max_size=4), max_size=20).map(b"".join)
BASE64_PIECES = [b"QUJD", b"QQ==", b"QUI=", b"=", b"==", b"Q", b"QU", b"\r\n", b" ", b"-", b"\x00"]
BASE64_BODIES = st.lists(st.sampled_from(BASE64_PIECES) | st.binary(max_size=4), max_size=20).map(
    b"".join
)


def decode(encoding: str, body: bytes, cuts: list[int]) -> bytes:
    decoder = new_decoder(encoding)
    assert decoder is not None
    edges = [0, *sorted(min(cut, len(body)) for cut in cuts), len(body)]
    pieces = [decoder.feed(body[start:end]) for start, end in pairwise(edges)]
    return b"".join(pieces) + decoder.finish()


@given(QP_BODIES, CUTS)
@example(b"=\r=\r\n=41", [2])
@example(b"===41", [1, 2, 3])
@example(b"a=\r\nb=3", [1, 2, 3, 4])
def test_quoted_printable_is_decoded_as_the_standard_library_does(
    body: bytes, cuts: list[int]
) -> None:
    expected = binascii.a2b_qp(body)
    assert decode("quoted-printable", body, cuts) == expected
    assert decode("quoted-printable", body, list(range(len(body)))) == expected


@given(BASE64_BODIES, CUTS)
@example(b"QQ=x=QUJD", [3])
@example(b"QUJ=QUJD", [4])
@example(b"=QUJD==QUJD", [1])
def test_base64_is_decoded_as_the_standard_library_does_where_it_does(
    body: bytes, cuts: list[int]
) -> None:
    decoded = decode("base64", body, [])
    assert decode("base64", body, cuts) == decoded
    assert decode("base64", body, list(range(len(body)))) == decoded
    try:
        assert decoded == binascii.a2b_base64(body)
    except binascii.Error:  # it wants padding, and gives nothing of what is there
        assert len(decoded) <= len(body) * 3 // 4


@given(st.binary(max_size=300), CUTS, st.integers(0, 2))
def test_base64_without_all_of_its_padding_is_decoded(
    data: bytes, cuts: list[int], lacking: int
) -> None:
    body = base64.encodebytes(data).rstrip(b"\n")
    for _ in range(lacking):
        body = body.removesuffix(b"=")
    assert decode("base64", body, cuts) == data


@given(st.binary(max_size=300), CUTS)
def test_what_was_encoded_is_decoded(data: bytes, cuts: list[int]) -> None:
    assert decode("base64", base64.encodebytes(data), cuts) == data
    assert decode("quoted-printable", quopri.encodestring(data), cuts) == data
    for encoding in IDENTITY:
        assert decode(encoding, data, cuts) == data


@pytest.mark.parametrize("encoding", ["", "x-uuencode", "BASE64", "7-bit"])
def test_an_unknown_encoding_has_no_decoder(encoding: str) -> None:
    assert new_decoder(encoding) is None
