"""Headers that people submit: what must hold for every input."""

import random
from email import message_from_bytes

from mail.flow.listfields import read_header as read_told
from mail.mime.submitted import BadHeader, read_header, read_mailboxes

SUBMITTED_WORDS = (
    b"From: ", b"from : ", b"Sender: ", b"Bcc: ", b"Resent-From: ", b"Resent-Bcc: ", b"List-Id: <x>",
    b"Auto-Submitted: auto-replied", b"a@b.test", b"<a@b.test>", b"Team: a@b.test;", b"\r\n", b"\n",
    b"\r", b"\0", b" ", b"\t", b"--b", b"From ", b">From ", b"\r\n\r\n", b"\xc3\xa9", b"=?utf-8?q?x?=",
)  # fmt: skip


def take_submitted(data: bytes, _chance: random.Random) -> object:
    """What is not refused is read as the standard library reads it, and loses its Bcc."""
    told = read_told(data)
    try:
        header = read_header(data)
    except BadHeader as error:
        return str(error)[:30]
    if not header.fields:
        return "body"
    sent = b"X-First: x\r\n" + header.without(data, {b"bcc"})
    wanted = [field.name.decode() for field in header.fields if field.name != b"bcc"]
    assert [name.lower() for name in message_from_bytes(sent)] == ["x-first", *wanted]
    found = [read_mailboxes(field.value, 20) for field in header.all(b"from")]
    for mailboxes in found:
        for address in mailboxes.addresses:
            address.encode()
            assert not {"\r", "\n", "\0"} & {*address}
    return (len(header.fields), told.is_reply_of_a_machine, *(one.is_clear for one in found))
