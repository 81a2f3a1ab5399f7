"""A header that may be submitted is read alike by everybody: here, and in the standard library."""

from email import message_from_bytes

from hypothesis import given
from hypothesis import strategies as st

from mail.mime.fields import find_header_end
from mail.mime.sections import split_header_fields
from mail.mime.submitted import BadHeader, read_header

PIECES = (
    b"From: a@x.test", b"from : b@x.test", b"Bcc: z@x.test", b"BCC:", b"Subject: x", b"X", b":",
    b"\r\n", b"\r\n", b"\r\n", b"\n", b"\r", b" ", b"\t", b"\0", b"--x", b"From ", b">From ",
    b"\x0b", b"\x0c", b"\x1c", b"\x85", b"\xc2\x85", b"\xe2\x80\xa8", b"\xff", b";", b"a@x.test",
)  # fmt: skip
DATA = st.lists(st.sampled_from(PIECES), max_size=30).map(b"".join)


@given(DATA)
def test_every_program_sees_the_fields_that_were_checked(data: bytes) -> None:
    try:
        header = read_header(data)
    except BadHeader:
        return
    sent = header.without(data, {b"bcc"})
    wanted = [field.name.decode() for field in header.fields if field.name != b"bcc"]
    if not header.fields:
        sent, wanted = b"From: me@x.test\r\n\r\n" + sent, ["from"]
    elif not wanted:
        sent, wanted = b"From: me@x.test\r\n" + sent, ["from"]
    assert [name.strip().lower() for name in message_from_bytes(sent)] == wanted
    ours = split_header_fields(sent[: find_header_end(sent, 0, len(sent))])
    assert [name.decode() for name, _ in ours.fields] == wanted


@given(DATA)
def test_only_what_is_to_go_goes(data: bytes) -> None:
    try:
        header = read_header(data)
    except BadHeader:
        return
    assert header.without(data, set()) == data[header.start :]
    gone = b"".join(field.raw for field in header.fields if field.name == b"bcc")
    assert len(header.without(data, {b"bcc"})) == len(data) - header.start - len(gone)
