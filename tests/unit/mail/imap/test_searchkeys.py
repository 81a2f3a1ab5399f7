"""SEARCH keys, every one of RFC 3501 §6.4.4."""

from datetime import date

import pytest

from mail.imap.searchkeys import MAX_DEPTH, MAX_KEYS, parse_search
from mail.imap.sequences import SAVED, STAR, SequenceSet
from mail.imap.wire import ProtocolError, Reader
from mail.search.keys import (
    AllKey,
    AndKey,
    BodyKey,
    DateField,
    DateKey,
    DateRelation,
    EmailIdKey,
    FlagKey,
    HeaderKey,
    LargerKey,
    ModSeqKey,
    NotKey,
    OrKey,
    SearchKey,
    SeqKey,
    SmallerKey,
    TextKey,
    ThreadIdKey,
    UidKey,
    has_seqs,
)

SEEN = FlagKey("\\Seen")
RECENT = FlagKey("\\Recent")
DAY = date(1994, 2, 1)


def parse(*parts: bytes) -> SearchKey | None:
    reader = Reader(parts)
    key = parse_search(reader)
    reader.end()
    return key


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (b"ALL", AllKey()),
        (b"answered", FlagKey("\\Answered")),
        (b"DELETED", FlagKey("\\Deleted")),
        (b"DRAFT", FlagKey("\\Draft")),
        (b"FLAGGED", FlagKey("\\Flagged")),
        (b"SEEN", SEEN),
        (b"RECENT", RECENT),
        (b"NEW", AndKey((RECENT, NotKey(SEEN)))),
        (b"OLD", NotKey(RECENT)),
        (b"UNANSWERED", NotKey(FlagKey("\\Answered"))),
        (b"UNDELETED", NotKey(FlagKey("\\Deleted"))),
        (b"UNDRAFT", NotKey(FlagKey("\\Draft"))),
        (b"UNFLAGGED", NotKey(FlagKey("\\Flagged"))),
        (b"UNSEEN", NotKey(SEEN)),
        (b"KEYWORD $Junk", FlagKey("$Junk")),
        (b"UNKEYWORD $Junk", NotKey(FlagKey("$Junk"))),
        (b"BCC x", HeaderKey("BCC", "x")),
        (b"CC x", HeaderKey("CC", "x")),
        (b'FROM "Smith"', HeaderKey("FROM", "Smith")),
        (b"TO x", HeaderKey("TO", "x")),
        (b"SUBJECT x", HeaderKey("SUBJECT", "x")),
        (b'HEADER Message-ID ""', HeaderKey("Message-ID", "")),
        (b"BODY x", BodyKey("x")),
        (b"TEXT x", TextKey("x")),
        (b"BEFORE 1-Feb-1994", DateKey(DateField.INTERNAL, DateRelation.BEFORE, DAY)),
        (b"ON 1-Feb-1994", DateKey(DateField.INTERNAL, DateRelation.ON, DAY)),
        (b'SINCE "1-Feb-1994"', DateKey(DateField.INTERNAL, DateRelation.SINCE, DAY)),
        (b"SENTBEFORE 1-Feb-1994", DateKey(DateField.SENT, DateRelation.BEFORE, DAY)),
        (b"SENTON 1-Feb-1994", DateKey(DateField.SENT, DateRelation.ON, DAY)),
        (b"SENTSINCE 1-Feb-1994", DateKey(DateField.SENT, DateRelation.SINCE, DAY)),
        (b"LARGER 10", LargerKey(10)),
        (b"SMALLER 10", SmallerKey(10)),
        (b"UID 5:*", UidKey(SequenceSet(((5, STAR),)))),
        (b"*:3", SeqKey(SequenceSet(((STAR, 3),)))),
        (b"$", SeqKey(SAVED)),
        (b"UID $", UidKey(SAVED)),
        (b"MODSEQ 620162338", ModSeqKey(620162338)),
        (b'MODSEQ "/flags/\\\\draft" all 620162338', ModSeqKey(620162338)),
        (b"EMAILID M1f", EmailIdKey(31)),
        (b"THREADID T1f", ThreadIdKey(31)),
        (b"EMAILID anything-_else", EmailIdKey(None)),
        (b"NOT SEEN", NotKey(SEEN)),
        (b"OR SEEN ALL", OrKey(SEEN, AllKey())),
        (b"SEEN 1", AndKey((SEEN, SeqKey(SequenceSet(((1, 1),)))))),
        (b"(SEEN)", SEEN),
        (b"OR (SEEN ALL) NOT (ALL)", OrKey(AndKey((SEEN, AllKey())), NotKey(AllKey()))),
        (b"charset utf-8 ALL", AllKey()),
    ],
)
def test_every_key_of_the_rfc(text: bytes, key: SearchKey) -> None:
    assert parse(text) == key


def test_strings_are_read_in_the_charset_named() -> None:
    assert parse(b"CHARSET ISO-8859-1 SUBJECT ", b"Gr\xfc\xdfe", b"") == HeaderKey(
        "SUBJECT", "Grüße"
    )
    assert parse(b"CHARSET KOI8-R TEXT ", "Привет".encode("koi8-r"), b" ALL") == AndKey(
        (TextKey("Привет"), AllKey())
    )
    assert parse('TEXT "Grüße"'.encode()) == TextKey("Grüße")


def test_an_unknown_charset_is_not_a_syntax_error() -> None:
    assert parse(b"CHARSET unicode_escape TEXT ", b"\xff", b" UNKNOWN") is None


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"()",
        b"NOT",
        b"OR SEEN",
        b"FOO",
        b"(SEEN",
        b"SEEN)",
        b"BEFORE yesterday",
        b"LARGER x",
        b"LARGER 4294967296",
        b"KEYWORD (x)",
        b"MODSEQ x",
        b"EMAILID",
        b'EMAILID "M1"',
        b"THREADID T.1",
        b'MODSEQ "/flags/x" some 1',
        b"CHARSET",
        b"CHARSET UTF-8",
        b'TEXT "\xff\xfe"',
        b'CHARSET US-ASCII TEXT "\xc3\xbc"',
        b"RETURN (MIN) ALL",
        b"(" * (MAX_DEPTH + 1) + b"ALL" + b")" * (MAX_DEPTH + 1),
        b"NOT " * 20_000 + b"ALL",
        b" ".join([b"ALL"] * (MAX_KEYS + 1)),
    ],
)
def test_what_is_no_search_is_refused(text: bytes) -> None:
    with pytest.raises(ProtocolError):
        parse(text)


def test_the_limits_themselves_are_allowed() -> None:
    assert isinstance(parse(b"NOT " * MAX_DEPTH + b"ALL"), NotKey)
    assert isinstance(parse(b" ".join([b"ALL"] * MAX_KEYS)), AndKey)


@pytest.mark.parametrize(
    ("text", "speaks"),
    [
        (b"1:3", True),
        (b"NOT *", True),
        (b"SEEN (FROM a 2)", True),
        (b"OR UID 1 NOT (SEEN 7)", True),
        (b"OR 1 SEEN", True),
        (b"UID 1:3", False),
        (b"$", False),
        (b"OR SEEN NOT (ANSWERED UID 3)", False),
    ],
)
def test_a_search_that_speaks_in_numbers_is_told_apart(text: bytes, speaks: bool) -> None:
    key = parse(text)
    assert key is not None
    assert has_seqs(key) is speaks
