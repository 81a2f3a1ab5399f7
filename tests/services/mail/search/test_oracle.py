"""A search finds what a slow scan finds, whatever of the mailbox the index knows."""

import contextlib
import email
import random
import re
from email.header import decode_header
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from groupware.core.models import Account
from mail.search.keys import AndKey, BodyKey, HeaderKey, NotKey, OrKey, SearchKey, TextKey
from mail.services import search
from tests.services.mail.search.asking import ask, fill, index_everything
from tests.services.mail.search.oracle import Decoded, find

pytestmark = pytest.mark.django_db

PREFIX = b"Return-Path: <harbour@outside.test>\r\nReceived: from a\r\n\tby b with LMTP id 7\r\n"
WORD = re.compile(r"\w{4,12}")
FIELDS = ("Subject", "From", "To", "Cc", "Message-ID", "X-Mailer")


def draw_term(chance: random.Random, messages: dict[int, Decoded]) -> str:
    """Return some characters of one text, from one to many."""
    message = chance.choice(list(messages.values()))
    text = chance.choice([message.prefix, *message.pieces]) or "x"
    start = chance.randrange(len(text))
    return text[start : start + chance.choice((1, 2, 3, 3, 4, 5, 6, 8, 12, 30, 200))]


def draw_key(chance: random.Random, messages: dict[int, Decoded], depth: int = 0) -> SearchKey:
    term = draw_term(chance, messages)
    shape = chance.randrange(9 if depth < 2 else 6)
    if shape < 3:
        return TextKey(term)
    if shape < 5:
        return BodyKey(term)
    if shape == 5:
        return HeaderKey(chance.choice(FIELDS), term[:6])
    parts = [draw_key(chance, messages, depth + 1) for _ in range(2)]
    return (AndKey(tuple(parts)), OrKey(*parts), NotKey(parts[0]))[shape - 6]


def compare(account: Account, messages: dict[int, Decoded], seed: int, number: int) -> None:
    chance = random.Random(seed)
    found = 0
    for _ in range(number):
        key = draw_key(chance, messages)
        expected = find(messages, key)
        assert ask(account, key) == expected, key
        found += len(expected)
    assert found > 0


@pytest.mark.corpus
@pytest.mark.slow
def test_real_mail_is_found_as_a_slow_scan_finds_it_however_much_is_indexed(
    ann: Account, corpus: Path
) -> None:
    files = [file.read_bytes() for file in sorted((corpus / "mail").glob("*.eml"))]
    first, second, third = files[::3], files[1::3], files[2::3]
    messages = fill(ann, first, PREFIX)
    compare(ann, messages, seed=1, number=6)
    index_everything()
    compare(ann, messages, seed=2, number=30)
    messages |= fill(ann, second)
    while search.index_new():
        pass
    compare(ann, messages, seed=3, number=20)
    messages |= fill(ann, third, PREFIX)
    compare(ann, messages, seed=4, number=10)
    index_everything()
    compare(ann, messages, seed=5, number=60)


def read_words(data: bytes) -> tuple[list[str], list[str]]:
    """Return words of the subject and of the plain text, as the standard library reads them."""
    message = email.message_from_bytes(data)
    if any(part.defects for part in message.walk()):
        raise ValueError("a broken message, which each reads in a way of its own")
    subject = "".join(
        piece.decode(charset or "ascii") if isinstance(piece, bytes) else piece
        for piece, charset in decode_header(str(message.get("Subject", "")))
    )
    body = [
        payload.decode(part.get_content_charset("ascii"))
        for part in message.walk()
        if part.get_content_type() == "text/plain"
        and isinstance(payload := part.get_payload(decode=True), bytes)
    ]
    return WORD.findall(subject), WORD.findall(" ".join(body))


@pytest.mark.corpus
@pytest.mark.slow
def test_words_that_the_standard_library_reads_are_found(ann: Account, corpus: Path) -> None:
    chance = random.Random(6)
    words: dict[int, tuple[list[str], list[str]]] = {}
    for file in sorted((corpus / "mail").glob("*.eml")):
        data = file.read_bytes()
        (uid,) = fill(ann, [data])
        # What it cannot read, for an unknown or a wrong character set, proves nothing.
        with contextlib.suppress(LookupError, ValueError):
            words[uid] = read_words(data)
    index_everything()
    asked = 0
    for uid in chance.sample(sorted(words), 100):
        subject, body = words[uid]
        keys: list[SearchKey] = [HeaderKey("Subject", word) for word in subject[:1]]
        keys += [kind(chance.choice(body).upper()) for kind in (TextKey, BodyKey) if body]
        for key in keys:
            assert uid in ask(ann, key), (uid, key)
            asked += 1
    assert asked > 120


LETTERS = "abehst \n\0ßſÅ\u0301İıΣςﬁ東京עברﾞ🙂=?_"  # noqa: RUF001 - what folds in ways of its own
TEXTS = st.lists(st.text(LETTERS, max_size=30), min_size=1, max_size=5)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=TEXTS, terms=st.lists(st.text(LETTERS.replace("\0", ""), max_size=6), max_size=6))
def test_any_text_is_found_as_a_slow_scan_finds_it(
    ann: Account, texts: list[str], terms: list[str]
) -> None:
    messages = fill(
        ann,
        [
            f"Subject: {text.splitlines()[0] if text.split() else 'none'}\r\n"
            f"Content-Type: text/plain; charset=utf-8\r\n\r\n{text}".encode()
            for text in texts
        ],
    )
    drawn = [text[start : start + 4] for text in texts for start in range(0, len(text), 7)]
    keys = [
        kind(term) for term in (*terms, *drawn) if term for kind in (TextKey, BodyKey, _subject)
    ]
    expected = [find(messages, key) for key in keys]
    uids = set(messages)

    def answers() -> list[list[int]]:
        return [[uid for uid in ask(ann, key) if uid in uids] for key in keys]

    assert answers() == expected
    search.index_new()
    assert answers() == expected
    index_everything()
    assert answers() == expected


def _subject(term: str) -> HeaderKey:
    return HeaderKey("subject", term)
