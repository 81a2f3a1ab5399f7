from mail.mime.index import index_message

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
    assert (index.from_mailbox, index.from_display) == ("ann", "Ann Lee")
    assert (index.to_mailbox, index.to_display) == ("bob", "bob@example.org")
    assert index.sent_date == 1795481691
    assert index.sent_offset == 3600
    assert index.message_id == "1@example.org"
    assert index.references == ("0@example.org",)


def test_index_of_the_empty_message_is_empty() -> None:
    index = index_message(b"")
    assert index.envelope == b"(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)"
    assert index.header_size == index.size == 0
    assert index.preview == ""
