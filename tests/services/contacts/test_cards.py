"""Cards: bytes and columns in one transaction, what follows them, copies and moves."""

from collections.abc import Iterator, Sequence

import pytest

from contacts.models import Card
from contacts.services import hooks
from contacts.services.addressbooks import create_address_book, delete_address_book
from contacts.services.cards import copy_card, move_card, put_card, remove_card
from contacts.services.hooks import CardChange
from contacts.vcard.cards import InvalidCard
from groupware.core import outbox
from groupware.core.errors import Invalid, NotFound, OverQuota
from groupware.core.models import Account, OutboxRow, Tombstone
from groupware.core.resources.collections import Face
from groupware.core.resources.items import PreconditionFailed, UidTaken
from groupware.core.resources.moving import Place
from groupware.core.resources.queries import list_etags, read_data
from tests.services.contacts.cards import card, put
from tests.services.store import state_of

pytestmark = pytest.mark.django_db

Heard = list[tuple[int, CardChange]]


@pytest.fixture
def heard() -> Iterator[Heard]:
    changes: Heard = []

    def hook(account_id: int, told: Sequence[CardChange]) -> None:
        changes.extend((account_id, change) for change in told)

    hooks.on_change(hook)
    yield changes
    hooks._hooks.remove(hook)


def hrefs(book: int) -> list[str]:
    return sorted(href for href, _ in list_etags(book))


def absent(etag: str | None) -> None:
    if etag is not None:
        raise PreconditionFailed("There is something.")


def test_a_card_is_kept_byte_for_byte_with_its_columns(ann: Account, book: int) -> None:
    data = card("Änn", "EMAIL:Ann@Example.ORG", "TEL:0049 (30) 123", "BDAY:1980-03-22")
    written = put_card(Place(ann.pk, book, "a.vcf"), data)
    stored = read_data(book, "a.vcf")
    assert stored is not None
    assert (stored.data, stored.etag, stored.component) == (data, written.etag, "VCARD")
    row = Card.objects.get(resource_id=written.resource_id)
    assert (row.kind, row.full_name, row.names, row.mails, row.phones, row.birthday) == (
        *("individual", "Änn", "Änn;", "ann@example.org", "+4930123", "1980-03-22"),
    )
    assert "a\u0308nn" in row.text


def test_columns_follow_what_is_put_over_a_card(ann: Account, book: int) -> None:
    place = Place(ann.pk, book, "a.vcf")
    first = put_card(place, card("Ann", uid="u"))
    second = put_card(place, card("Ben", "BDAY:--0229", uid="u"))
    assert first.resource_id == second.resource_id
    row = Card.objects.get()
    assert (row.full_name, row.birthday) == ("Ben", "--02-29")


def test_what_is_no_card_is_refused_and_nothing_is_kept(ann: Account, book: int) -> None:
    before = state_of(ann).next_modseq
    old = card("Ann", version="2.1")
    for data, precondition in (
        (b"hello", "valid-address-data"),
        (old, "supported-address-data"),
    ):
        with pytest.raises(InvalidCard) as caught:
            put_card(Place(ann.pk, book, "a.vcf"), data)
        assert caught.value.precondition == precondition
    assert state_of(ann).next_modseq == before
    assert not Card.objects.exists()


def test_a_book_holds_a_uid_once(ann: Account, book: int) -> None:
    put(ann, book, "a", uid="u")
    with pytest.raises(UidTaken) as caught:
        put(ann, book, "b", uid="u")
    assert caught.value.href == "a.vcf"
    assert Card.objects.count() == 1


def test_a_removed_card_leaves_a_tombstone_and_no_columns(ann: Account, book: int) -> None:
    put(ann, book, "a")
    modseq = remove_card(Place(ann.pk, book, "a.vcf"))
    assert not Card.objects.exists()
    assert Tombstone.objects.get(collection_id=book).modseq == modseq
    with pytest.raises(NotFound):
        remove_card(Place(ann.pk, book, "a.vcf"))


def test_hooks_hear_what_becomes_of_cards(ann: Account, book: int, heard: Heard) -> None:
    written = put(ann, book, "a", "BDAY:1980-01-01")
    put(ann, book, "a", "BDAY:1980-01-01")
    remove_card(Place(ann.pk, book, "a.vcf"))
    assert [(account, change.resource_id) for account, change in heard] == (
        [(ann.pk, written.resource_id)] * 2
    )
    assert heard[0][1].card is not None
    assert heard[0][1].card.full_name == "a"
    assert heard[1][1].card is None


