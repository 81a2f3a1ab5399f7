"""What a sender is told, read back by the standard library's parser."""

import email
from email.message import Message
from email.policy import SMTP
from typing import cast

import pytest

from mail.flow.dsn import (
    DELAYED,
    DELIVERED,
    EXPANDED,
    FAILED,
    MAX_RETURNED,
    MAX_RETURNED_HEADER,
    RELAYED,
    By,
    Original,
    Outcome,
    build_dsn,
    is_wanted,
)
from mail.flow.envelopes import EnvelopeRecipient

BY = By("mx.ours.example", "postmaster@ours.example", 1_796_000_000, "0123456789abcdef")
HEADER = (
    b"Received: from x\r\n\tby y; Sun, 29 Nov 2026 22:30:00 +0000\r\n"
    b"From: Ann <ann@there.example>\r\nSubject: Lunch on Friday\r\n"
    b"Message-ID: <q1@there.example>\r\n"
)
DATA = HEADER + b"\r\nHow about lunch?\r\n"
ORIGINAL = Original("ann@there.example", "", "", 1_795_990_000, DATA)
BEN = EnvelopeRecipient("ben@ours.example")
GONE = Outcome(BEN, FAILED, "5.1.1", "smtp; 550 5.1.1 There is no such recipient here.")


def read(data: bytes) -> tuple[Message, list[Message]]:
    """Return the message and its parts."""
    assert all(len(line) <= 998 for line in data.split(b"\r\n"))
    assert b"\n" not in data.replace(b"\r\n", b"")
    found = email.message_from_bytes(data)
    assert not found.defects
    return found, cast("list[Message]", found.get_payload())


def build(*outcomes: Outcome, original: Original = ORIGINAL) -> tuple[Message, list[Message]]:
    return read(build_dsn(original, outcomes, BY))


def fields(part: Message) -> list[dict[str, str]]:
    """Return the groups of fields of message/delivery-status."""
    return [dict(group.items()) for group in cast("list[Message]", part.get_payload())]


def text_of(part: Message) -> str:
    return cast("bytes", part.get_payload(decode=True)).decode()


def test_a_failure_is_a_report_of_three_parts() -> None:
    found, parts = build(GONE)
    assert found.get_content_type() == "multipart/report"
    assert found.get_param("report-type") == "delivery-status"
    assert found["To"] == "<ann@there.example>"
    assert found["Subject"] == "Not delivered: Lunch on Friday"
    assert found["Auto-Submitted"] == "auto-replied"
    assert found["Message-ID"] == "<dsn.0123456789abcdef@mx.ours.example>"
    assert found["References"] == found["In-Reply-To"] == "<q1@there.example>"
    assert [part.get_content_type() for part in parts] == [
        "text/plain",
        "message/delivery-status",
        "text/rfc822-headers",
    ]
    text = text_of(parts[0])
    assert "<ben@ours.example>" in text
    assert "550 5.1.1 There is no such recipient here." in text
    assert text_of(parts[2]).encode() == HEADER


def test_the_status_says_it_to_programs() -> None:
    recipient = EnvelopeRecipient("ben@x.example", "", "rfc822;Ben+2Bteam@ours.example")
    original = Original("ann@there.example", "HDRS", "QQ+2B314159", 1_795_990_000, DATA)
    said = "smtp; 450 4.2.0 " + "come again later " * 8
    outcome = Outcome(
        recipient, DELAYED, "4.2.0", said.strip(), "mx.x.example", 1_796_000_000, 1_796_400_000
    )
    message, recipients = fields(build(outcome, original=original)[1][1])
    assert message == {
        "Original-Envelope-Id": "QQ+314159",
        "Reporting-MTA": "dns; mx.ours.example",
        "Arrival-Date": "Sun, 29 Nov 2026 22:06:40 +0000",
    } | {"Arrival-Date": message["Arrival-Date"]}
    assert recipients["Original-Recipient"] == "rfc822; Ben+team@ours.example"
    assert recipients["Final-Recipient"] == "rfc822; ben@x.example"
    assert recipients["Action"] == "delayed"
    assert recipients["Status"] == "4.2.0"
    assert recipients["Remote-MTA"] == "dns; mx.x.example"
    assert " ".join(recipients["Diagnostic-Code"].split()) == said.strip()
    assert "Will-Retry-Until" in recipients
    assert "Last-Attempt-Date" in recipients


def test_the_worst_that_happened_is_the_subject() -> None:
    done = [
        Outcome(BEN, action, "2.0.0") for action in (DELIVERED, RELAYED, EXPANDED, DELAYED, FAILED)
    ]
    subjects = [str(build(*done[: n + 1])[0]["Subject"]).partition(":")[0] for n in range(5)]
    assert subjects == [
        "Delivered",
        "Passed on",
        "Delivered",
        "Not delivered yet",
        "Not delivered",
    ]
    _, parts = build(*done)
    assert [group["Action"] for group in fields(parts[1])[1:]] == [o.action for o in done]


