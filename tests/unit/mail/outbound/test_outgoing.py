import pytest

from mail.flow.envelopes import EnvelopeRecipient
from mail.outbound.client import stuffed
from mail.outbound.outgoing import Outgoing, WireRecipient, wire_address, wire_recipient

EVERYTHING = dict.fromkeys(("pipelining", "size", "8bitmime", "smtputf8", "dsn"), "")


def outgoing(data: bytes = b"A: b\r\n\r\nc\r\n", *, is_utf8: bool = False) -> Outgoing:
    return Outgoing("ann@example.test", "HDRS", "QQ+2B1", is_utf8, data)


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("ann@example.test", "ann@example.test"),
        ('"ann b"@example.test', '"ann b"@example.test'),
        ("ann@bücher.example", "ann@xn--bcher-kva.example"),
        ("änn@bücher.example", "änn@bücher.example"),
        ("ann@[192.0.2.1]", "ann@[192.0.2.1]"),
        ("ann@[IPv6:2001:db8::1]", "ann@[IPv6:2001:db8::1]"),
    ],
)
def test_an_address_is_said_in_ascii_where_it_can_be(address: str, said: str) -> None:
    assert wire_address(address) == said


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ann",
        "ann@",
        "@b",
        "a b@c",
        "a@b>\r\nRSET",
        "a@b> NOTIFY=NEVER",
        "a@b\r\n",
        'a"@b',
        "a@b@c",
    ],
)
def test_no_address_can_say_more_than_itself(address: str) -> None:
    with pytest.raises(ValueError, match="is no address of SMTP"):
        wire_address(address)


def test_only_what_the_server_knows_is_said() -> None:
    message = outgoing("A: ä\r\n\r\n".encode(), is_utf8=True)
    assert message.mail_command({}) == b"MAIL FROM:<ann@example.test>\r\n"
    assert message.mail_command(EVERYTHING) == (
        b"MAIL FROM:<ann@example.test> SIZE=9 BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=QQ+2B1\r\n"
    )
    recipient = wire_recipient(
        EnvelopeRecipient("ben@other.test", "SUCCESS,FAILURE", "rfc822;ben@first.test")
    )
    assert recipient.command({}) == b"RCPT TO:<ben@other.test>\r\n"
    assert recipient.command(EVERYTHING) == (
        b"RCPT TO:<ben@other.test> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;ben@first.test\r\n"
    )


def test_parameters_that_would_break_the_line_are_left_out() -> None:
    assert (
        WireRecipient("a@b", "", "rfc822;a b\r\nRSET").command(EVERYTHING) == b"RCPT TO:<a@b>\r\n"
    )
    message = Outgoing("", "", "a\r\nRSET", False, b"")
    assert message.mail_command(EVERYTHING) == b"MAIL FROM:<> SIZE=0\r\n"


def test_smtputf8_is_needed_by_addresses_and_by_headers_that_asked_for_it() -> None:
    plain, umlaut = WireRecipient("a@b", "", ""), WireRecipient("ä@b", "", "")
    header = "Subject: ä\r\n\r\n".encode()
    assert not outgoing().needs_utf8([plain])
    assert outgoing().needs_utf8([plain, umlaut])
    assert not outgoing(header).needs_utf8([plain])
    assert outgoing(header, is_utf8=True).needs_utf8([plain])
    assert not outgoing("A: b\r\n\r\nä".encode(), is_utf8=True).needs_utf8([plain])


@pytest.mark.parametrize(
    ("data", "wire"),
    [
        (b"a\r\n", b"a\r\n.\r\n"),
        (b"a", b"a\r\n.\r\n"),
        (b"", b"\r\n.\r\n"),
        (b".\r\n..b\r\n", b"..\r\n...b\r\n.\r\n"),
        (b"a\n.\nQUIT\r\n", b"a\r\n..\r\nQUIT\r\n.\r\n"),
        (b"a\r.\rb\r\n", b"a\r\n..\r\nb\r\n.\r\n"),
        (b"a\r\r\n.\r\n", b"a\r\n\r\n..\r\n.\r\n"),
    ],
)
def test_no_message_can_end_before_its_end(data: bytes, wire: bytes) -> None:
    assert stuffed(data) == wire