def test_hooks_hear_of_all_cards_of_a_book_that_goes(ann: Account, heard: Heard) -> None:
    friends = create_address_book(ann.pk, Face(display_name="Friends"))
    ids = {put(ann, friends, name).resource_id for name in "ab"}
    heard.clear()
    delete_address_book(ann.pk, friends)
    assert {change.resource_id for _, change in heard if change.card is None} == ids
    assert not Card.objects.exists()


def test_a_hook_that_fails_undoes_the_put(ann: Account, book: int) -> None:
    def fail(_account: int, _changes: Sequence[CardChange]) -> None:
        raise Invalid("No.")

    hooks.on_change(fail)
    try:
        with pytest.raises(Invalid):
            put(ann, book, "a")
    finally:
        hooks._hooks.remove(fail)
    assert hrefs(book) == []
    assert not Card.objects.exists()


def test_a_card_is_copied_and_the_targets_owner_pays(
    ann: Account, ben: Account, book: int, bens_book: int
) -> None:
    put(ann, book, "a")
    before = state_of(ben).bytes_used
    copied = copy_card(Place(ann.pk, book, "a.vcf"), Place(ben.pk, bens_book, "b.vcf"))
    assert copied.is_new
    assert (hrefs(book), hrefs(bens_book)) == (["a.vcf"], ["b.vcf"])
    assert state_of(ben).bytes_used == before + len(card("a"))


def test_a_copy_within_a_book_would_hold_the_uid_twice(ann: Account, book: int) -> None:
    put(ann, book, "a")
    with pytest.raises(UidTaken):
        copy_card(Place(ann.pk, book, "a.vcf"), Place(ann.pk, book, "b.vcf"))


def test_a_move_within_a_book_renames(ann: Account, book: int) -> None:
    put(ann, book, "a")
    used = state_of(ann).bytes_used
    move_card(Place(ann.pk, book, "a.vcf"), Place(ann.pk, book, "b.vcf"))
    assert hrefs(book) == ["b.vcf"]
    assert [row.href for row in Tombstone.objects.filter(collection_id=book)] == ["a.vcf"]
    assert state_of(ann).bytes_used == used
    assert Card.objects.count() == 1


def test_a_move_that_is_refused_leaves_all_as_it_was(ann: Account, book: int) -> None:
    put(ann, book, "a")
    put(ann, book, "b")
    source, target = Place(ann.pk, book, "a.vcf"), Place(ann.pk, book, "b.vcf")
    with pytest.raises(PreconditionFailed):
        move_card(source, target, check=absent)
    with pytest.raises(PreconditionFailed):
        move_card(source, Place(ann.pk, book, "c.vcf"), source_check=absent)
    with pytest.raises(Invalid):
        move_card(source, source)
    with pytest.raises(NotFound):
        move_card(Place(ann.pk, book, "x.vcf"), target)
    assert hrefs(book) == ["a.vcf", "b.vcf"]
    assert not Tombstone.objects.filter(collection_id=book).exists()


@pytest.mark.django_db(transaction=True)
def test_a_move_across_accounts_ends_in_the_target_alone(
    ann: Account, ben: Account, book: int, bens_book: int
) -> None:
    put(ann, book, "a")
    move_card(Place(ann.pk, book, "a.vcf"), Place(ben.pk, bens_book, "a.vcf"))
    assert (hrefs(book), hrefs(bens_book)) == ([], ["a.vcf"])
    assert not OutboxRow.objects.exists()


def test_a_move_across_accounts_is_finished_by_the_sweep(
    ann: Account, ben: Account, book: int, bens_book: int
) -> None:
    put(ann, book, "a")
    move_card(Place(ann.pk, book, "a.vcf"), Place(ben.pk, bens_book, "a.vcf"))
    assert (hrefs(book), hrefs(bens_book)) == (["a.vcf"], ["a.vcf"])
    assert outbox.sweep(now=2**40) == 1
    assert hrefs(book) == []


def test_a_source_that_changed_meanwhile_stays(
    ann: Account, ben: Account, book: int, bens_book: int
) -> None:
    put(ann, book, "a")
    move_card(Place(ann.pk, book, "a.vcf"), Place(ben.pk, bens_book, "a.vcf"))
    put(ann, book, "a", "NOTE:new")
    assert outbox.sweep(now=2**40) == 1
    assert hrefs(book) == ["a.vcf"]


def test_a_full_account_takes_no_card_and_the_source_stays(
    ann: Account, ben: Account, book: int, bens_book: int
) -> None:
    from groupware.core.directory import set_quota

    put(ann, book, "a")
    set_quota(ben.login, 10)
    with pytest.raises(OverQuota):
        move_card(Place(ann.pk, book, "a.vcf"), Place(ben.pk, bens_book, "a.vcf"))
    assert (hrefs(book), hrefs(bens_book)) == (["a.vcf"], [])
    assert not OutboxRow.objects.exists()
