"""What people type to search mail."""

import contextlib
import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mail.search.keys import (
    AllKey,
    AndKey,
    BodyKey,
    DateField,
    DateKey,
    DateRelation,
    FlagKey,
    HeaderKey,
    LargerKey,
    NotKey,
    OrKey,
    SearchKey,
    SmallerKey,
    TextKey,
)
from mail.search.words import MAX_DEPTH, MAX_LENGTH, MAX_WORDS, OPERATORS, BadQuery, parse_words

SEEN = FlagKey("\\Seen")
MARCH = dt.date(2026, 3, 1)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("", AllKey()),
        ("  ", AllKey()),
        ("invoice", TextKey("invoice")),
        ("annual report", AndKey((TextKey("annual"), TextKey("report")))),
        ('"annual report"', TextKey("annual report")),
        ('"annual report', TextKey("annual report")),
        ("from:anna", HeaderKey("FROM", "anna")),
        ("From:anna@example.test", HeaderKey("FROM", "anna@example.test")),
        ('subject:"annual report"', HeaderKey("SUBJECT", "annual report")),
        ("to:a cc:b", AndKey((HeaderKey("TO", "a"), HeaderKey("CC", "b")))),
        ("bcc:c", HeaderKey("BCC", "c")),
        ("list:dev", HeaderKey("LIST-ID", "dev")),
        ("body:x text:y", AndKey((BodyKey("x"), TextKey("y")))),
        ("before:2026-03-01", DateKey(DateField.INTERNAL, DateRelation.BEFORE, MARCH)),
        ("on:2026-03-01", DateKey(DateField.INTERNAL, DateRelation.ON, MARCH)),
        ("since:2026-03-01", DateKey(DateField.INTERNAL, DateRelation.SINCE, MARCH)),
        ("after:2026-03-01", DateKey(DateField.INTERNAL, DateRelation.SINCE, MARCH)),
        ("larger:5M", LargerKey(5 << 20)),
        ("smaller:500kb", SmallerKey(500 << 10)),
        ("larger:17", LargerKey(17)),
        ("is:read", SEEN),
        ("is:UNREAD", NotKey(SEEN)),
        ("is:flagged", FlagKey("\\Flagged")),
        ("is:unflagged", NotKey(FlagKey("\\Flagged"))),
        ("is:answered", FlagKey("\\Answered")),
        ("is:unanswered", NotKey(FlagKey("\\Answered"))),
        ("is:draft", FlagKey("\\Draft")),
        ("is:deleted", FlagKey("\\Deleted")),
        ("keyword:$Junk", FlagKey("$Junk")),
        ("-spam", NotKey(TextKey("spam"))),
        ("NOT spam", NotKey(TextKey("spam"))),
        ("- spam", AndKey((TextKey("-"), TextKey("spam")))),
        ("--spam", NotKey(NotKey(TextKey("spam")))),
        ("-from:anna", NotKey(HeaderKey("FROM", "anna"))),
        ("e-mail", TextKey("e-mail")),
        ("a OR b", OrKey(TextKey("a"), TextKey("b"))),
        ("a or b", AndKey((TextKey("a"), TextKey("or"), TextKey("b")))),
        ('a "OR" b', AndKey((TextKey("a"), TextKey("OR"), TextKey("b")))),
        ("a b OR c", OrKey(AndKey((TextKey("a"), TextKey("b"))), TextKey("c"))),
        ("a (b OR c)", AndKey((TextKey("a"), OrKey(TextKey("b"), TextKey("c"))))),
        ("-(a b)", NotKey(AndKey((TextKey("a"), TextKey("b"))))),
        ("Re: offer", AndKey((TextKey("Re:"), TextKey("offer")))),
        ("12:30", TextKey("12:30")),
        ("https://example.test/a?b=(c", None),
        ("https://example.test/a?b=c", TextKey("https://example.test/a?b=c")),
    ],
)  # fmt: skip
def test_what_is_typed_becomes_keys(text: str, key: SearchKey | None) -> None:
    if key is None:
        with pytest.raises(BadQuery):
            parse_words(text)
    else:
        assert parse_words(text) == key


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("before:yesterday", "no day"),
        ("larger:big", "no size"),
        ("is:important", "is: takes one of"),
        ("keyword:a(b", "closing parenthesis"),
        ("keyword:é", "no keyword"),
        ("subject:", "nothing behind subject:"),
        ("subject: offer", "nothing behind subject:"),
        ('subject:""', "nothing behind subject:"),
        ("a OR", "missing"),
        ("OR a", "missing"),
        ("()", "missing"),
        ("NOT", "missing"),
        ("NOT OR a", "missing"),
        ("(a", "closing parenthesis is missing"),
        ("a)", "without an opening"),
        ("a" * (MAX_LENGTH + 1), "characters"),
        ("a " * (MAX_WORDS + 1), "words"),
        ("(" * (MAX_DEPTH + 2) + "a" + ")" * (MAX_DEPTH + 2), "deep"),
        ("-" * (MAX_DEPTH + 2) + "a", "deep"),
    ],
)
def test_what_cannot_be_read_says_why(text: str, reason: str) -> None:
    with pytest.raises(BadQuery, match=reason):
        parse_words(text)


def test_a_search_of_the_most_words_and_the_greatest_depth_is_read() -> None:
    assert isinstance(parse_words("a " * MAX_WORDS), AndKey)
    assert parse_words("(" * MAX_DEPTH + "a" + ")" * MAX_DEPTH) == TextKey("a")


@given(st.text(alphabet=st.characters() | st.sampled_from('()":- ORNTis'), max_size=60))
def test_whatever_is_typed_is_a_key_or_a_reason(text: str) -> None:
    with contextlib.suppress(BadQuery):
        parse_words(text)


@pytest.mark.parametrize("operator", OPERATORS)
def test_no_operator_is_looked_for_as_text(operator: str) -> None:
    for text in (f"{operator}:2026-03-01", f"{operator}:5M", f"{operator}:read"):
        try:
            assert parse_words(text) != TextKey(text)
        except BadQuery:
            continue
