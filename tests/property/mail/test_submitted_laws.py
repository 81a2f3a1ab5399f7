"""A header that may be submitted is read alike by everybody: here, and in the standard library."""

from contextlib import suppress
from email import message_from_bytes
from email.policy import default
from email.utils import getaddresses

from hypothesis import given
from hypothesis import strategies as st

from mail.mime.fields import find_header_end
from mail.mime.sections import split_header_fields
from mail.mime.submitted import BadHeader, read_header, read_mailboxes

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


NAMES = st.lists(st.sampled_from((
    b"ann@x.test", b"<ann@x.test>", b"<", b">", b"ceo@y.test", b"<ceo@y.test>", b'"', b"(", b")", b",",
    b";", b":", b" ", b"\\", b"Ann", b"@", b"[", b"]", b"=?utf-8?q?x?=", b".", b"\xc3\xa9", b"Team: ",
)), max_size=8).map(b"".join)  # fmt: skip


@given(NAMES)
def test_who_has_one_address_is_read_as_no_other(value: bytes) -> None:
    if read_mailboxes(value, 20).addresses != ("ann@x.test",):
        return
    read = {address for _, address in getaddresses([value.decode()])}
    with suppress(AttributeError):  # bugs of the standard library, at a dot as a name
        header = message_from_bytes(b"From: " + value + b"\r\n\r\n", policy=default)["From"]
        read |= {one.addr_spec for one in header.addresses}
    assert {address for address in read if "@" in address} <= {"ann@x.test"}


@given(DATA)
def test_only_what_is_to_go_goes(data: bytes) -> None:
    try:
        header = read_header(data)
    except BadHeader:
        return
    assert header.without(data, set()) == data[header.start :]
    gone = b"".join(field.raw for field in header.fields if field.name == b"bcc")
    assert len(header.without(data, {b"bcc"})) == len(data) - header.start - len(gone)
