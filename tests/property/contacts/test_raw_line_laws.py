"""Lines with their octets are the lines of the data, and all of its octets."""

from hypothesis import given
from hypothesis import strategies as st

from contacts.vcard.contentlines import content_lines
from contacts.vcard.rawlines import raw_lines

PIECES = st.sampled_from(
    [
        *(
            b"N:v",
            b"a.NAME;P=q:val",
            b'X;P="a:b;c":1',
            b"A:",
            b"\xc3\xbc",
            b"B:\xc3\xbc",
            b"\xef\xbb\xbf",
        ),
        *(b"\r\n", b"\n", b"\r", b"\r\r\n", b"\r\n ", b"\n\t", b"\r ", b" ", b"\t", b"\r\n\r\n"),
    ]
)


@given(st.lists(PIECES, max_size=30).map(b"".join))
def test_raw_lines_say_what_content_lines_say_and_keep_every_octet(data: bytes) -> None:
    try:
        wanted = list(content_lines(data))
    except ValueError:
        return
    found = list(raw_lines(data))
    assert [raw.line for raw in found] == wanted
    if found:
        assert b"".join(raw.octets for raw in found) == data
