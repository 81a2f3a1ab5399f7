"""What the index keeps, what becomes of it, and that a search never needs it."""

import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from django.conf import settings
from pytest_django import DjangoAssertNumQueries

from groupware.core import blobs, limits
from groupware.core.blobs import BlobMissing, collector
from groupware.core.errors import Invalid, Stale
from groupware.core.models import Account, Blob
from mail.flags import DELETED, SEEN
from mail.models import Message, SearchPage, SearchSegment, SearchText
from mail.search.keys import AndKey, BodyKey, FlagKey, HeaderKey, NotKey, OrKey, TextKey
from mail.services import search, search_candidates, search_segments
from mail.services.content import prepare_message
from mail.services.messages import expunge_messages
from mail.services.search_candidates import TextTerm
from tests.conftest import SetLimit
from tests.services.mail.search.asking import ask, fill, index_everything
from tests.services.store import append, mailbox, message

pytestmark = pytest.mark.django_db
Count = DjangoAssertNumQueries


@contextmanager
def lost(account: Account, *uids: int) -> Iterator[None]:
    """Take away the bytes of messages, and bring them back."""
    blobs.carry_over()
    messages = Message.objects.filter(account=account, uid__in=uids)
    keys = [
        int(place.partition(":")[2]) for place in messages.values_list("blob__location", flat=True)
    ]
    with closing(
        sqlite3.connect(
            Path(settings.GROUPWARE_DATA, "blobs", "blobs.sqlite3"), isolation_level=None
        )
    ) as store:
        store.executemany("UPDATE blob SET id = -id WHERE id = ?", [(key,) for key in keys])
        try:
            yield
        finally:
            store.executemany("UPDATE blob SET id = -id WHERE id = ?", [(-key,) for key in keys])


def words(number: int) -> bytes:
    """Return a body whose words no other number has."""
    chance = random.Random(number)
    return b" ".join(b"%030x" % chance.getrandbits(120) for _ in range(20))


