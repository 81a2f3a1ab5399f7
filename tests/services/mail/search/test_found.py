"""A search for the newest messages, beside the one that IMAP does."""

import pytest

from groupware.core.models import Account
from mail.flags import FLAGGED, SEEN, Actor
from mail.imap.sequences import SequenceSet
from mail.search import found
from mail.search.found import find_newest
from mail.search.keys import AllKey, SearchKey, SeqKey
from mail.search.words import parse_words
from mail.services.content import prepare_message
from mail.services.flags import StoreOp, store_flags
from tests.services.mail.search.asking import ask, index_everything
from tests.services.store import append, mailbox, message

pytestmark = pytest.mark.django_db
QUERIES = (
    "",
    "is:flagged",
    "is:unread",
    "number",
    "-number",
    "subject:even",
    "subject:even is:flagged OR subject:odd -is:flagged",
    "from:nobody",
    "body:needle",
    "larger:1",
    "smaller:1",
    "on:2026-01-01",
)


def fill(account: Account) -> None:
    for number in range(23):
        body = b"needle" if number % 7 == 3 else b"hay"
        data = prepare_message(message(body, subject="even" if number % 2 == 0 else "odd"))
        flags = (FLAGGED if number % 3 == 0 else 0) | (SEEN if number % 5 else 0)
        append(account, data=data, flags=flags)


def list_all(account: Account, key: SearchKey, limit: int, reader_id: int = 0) -> list[int]:
    """Return what pages of that size find, one after the other."""
    collection_id = mailbox(account).collection_id
    uids: list[int] = []
    below = 0
    while True:
        page = find_newest(collection_id, reader_id, key, below_uid=below, limit=limit)
        assert len(page.uids) <= limit
        uids += page.uids
        if not page.below_uid:
            return uids
        assert below == 0 or page.below_uid < below
        below = page.below_uid


@pytest.mark.parametrize("text", QUERIES)
@pytest.mark.parametrize("limit", [1, 4, 23, 50])
def test_pages_hold_what_imap_finds_the_newest_first(ann: Account, text: str, limit: int) -> None:
    fill(ann)
    key = parse_words(text)
    assert list_all(ann, key, limit) == ask(ann, key)[::-1]
    index_everything()
    assert list_all(ann, key, limit) == ask(ann, key)[::-1]


def test_a_search_that_looks_at_too_many_goes_on_with_the_next_page(
    ann: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(ann)
    monkeypatch.setattr(found, "LOOKED_AT", 5)
    key = parse_words("body:needle")
    page = find_newest(mailbox(ann).collection_id, 0, key, below_uid=0, limit=10)
    assert len(page.uids) < len(ask(ann, key))
    assert page.below_uid
    assert list_all(ann, key, 10) == ask(ann, key)[::-1]


def test_what_was_seen_is_what_the_reader_has_seen(ann: Account, ben: Account) -> None:
    for _ in range(3):
        append(ann)
    collection_id = mailbox(ann).collection_id
    store_flags(ann.pk, collection_id, [(1, 1)], StoreOp.ADD, SEEN, ())
    store_flags(
        ann.pk,
        collection_id,
        [(3, 3)],
        StoreOp.ADD,
        SEEN,
        (),
        actor=Actor(ben.pk, SEEN, keywords=False),
    )
    assert list_all(ann, parse_words("is:unread"), 10) == [3, 2]
    assert list_all(ann, parse_words("is:unread"), 10, reader_id=ben.pk) == [2, 1]


def test_an_empty_mailbox_has_nothing(ann: Account) -> None:
    assert list_all(ann, AllKey(), 10) == []
    assert list_all(ann, parse_words("word"), 10) == []


def test_sequence_numbers_are_for_those_who_number(ann: Account) -> None:
    append(ann)
    with pytest.raises(LookupError):
        list_all(ann, SeqKey(SequenceSet(((1, 1),))), 10)
