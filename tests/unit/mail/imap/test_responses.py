"""Responses, octet for octet."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from mail.imap import responses
from mail.imap.requests import StatusItem
from mail.imap.responses import Code, Condition
from mail.imap.sequences import Seq, Uid


def test_nil_is_not_the_text_nil() -> None:
    assert responses.astring(b"nil") == b'"nil"'
    assert responses.astring(b"atom") == b"atom"
    assert responses.astring(b"two words") == b'"two words"'


def test_status_lines_carry_tag_code_and_printable_text() -> None:
    line = responses.status_line
    assert line(b"a1", Condition.OK, "Done.") == b"a1 OK Done.\r\n"
    assert line(None, Condition.BYE, "Bye.") == b"* BYE Bye.\r\n"
    assert line(b"a", Condition.NO, "Full.", Code.OVERQUOTA) == b"a NO [OVERQUOTA] Full.\r\n"
    assert line(b"a", Condition.NO, "x\r\ny ü", b"UIDNEXT 4") == b"a NO [UIDNEXT 4] x?y ?\r\n"
    assert line(b"a", Condition.OK, "") == b"a OK Done.\r\n"


def test_codes_with_arguments() -> None:
    assert responses.code_uid_next(Uid(5)) == b"UIDNEXT 5"
    assert responses.code_uid_validity(7) == b"UIDVALIDITY 7"
    assert responses.code_unseen(Seq(3)) == b"UNSEEN 3"
    assert responses.code_highest_modseq(9) == b"HIGHESTMODSEQ 9"
    assert responses.code_permanent_flags(["\\Seen", "\\*"]) == b"PERMANENTFLAGS (\\Seen \\*)"
    assert responses.code_append_uid(7, [Uid(5)]) == b"APPENDUID 7 5"
    assert (
        responses.code_copy_uid(7, [Uid(1), Uid(2), Uid(9)], [Uid(4), Uid(5), Uid(6)])
        == b"COPYUID 7 1:2,9 4:6"
    )
    assert responses.code_modified([1, 2, 7]) == b"MODIFIED 1:2,7"
    assert responses.code_bad_charset(["US-ASCII"]) == b"BADCHARSET (US-ASCII)"
    assert responses.capability(["IMAP4rev1", "IDLE"]) == b"* CAPABILITY IMAP4rev1 IDLE\r\n"


def test_continuations() -> None:
    assert responses.continuation() == b"+ OK\r\n"
    assert responses.continuation(b"") == b"+ \r\n"


@pytest.mark.parametrize(
    ("moment", "wire"),
    [
        (datetime(1996, 7, 7, 2, 44, 25, tzinfo=UTC), b'" 7-Jul-1996 02:44:25 +0000"'),
        (
            datetime(2024, 12, 31, 23, 59, 59, tzinfo=timezone(timedelta(hours=-9, minutes=-30))),
            b'"31-Dec-2024 23:59:59 -0930"',
        ),
        (
            datetime(1, 1, 1, 12, 0, 0, tzinfo=timezone(timedelta(hours=5, minutes=45))),
            b'" 1-Jan-0001 12:00:00 +0545"',
        ),
    ],
)
def test_dates_keep_their_zone(moment: datetime, wire: bytes) -> None:
    assert responses.date_time(moment) == wire


@pytest.mark.parametrize(
    ("name", "utf7", "utf8"),
    [
        ("Drafts", b"Drafts", b"Drafts"),
        ("R&D", b"R&-D", b"R&D"),
        ("Entwürfe", b"Entw&APw-rfe", '"Entwürfe"'.encode()),
        ('ü\\"', b'"&APw-\\\\\\""', '"ü\\\\\\""'.encode()),
    ],
)
def test_a_name_is_told_in_the_encoding_that_the_client_reads(
    name: str, utf7: bytes, utf8: bytes
) -> None:
    assert responses.mailbox(name) == utf7
    assert responses.mailbox_utf8(name) == utf8


def test_untagged_data() -> None:
    assert responses.enabled(["CONDSTORE"]) == b"* ENABLED CONDSTORE\r\n"
    assert responses.enabled([]) == b"* ENABLED\r\n"
    assert responses.flags(["\\Seen", "x"]) == b"* FLAGS (\\Seen x)\r\n"
    assert responses.exists(3) == b"* 3 EXISTS\r\n"
    assert responses.recent(0) == b"* 0 RECENT\r\n"
    assert responses.expunges([3, 3]) == b"* 3 EXPUNGE\r\n* 3 EXPUNGE\r\n"
    assert (
        responses.listing("LIST", ["\\HasNoChildren", "\\Drafts"], "Entwürfe")
        == b'* LIST (\\HasNoChildren \\Drafts) "/" Entw&APw-rfe\r\n'
    )
    assert (
        responses.listing("LIST", [], "Foo", extended=responses.CHILD_INFO)
        == b'* LIST () "/" Foo ("CHILDINFO" ("SUBSCRIBED"))\r\n'
    )
    assert (
        responses.status("a b", {StatusItem.MESSAGES: b"3", StatusItem.UNSEEN: b"1"})
        == b'* STATUS "a b" (MESSAGES 3 UNSEEN 1)\r\n'
    )
    assert (
        responses.namespace([""], ["Other Users/"], None)
        == b'* NAMESPACE (("" "/")) (("Other Users/" "/")) NIL\r\n'
    )
    assert responses.identification({"name": "x", "os": None}) == b'* ID ("name" "x" "os" NIL)\r\n'
    assert responses.identification({}) == b"* ID NIL\r\n"
    assert responses.fetch(Seq(2), [b"UID 5", b"FLAGS ()"]) == b"* 2 FETCH (UID 5 FLAGS ())\r\n"