def test_the_whole_message_comes_back_where_that_was_asked_for() -> None:
    original = Original("ann@there.example", "FULL", "", 1, DATA, DATA)
    _, parts = build(GONE, original=original)
    assert parts[2].get_content_type() == "message/rfc822"
    [inner] = cast("list[Message]", parts[2].get_payload())
    assert inner.as_bytes(policy=SMTP) == DATA
    _, parts = build(Outcome(BEN, DELIVERED, "2.0.0"), original=original)
    assert parts[2].get_content_type() == "text/rfc822-headers"


@pytest.mark.parametrize(
    "data",
    [
        HEADER + b"\r\n" + b"x" * MAX_RETURNED,
        HEADER + b"\r\n" + b"x" * 999 + b"\r\n",
        HEADER + b"\r\nbare\nline feed\r\n",
        HEADER + b"\r\nbare\rreturn\r\n",
        HEADER + b"\r\nzero\0\r\n",
    ],
)
def test_what_cannot_be_sent_on_is_not_returned_whole(data: bytes) -> None:
    original = Original("ann@there.example", "FULL", "", 1, data, data)
    _, parts = build(GONE, original=original)
    assert parts[2].get_content_type() == "text/rfc822-headers"


def test_a_message_of_8_bits_says_so() -> None:
    data = HEADER + "\r\nGrüße\r\n".encode()
    _, parts = build(GONE, original=Original("a@b.example", "FULL", "", 1, data, data))
    assert parts[2]["Content-Transfer-Encoding"] == "8bit"


@pytest.mark.parametrize(
    "header",
    [
        "Subject: Grüße\r\nMessage-ID: <ü@x>\r\n".encode(),
        b"Subject: \xff\xfe\r\n",
        b"X: " + b"y" * 5_000 + b"\r\n",
        b"A: \0\rb\r\n",
        b"Subject: one\r\n\ttwo\r\n",
        b"Subject: " + b"s" * 300 + b"\r\n",
        b"only text",
        b"",
    ],
)
def test_headers_of_any_kind_go_in_seven_bits(header: bytes) -> None:
    data = build_dsn(Original("ann@there.example", "", "", 1, header), [GONE], BY)
    assert data.isascii()
    assert b"\0" not in data
    found, parts = read(data)
    assert found["Subject"] == "Not delivered"
    returned = cast("bytes", parts[2].get_payload(decode=True))
    assert returned.strip() == header.replace(b"\rb", b"\r\nb").strip()


def test_a_large_header_is_cut_at_a_line() -> None:
    header = b"".join(b"X-%d: line\r\n" % number for number in range(10_000))
    _, parts = build(GONE, original=Original("ann@there.example", "", "", 1, header))
    returned = text_of(parts[2])
    assert 0 < len(returned) <= MAX_RETURNED_HEADER
    assert returned.endswith(": line\r\n")


def test_addresses_that_are_no_ascii_are_escaped_for_programs() -> None:
    recipient = EnvelopeRecipient("jürgen@ours.example", "", "utf-8;j\\x{FC}rgen@ours.example")
    data = build_dsn(ORIGINAL, [Outcome(recipient, FAILED, "5.1.1", "smtp; 550 Nö")], BY)
    assert data.isascii()
    _, parts = read(data)
    told = fields(parts[1])[1]
    assert told["Final-Recipient"] == "utf-8; j\\x{FC}rgen@ours.example"
    assert told["Original-Recipient"] == "utf-8;j\\x{FC}rgen@ours.example"
    assert told["Diagnostic-Code"] == "smtp; 550 N?"
    assert "<jürgen@ours.example>" in text_of(parts[0])


def test_a_sender_that_is_no_ascii_stays_as_it_is() -> None:
    data = build_dsn(Original("jürgen@there.example", "", "", 1, DATA), [GONE], BY)
    assert "To: <jürgen@there.example>".encode() in data


def test_nothing_that_was_said_adds_a_line() -> None:
    said = "smtp; 550 no\r\nSubject: forged\r\n\r\nbody"
    recipient = EnvelopeRecipient("b\r\nX: y@ours.example", "", "rfc822;a+0D+0AX: y@b")
    original = Original("a\r\nX: y@there.example", "", "a+0D+0AX: y", 1, b"Subject: x\r\n\r\n")
    found, parts = build(Outcome(recipient, FAILED, "5.0.0", said), original=original)
    assert found["X"] is None
    assert all("X" not in group and "Subject" not in group for group in fields(parts[1]))
    assert len(fields(parts[1])) == 2


@pytest.mark.parametrize(
    ("notify", "wanted"),
    [
        ("", {FAILED, DELAYED}),
        ("NEVER", set()),
        ("SUCCESS", {DELIVERED, RELAYED, EXPANDED}),
        ("FAILURE", {FAILED}),
        ("DELAY,SUCCESS", {DELAYED, DELIVERED, RELAYED, EXPANDED}),
    ],
)
def test_only_what_was_asked_for_is_told(notify: str, wanted: set[str]) -> None:
    recipient = EnvelopeRecipient("ben@ours.example", notify)
    actions = (FAILED, DELAYED, DELIVERED, RELAYED, EXPANDED)
    assert {a for a in actions if is_wanted(Outcome(recipient, a, "2.0.0"))} == wanted
