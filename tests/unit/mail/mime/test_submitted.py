"""Headers of what is submitted, read strictly, and what is taken out of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mail.mime.submitted import MAX_HEADER, BadHeader, read_header, read_mailboxes

MESSAGE = (
    b"From: ann@example.test\r\nTo: ben@example.test,\r\n\tcid@example.test\r\n\r\nBcc: body\r\n"
)


def test_fields_are_read_with_their_folding() -> None:
    header = read_header(MESSAGE)
    assert [field.name for field in header.fields] == [b"from", b"to"]
    assert header.all(b"to")[0].value == b"ben@example.test,\tcid@example.test"
    assert MESSAGE[header.end :] == b"\r\nBcc: body\r\n"


def test_fields_are_taken_out_whole_and_the_body_never() -> None:
    data = b"Bcc: one@example.test,\r\n two@example.test\r\n" + MESSAGE.replace(
        b"\r\n\r\n", b"\r\nBCC: three@example.test\r\n\r\n"
    )
    assert read_header(data).without(data, {b"bcc"}) == MESSAGE


def test_message_without_what_is_to_go_is_the_same_object() -> None:
    assert read_header(MESSAGE).without(MESSAGE, {b"bcc"}) is MESSAGE


def test_message_that_is_all_body_has_no_fields() -> None:
    for data in (b"hello\r\n", b"\r\nFrom: x\r\n", b"", b"--boundary\r\n"):
        assert read_header(data).fields == ()
        assert read_header(data).without(data, {b"from"}) is data


def test_header_without_a_body_is_one() -> None:
    assert [field.name for field in read_header(b"Subject: x\r\n").fields] == [b"subject"]


def test_line_of_a_mailbox_file_is_no_part_of_the_header() -> None:
    for line in (b"From ann Mon Jan  1\r\n", b">From ann\r\n"):
        header = read_header(line + MESSAGE)
        assert header.without(line + MESSAGE, ()) == MESSAGE


@pytest.mark.parametrize(
    "data",
    [
        b"From: a@b.test\r\nno field\r\nFrom: ceo@b.test\r\n\r\n",
        b"From: a@b.test\r\n--x\r\nFrom: ceo@b.test\r\n\r\n",
        b"From: a@b.test\r\nSubject: x\rFrom: ceo@b.test\r\n\r\n",
        b"From: a@b.test\r\nSub\0ject: x\r\n\r\n",
        b"From: a@b.test\r\nSubject: \0\r\n\r\n",
        b"From: a@b.test\r\nSubject: x",
        b"From: a@b.test\r\n: x\r\n\r\n",
        b"Subject: x\r\nFrom : a@b.test\r\n\r\n",
    ],
)
def test_header_that_could_be_read_in_two_ways_is_refused(data: bytes) -> None:
    with pytest.raises(BadHeader):
        read_header(data)


def test_header_is_bounded() -> None:
    line = b"X: " + b"y" * 997 + b"\r\n"
    read_header(line * (MAX_HEADER // len(line)) + b"\r\n")
    with pytest.raises(BadHeader, match=str(MAX_HEADER)):
        read_header(line * (MAX_HEADER // len(line) + 1) + b"\r\n")


@given(
    st.lists(
        st.sampled_from([b"From: a", b"Bcc", b":", b" ", b"\t", b"\r", b"\n", b"\r\n", b"\0", b"x"])
    )
)
def test_garbage_gives_a_header_or_is_refused(pieces: list[bytes]) -> None:
    data = b"".join(pieces)
    try:
        header = read_header(data)
    except BadHeader:
        return
    if header.fields:
        kept = b"".join(field.raw for field in header.fields)
        assert data[header.start : header.end] == kept
        again = header.without(data, {b"bcc"})
        assert not read_header(again).all(b"bcc") or header.end == len(kept) == 0


@pytest.mark.parametrize(
    ("value", "addresses", "is_clear"),
    [
        (b"ann@example.test", ("ann@example.test",), True),
        (b'"Ann, of us" <ann@example.test>, ben@example.test', ("ann@example.test", "ben@example.test"), True),
        (b"Team: ann@example.test, Ben <ben@example.test>;", ("ann@example.test", "ben@example.test"), True),
        (b"Undisclosed:;", (), False),
        (b"ann@example.test (Ann)", ("ann@example.test",), True),
        (b"ann@example.test <ann@example.test>", ("ann@example.test",), True),
        (b"Ann B. M\xc3\xbcller <ann@example.test>", ("ann@example.test",), True),
        (b"=?utf-8?q?Ann?= <ann@example.test>", ("ann@example.test",), True),
        (b'"<ceo@evil.test>" <ann@example.test>', ("ann@example.test",), True),
        (b"ceo@evil.test <ann@example.test>", ("ceo@evil.test", "ann@example.test"), True),
        (b"<ceo@evil.test> <ann@example.test>", (), False),
        (b"<ann@example.test> ceo@evil.test", (), False),
        (b"<@evil.test:ann@example.test>", (), False),
        (b"Smith, Ann <ann@example.test>", (), False),
        (b"Ann (<ceo@evil.test>) <ann@example.test>", (), False),
        (b"Team: ann@example.test", (), False),
        (b"ann@example.test; ceo@evil.test", (), False),
        (b"ann", (), False),
        (b"", (), False),
        (b"a@b.test, c@d.test, e@f.test, g@h.test", (), False),
    ],
)  # fmt: skip
def test_mailboxes_are_read_also_within_groups(
    value: bytes, addresses: tuple[str, ...], is_clear: bool
) -> None:
    found = read_mailboxes(value, 3)
    assert found.is_clear is is_clear
    assert found.addresses == addresses
