import pytest

from mail.mime.index import MessageIndex, index_message

SIMPLE = (
    b"From: Ann Lee <ann@example.org>\r\n"
    b'To: bob@example.org, "Team, the" <team@example.org>\r\n'
    b"Subject: Re: [list] =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n"
    b"Date: Tue, 24 Nov 2026 01:54:51 +0100\r\n"
    b"Message-ID: <1@example.org>\r\n"
    b"In-Reply-To: <0@example.org>\r\n"
    b"\r\n"
    b"> quoted\r\nHello there\r\n"
)


def test_index_of_a_plain_message_has_every_value() -> None:
    index = index_message(SIMPLE)
    ann = b'(("Ann Lee" NIL "ann" "example.org"))'
    assert index.envelope == (
        b'("Tue, 24 Nov 2026 01:54:51 +0100" "Re: [list] =?utf-8?q?Gr=C3=BC=C3=9Fe?=" '
        + b" ".join([ann] * 3)
        + b' ((NIL NIL "bob" "example.org")("Team, the" NIL "team" "example.org")) NIL NIL'
        b' "<0@example.org>" "<1@example.org>")'
    )
    assert index.bodystructure == (
        b'("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 23 2 NIL NIL NIL NIL)'
    )
    assert index.body == b'("text" "plain" ("charset" "us-ascii") NIL NIL "7bit" 23 2)'
    assert index.header == SIMPLE[: index.header_size]
    assert SIMPLE[index.header_size :].startswith(b"> quoted")
    assert index.preview == "Hello there"
    assert index.subject == "Re: [list] Grüße"
    assert index.base_subject == "Grüße"
    assert index.is_reply_or_forward
    assert index.sent_date == 1795481691
    assert index.sent_offset == 3600
    assert index.message_id == "1@example.org"
    assert index.references == ("0@example.org",)


def test_index_of_the_empty_message_is_empty() -> None:
    index = index_message(b"")
    assert index.envelope == b"(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)"
    assert index.header_size == index.size == 0
    assert index.preview == ""


def index_of(header: bytes, body: bytes = b"") -> MessageIndex:
    return index_message(header + b"\r\n" + body)


def test_senseless_values_are_left_empty() -> None:
    index = index_of(b"Date: never\r\nMessage-ID: what\r\nFrom: G:;\r\nTo:\r\n")
    assert (index.sent_date, index.sent_offset) == (None, 0)
    assert (index.message_id, index.references) == ("", ())
    assert (index.from_, index.to) == ("G:;", "")


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        (b"", False),
        (b"Content-Type: text/plain; name=x\r\n", False),
        (b"Content-Type: image/png; name=x\r\n", False),
        (b"Content-Type: image/png\r\nContent-Disposition: inline; filename=x\r\n", False),
        (b"Content-Type: image/png\r\nContent-Disposition: attachment\r\n", True),
        (b"Content-Type: application/pdf; name=x\r\n", True),
        (b"Content-Type: application/pdf\r\n", False),
        (b"Content-Type: application/pdf\r\nContent-Disposition: inline; filename*=x\r\n", True),
        (b"Content-Type: application/pdf\r\nContent-Disposition: inline\r\n", False),
    ],
)
def test_attachments_are_noticed(part: bytes, *, expected: bool) -> None:
    data = b"--b\r\n\r\ntext\r\n--b\r\n" + part + b"\r\nx\r\n--b--\r\n"
    index = index_of(b"Content-Type: multipart/mixed; boundary=b\r\n", data)
    assert index.has_attachment is expected


def test_no_text_has_what_databases_refuse() -> None:
    raw = b"a\0=?utf-7?q?+2D0-?=<\0\xff@b>"
    index = index_of(
        b"".join(
            b"%b: %b\r\n" % (name, raw)
            for name in (b"Subject", b"From", b"To", b"Cc", b"Bcc", b"Reply-To", b"Message-ID",
                         b"References", b"Date")
        ),
        raw,
    )  # fmt: skip
    for value in (getattr(index, name) for name in index.__slots__):
        for text in value if isinstance(value, tuple) else (value,):
            if isinstance(text, str):
                assert "\0" not in text
                text.encode()
    assert b"\0" not in index.envelope
    assert b"\0" not in index.bodystructure