def test_index_waits_while_messages_come_but_not_for_long(
    ann: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    append(ann)
    came = Blob.objects.latest("id").created_at

    def index_at(moment: int) -> int:
        monkeypatch.setattr(search, "epoch", lambda: moment)
        return search.index_in_calm()

    assert index_at(came + search.CALM - 1) == 0
    assert index_at(came + search.CALM) == 1
    append(ann)
    Blob.objects.order_by("id").update(created_at=came)
    append(ann)
    Blob.objects.filter(id=Blob.objects.latest("id").pk).update(created_at=came + 100)
    assert index_at(came + 100) == 2  # the older one has waited for too long
    monkeypatch.setattr(search, "LONGEST_TAIL", 3)
    for number in (1, 2, 3):
        append(ann)
        newest = Blob.objects.latest("id").created_at
        assert index_at(newest) == (3 if number == 3 else 0)


def test_messages_that_cannot_match_are_not_opened(ann: Account) -> None:
    append(ann, data=prepare_message(message(b"a lighthouse")))
    index_everything()  # neighbours in a segment share a bit
    append(ann, data=prepare_message(message(b"a harbour")))
    index_everything()
    with lost(ann, 1):
        assert ask(ann, TextKey("harbour")) == [2]
        assert ask(ann, OrKey(BodyKey("harbour"), BodyKey("no such word"))) == [2]
        assert ask(ann, AndKey((BodyKey("harbour"), TextKey("number")))) == [2]
        with pytest.raises(BlobMissing):
            ask(ann, TextKey("lighthouse"))
        with pytest.raises(BlobMissing):
            ask(ann, NotKey(TextKey("harbour")))


def test_two_characters_of_another_script_are_enough_for_the_index(ann: Account) -> None:
    append(ann, data=prepare_message(message("京都と大阪".encode())))
    index_everything()
    append(ann, data=prepare_message(message("東京と大阪".encode())))
    index_everything()
    with lost(ann, 1):
        assert ask(ann, BodyKey("東京")) == [2]


def test_what_the_index_does_not_know_narrows_no_alternative(ann: Account) -> None:
    append(ann, data=prepare_message(message(b"harbour")))
    index_everything()
    append(ann, data=prepare_message(message(b"hills")), flags=SEEN)
    index_everything()
    assert ask(ann, OrKey(TextKey("harbour"), FlagKey("\\Seen"))) == [1, 2]
    assert ask(ann, OrKey(BodyKey("hi"), TextKey("harbour"))) == [1, 2]


def test_new_mail_is_found_before_it_is_indexed(ann: Account) -> None:
    append(ann, data=prepare_message(message(b"first harbour")))
    index_everything()
    append(ann, data=prepare_message(message(b"second harbour", subject="harbour")))
    assert ask(ann, TextKey("harbour")) == [1, 2]
    assert ask(ann, HeaderKey("Subject", "harbour")) == [2]


def test_what_arrived_is_indexed_once_and_whoever_has_it_finds_it(
    ann: Account, ben: Account
) -> None:
    data = message(b"harbour")
    for account in (ann, ben):
        append(account, data=prepare_message(data))
    assert search.index_new() == 1
    assert search.index_new() == 0
    assert search.index_missing() == 0
    assert ask(ann, TextKey("harbour")) == ask(ben, TextKey("harbour")) == [1]


def test_nobody_is_told_of_what_others_have(ann: Account, ben: Account) -> None:
    append(ben, data=prepare_message(message(b"harbour", subject="harbour")))
    index_everything()
    append(ann, data=prepare_message(message(b"hills", subject="hills")))
    index_everything()
    collection_id = mailbox(ann).collection_id
    assert search_candidates.find_by_field(collection_id, b"subject", b"h") == {1}
    assert search_candidates.find_by_field(collection_id, b"subject", b"harbour") == set()
    terms = [TextTerm(b"harbour", with_prefix=True), TextTerm(b"hills", with_prefix=False)]
    assert search_candidates.find_by_text(collection_id, terms) == [set(), {1}]


def test_fields_added_on_arrival_are_found_beside_an_indexed_text(ann: Account) -> None:
    data = message(b"harbour")
    append(ann, data=prepare_message(data), prefix=b"Delivered-To: ann@example.test\r\n")
    append(ann, data=prepare_message(data), prefix=b"Delivered-To: =?utf-8?q?caf=C3=A9?=\r\n")
    index_everything()
    assert ask(ann, TextKey("delivered-to: ann")) == [1]
    assert ask(ann, TextKey("café")) == [2]
    assert ask(ann, BodyKey("delivered-to")) == []


def test_a_text_beyond_the_limit_is_read_from_the_message(
    ann: Account, set_limit: SetLimit
) -> None:
    set_limit(limits.SEARCH_TEXT, 1_000)
    append(ann, data=prepare_message(message(b"x " * 1_000 + b"harbour")))
    append(ann, data=prepare_message(message(b"harbour")))
    index_everything()
    assert [bool(row.text) for row in SearchText.objects.order_by("blob")] == [False, True]
    assert ask(ann, TextKey("harbour")) == [1, 2]
    assert ask(ann, BodyKey("nowhere")) == []


def test_a_field_too_long_for_its_column_is_read_from_the_header(ann: Account) -> None:
    long = " ".join(f"person{number}@team.example" for number in range(300))
    append(ann, data=prepare_message(message(subject=f"{long} harbour")))
    index_everything()
    assert SearchText.objects.get().subject is None
    assert ask(ann, HeaderKey("Subject", "harbour")) == [1]


def test_fields_of_one_name_are_not_read_across(ann: Account) -> None:
    fill(ann, [b"Subject: one har\r\nSubject: bour two\r\n\r\nhar\r\n"])
    index_everything()
    assert ask(ann, HeaderKey("Subject", "harbour")) == []
    assert ask(ann, HeaderKey("Subject", "bour two")) == [1]


def test_texts_of_an_older_version_count_for_nothing_and_are_made_anew(ann: Account) -> None:
    append(ann, data=prepare_message(message(b"harbour")))
    index_everything()
    SearchText.objects.update(version=0, text=b"of another form", subject=b"")
    assert ask(ann, TextKey("harbour")) == [1]
    assert ask(ann, HeaderKey("Subject", "hello")) == [1]
    assert search.index_new() == 0
    assert search.index_missing() == 1
    row = SearchText.objects.get()
    assert (row.version, row.segment_id, bytes(row.subject or b"")) == (1, None, b"hello")
    assert ask(ann, TextKey("harbour")) == [1]


def test_a_damaged_text_is_read_from_the_message(ann: Account) -> None:
    append(ann, data=prepare_message(message(b"harbour")))
    search.index_new()
    for stored in (b"damaged", bytes(SearchText.objects.get().text)[:-1] + b"?"):
        SearchText.objects.update(text=stored)
        assert ask(ann, TextKey("harbour")) == [1]


def test_a_page_that_is_lost_takes_no_candidate_away(ann: Account) -> None:
    append(ann, data=prepare_message(message(b"harbour")))
    index_everything()
    SearchPage.objects.all().delete()
    assert ask(ann, TextKey("harbour")) == [1]


def test_what_came_out_of_order_is_found_by_the_sweep(ann: Account) -> None:
    for _ in range(3):
        append(ann)
    search.index_new()
    SearchText.objects.order_by("blob").first().delete()  # type: ignore[union-attr]
    assert search.index_new() == 0
    assert search.index_missing() == 1


def test_bytes_that_cannot_be_read_do_not_hold_up_the_others(ann: Account) -> None:
    append(ann)
    append(ann, data=prepare_message(message(b"harbour")))
    append(ann)
    with lost(ann, 1, 3):
        assert search.index_new() == 3
        assert search.index_new() == 0
        kept = [bool(row.text) for row in SearchText.objects.order_by("blob")]
        assert kept == [False, True, False]
        with pytest.raises(Invalid, match="restore"):
            search.index_blob_text(Blob.objects.order_by("pk")[0].pk)
    assert ask(ann, TextKey("hello")) == [1, 2, 3]
    with pytest.raises(Stale):
        search.index_blob_text(1 << 40)


def test_rows_go_with_the_blob(ann: Account, set_limit: SetLimit) -> None:
    set_limit(limits.UNDELETE_DAYS, 0)
    for number in range(4):
        append(ann, data=prepare_message(message(words(number))), flags=DELETED if number else 0)
    index_everything()
    (segment,) = SearchSegment.objects.all()
    assert segment.slots == 4
    expunge_messages(ann.pk, mailbox(ann).collection_id)
    assert collector.collect_unreferenced(min_age=-1) == 3
    assert SearchText.objects.count() == 1
    assert search_segments.dissolve_sparse() == 1
    assert not SearchPage.objects.exists()
    assert not SearchSegment.objects.exists()
    assert SearchText.objects.get().segment_id is None
    assert ask(ann, TextKey(words(0)[:20].decode())) == [1]
