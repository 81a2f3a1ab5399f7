"""The doctor finds what would take a match away, and a repair gives it back."""

from pathlib import Path

import pytest

from groupware.core.doctor import Examination, Note, examine
from groupware.core.models import Account, Blob
from mail.models import SearchPage, SearchSegment, SearchText
from mail.search.keys import HeaderKey, TextKey
from mail.services import search
from mail.services.content import prepare_message
from tests.services.damage import INBOX, find, run
from tests.services.mail.search.asking import ask, index_everything
from tests.services.store import append, message

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _indexed(own_data: Path, ann: Account) -> None:
    for body in (b"harbour", b"hills"):
        append(ann, data=prepare_message(message(body, subject=body.decode())))
    index_everything()
    assert find(deep=True) == []


def faults() -> list[tuple[str, str]]:
    return [(fault.check, fault.where) for fault in find(deep=True)]


def test_a_field_that_is_not_the_messages_is_found_and_made_anew(ann: Account) -> None:
    first = SearchText.objects.order_by("blob")[0]
    SearchText.objects.filter(pk=first.pk).update(subject=b"another")
    assert ask(ann, HeaderKey("Subject", "harbour")) == []
    assert find() == []
    assert faults() == [("search-text", f"{INBOX} UID 1")]
    run("--repair", "--deep")
    assert ask(ann, HeaderKey("Subject", "harbour")) == [1]
    assert find(deep=True) == []


@pytest.mark.parametrize("text", [b"", b"damaged"])
def test_a_text_that_is_not_the_messages_is_found_and_made_anew(text: bytes) -> None:
    SearchText.objects.update(text=text)
    assert faults() == [("search-text", f"{INBOX} UID {uid}") for uid in (1, 2)]
    run("--repair", "--deep")
    assert find(deep=True) == []


def test_texts_that_are_not_in_their_places_are_found(ann: Account) -> None:
    one, other = SearchText.objects.order_by("blob")
    SearchSegment.objects.update(slots=5)
    SearchText.objects.filter(pk=one.pk).update(slot=4)
    SearchText.objects.filter(pk=other.pk).update(slot=one.slot)
    assert ask(ann, TextKey("harbour")) == []
    assert [check for check, _ in faults()] == ["search-segment"]
    run("--repair", "--deep")
    assert ask(ann, TextKey("harbour")) == [1]
    assert find(deep=True) == []


@pytest.mark.parametrize("slot", [-1, 0, 2])
def test_a_place_that_is_another_texts_or_none_is_found_without_reading(
    ann: Account, slot: int
) -> None:
    SearchText.objects.filter(slot=1).update(slot=slot)
    assert {fault.check for fault in find()} == {"search-text"}
    assert {fault.check for fault in find(account_id=ann.pk)} == {"search-text"}
    run("--repair")
    assert find(deep=True) == []
    assert ask(ann, TextKey("hills")) == [2]


def test_a_segment_that_lacks_a_page_is_found_and_dissolved(ann: Account) -> None:
    SearchPage.objects.filter(number=7).delete()
    (fault,) = find()
    assert (fault.check, "has 1023 pages" in fault.what) == ("search-segment", True)
    run("--repair")
    assert not SearchPage.objects.exists()
    assert find(deep=True) == []
    assert ask(ann, TextKey("hills")) == [2]


def test_messages_that_nobody_indexed_for_hours_are_noted() -> None:
    SearchText.objects.all().delete()
    notes = [found for found in examine(Examination()) if isinstance(found, Note)]
    assert "search-text" not in {note.check for note in notes}
    Blob.objects.update(created_at=0)
    notes = [found for found in examine(Examination()) if isinstance(found, Note)]
    assert "2 messages wait" in {note.check: note.text for note in notes}["search-text"]
    assert search.index_missing() == 2
    assert "search-text" not in {getattr(note, "check", "") for note in examine(Examination())}
