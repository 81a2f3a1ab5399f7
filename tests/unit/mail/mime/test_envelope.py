from mail.mime.envelope import serialize_envelope
from mail.mime.limits import MimeLimits
from mail.mime.parser import parse_message
from tests.unit.mail.mime.wire_reader import read_envelope


def envelope(header: bytes) -> bytes:
    return serialize_envelope(parse_message(header + b"\r\n").fields)


def test_absent_fields_are_nil_and_empty_ones_empty() -> None:
    found = read_envelope(envelope(b"Subject:\r\nDate: \r\nTo:\r\n"))
    assert (found["subject"], found["date"], found["message_id"]) == (b"", b"", None)
    assert found["to"] == []


def test_sender_and_reply_to_default_to_from() -> None:
    found = read_envelope(envelope(b"From: a@b\r\nReply-To:\r\nSender: c@d\r\n"))
    assert found["from"] == found["reply_to"] == [(None, None, b"a", b"b")]
    assert found["sender"] == [(None, None, b"c", b"d")]


def test_values_outside_of_ascii_are_literals() -> None:
    wire = envelope(b"Subject: gr\xfc\xdfe\r\nFrom: \xc3\xa4 <a@b>\r\nMessage-ID: <x\0y>\r\n")
    assert b"{5}\r\ngr\xfc\xdfe" in wire
    assert b"(({2}\r\n\xc3\xa4 NIL " in wire
    assert wire.endswith(b" {5}\r\n<x\x80y>)")


def test_groups_and_routes_have_their_places() -> None:
    found = read_envelope(envelope(b"To: G: <@r:a@b>;, c\r\nCc: d@e\r\nBcc: f@g\r\n"))
    assert found["to"] == [
        (None, None, b"G", None),
        (None, b"@r", b"a", b"b"),
        (None, None, None, None),
        (None, None, b"c", b""),
    ]
    assert found["cc"] == [(None, None, b"d", b"e")]
    assert found["bcc"] == [(None, None, b"f", b"g")]


def test_addresses_beyond_the_limit_are_left_out() -> None:
    fields = {b"to": b"a@b," * 9}
    found = read_envelope(serialize_envelope(fields, MimeLimits(max_addresses=3)))
    assert len(found["to"]) == 3
