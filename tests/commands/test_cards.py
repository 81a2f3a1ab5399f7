"""Importing files of cards into address books, and exporting them."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from contacts import queries
from contacts.services.cards import put_card, remove_card
from groupware.core import directory, limits
from groupware.core.models import Account, Collection
from groupware.core.resources import importing
from groupware.core.resources.moving import Place
from groupware.core.resources.queries import list_resources, read_data, read_page
from tests.commands.running import call, call_json
from tests.conftest import SetLimit
from tests.services.contacts.cards import book_of, card
from tests.services.store import create, state_of

ANN = "ann@example.org"
BOOK = f"{ANN}/addressbooks/Contacts"

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ann(transactional_db: None) -> Account:
    directory.create_domain("example.org")
    return create(ANN)


@pytest.fixture
def book(ann: Account) -> int:
    return book_of(ann)


def refused(*words: str) -> tuple[Any, str]:
    """Return what a command answered that ends with a fault, and the fault."""
    out = StringIO()
    with pytest.raises(CommandError) as raised:
        call_command(*words, "--json", stdout=out)
    return json.loads(out.getvalue() or "null"), str(raised.value)


def names(book: int) -> list[str]:
    return [row.full_name for row in queries.list_cards(book)]


def counts(answer: Any, name: str = "Contacts") -> tuple[int, int]:
    held = answer["collections"][name]
    return held["imported"], held["skipped"]


def test_a_file_is_imported_once_however_often_it_is_run(book: int, tmp_path: Path) -> None:
    path = tmp_path / "all.vcf"
    without_uid = card("Ben").replace(b"UID:uid-Ben\r\n", b"")
    path.write_bytes(card("Ann") + without_uid + card("Old", version="2.1"))
    assert counts(call_json("import", "vcf", str(path), "--into", BOOK)) == (3, 0)
    assert names(book) == ["Ann", "Ben", "Old"]
    stored = read_data(book, "uid-Ann.vcf")
    assert stored is not None
    assert stored.data == card("Ann")
    assert counts(call_json("import", "vcf", str(path), "--into", BOOK)) == (0, 3)
    assert call("import", "vcf", str(path), "--into", BOOK).splitlines() == [
        "Contacts: 0 imported, 3 there already",
        "Altogether: 0 imported, 3 there already.",
    ]


def test_broken_cards_are_named_and_the_others_are_imported(book: int, tmp_path: Path) -> None:
    path = tmp_path / "all.vcf"
    path.write_bytes(
        card("Ann") + b"BEGIN:VCARD\nVERSION:9\nEND:VCARD\n" + card("Ben") + b"BEGIN:VCARD\n"
    )
    answer, fault = refused("import", "vcf", str(path), "--into", BOOK)
    assert names(book) == ["Ann", "Ben"]
    assert [row["where"] for row in answer["broken"]] == [f"{path}:7", f"{path}:16"]
    assert answer["broken"][0]["why"] == "The card is of version '9'; send 3.0 or 4.0."
    assert fault == "2 items left out, as said above"


def test_a_directory_is_imported_into_a_book_that_is_made(ann: Account, tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / "a.vcf").write_bytes(card("Ann"))
    (tmp_path / "below" / "b.vcf").write_bytes(card("Ben"))
    answer = call_json("import", "vcf", str(tmp_path), "--into", f"{ANN}/addressbooks/Old friends")
    assert counts(answer, "Old friends") == (2, 0)
    assert names(Collection.objects.get(name="Old friends").pk) == ["Ann", "Ben"]


def test_a_dry_run_writes_nothing(ann: Account, book: int, tmp_path: Path) -> None:
    path = tmp_path / "all.vcf"
    path.write_bytes(card("Ann") + card("Ann"))
    before = state_of(ann).next_modseq
    assert counts(call_json("import", "vcf", str(path), "--into", BOOK, "--dry-run")) == (1, 1)
    new = call_json("import", "vcf", str(path), "--into", f"{ANN}/addressbooks/New", "--dry-run")
    assert counts(new, "New") == (1, 1)
    assert state_of(ann).next_modseq == before
    assert names(book) == []


def test_a_card_that_differs_from_the_one_of_its_uid_stays_as_it_is_here(
    ann: Account, book: int, tmp_path: Path
) -> None:
    put_card(Place(ann.pk, book, "x.vcf"), card("Here", uid="u"))
    (tmp_path / "a.vcf").write_bytes(card("There", uid="u"))
    answer = call_json("import", "vcf", str(tmp_path), "--into", BOOK)
    assert answer["notes"] == [
        "Of the cards that are here already 1 differ from the file's; they stay."
    ]
    assert names(book) == ["Here"]


def test_a_full_account_stops_the_import_and_the_next_run_goes_on(
    ann: Account, book: int, tmp_path: Path
) -> None:
    cards = [card(f"Card {number}") for number in range(9)]
    (tmp_path / "a.vcf").write_bytes(b"".join(cards))
    directory.set_quota(ANN, sum(map(len, cards[:5])))
    answer, fault = refused("import", "vcf", str(tmp_path), "--into", BOOK)
    assert counts(answer) == (5, 0)
    assert "full" in fault
    assert fault.endswith("Then run the same again: it goes on there.")
    directory.set_quota(ANN, 0)
    assert counts(call_json("import", "vcf", str(tmp_path), "--into", BOOK)) == (4, 5)
    assert names(book) == [f"Card {number}" for number in range(9)]


def test_a_uid_that_cannot_be_kept_breaks_one_card_alone(
    book: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.vcf").write_bytes(card("Ann") + card("Long", uid="u" * 2000) + card("Ben"))
    answer, _ = refused("import", "vcf", str(tmp_path), "--into", BOOK)
    assert [row["where"] for row in answer["broken"]] == [f"{tmp_path}/a.vcf:7"]
    assert names(book) == ["Ann", "Ben"]


def test_batches_are_written_as_they_fill(
    book: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "BATCH", 2)
    (tmp_path / "a.vcf").write_bytes(b"".join(card(name) for name in "ABCDE"))
    assert counts(call_json("import", "vcf", str(tmp_path), "--into", BOOK)) == (5, 0)
    assert names(book) == list("ABCDE")


def test_cards_beyond_the_limit_of_a_book_stop_the_import(
    book: int, tmp_path: Path, set_limit: SetLimit
) -> None:
    set_limit(limits.RESOURCES, 2)
    (tmp_path / "a.vcf").write_bytes(b"".join(card(name) for name in "ABC"))
    answer, fault = refused("import", "vcf", str(tmp_path), "--into", BOOK)
    assert counts(answer) == (2, 0)
    assert "at most 2 items" in fault


@pytest.mark.parametrize("what", ["none.vcf", "empty"])
def test_where_there_is_nothing_to_import_it_is_said(
    ann: Account, tmp_path: Path, what: str
) -> None:
    (tmp_path / "empty").mkdir()
    answer, fault = refused("import", "vcf", str(tmp_path / what), "--into", BOOK)
    assert answer is None
    assert str(tmp_path) in fault


def test_cards_go_into_address_books_only(ann: Account, tmp_path: Path) -> None:
    _, fault = refused("import", "vcf", str(tmp_path), "--into", f"{ANN}/mail/INBOX")
    assert fault == "vcf goes into a collection of addressbooks, not of mail."


def test_uids_that_make_no_file_names_get_other_hrefs(book: int, tmp_path: Path) -> None:
    (tmp_path / "a.vcf").write_bytes(
        card("A", uid="../a b") + card("B", uid="urn:uuid:b") + card("C", uid="b")
    )
    call("import", "vcf", str(tmp_path), "--into", BOOK)
    hrefs = [row.href for row in list_resources(book)]
    assert hrefs[1] == "b.vcf"
    assert all(len(href) == 44 for href in (hrefs[0], hrefs[2]))


def test_an_export_holds_every_book_and_is_brought_up_to_date(
    ann: Account, book: int, tmp_path: Path
) -> None:
    unended = card("Ann").removesuffix(b"\r\n")
    put_card(Place(ann.pk, book, "a.vcf"), unended)
    put_card(Place(ann.pk, book, "b.vcf"), card("Ben"))
    answer = call_json("export", ANN, "--to", str(tmp_path))
    assert answer["collections"][BOOK] == {"written": 2, "kept": 0, "removed": 0}
    file = tmp_path / "addressbooks" / "Contacts.vcf"
    assert file.read_bytes() == card("Ann") + card("Ben")
    again = call_json("export", ANN, "--to", str(tmp_path))
    assert again["collections"][BOOK] == {"written": 0, "kept": 2, "removed": 0}
    remove_card(Place(ann.pk, book, "b.vcf"))
    call("export", ANN, "--to", str(tmp_path))
    assert file.read_bytes() == card("Ann")


def test_books_that_are_gone_leave_an_export(ann: Account, tmp_path: Path) -> None:
    from contacts.services.addressbooks import create_address_book, delete_address_book
    from groupware.core.resources.collections import Face

    names = (".hidden", "x" * 250, "Contacts.vcf")
    books = [create_address_book(ann.pk, Face(display_name=name)) for name in names]
    call("export", ANN, "--to", str(tmp_path))
    held = sorted(file.name for file in (tmp_path / "addressbooks").iterdir())
    assert held[:3] == ["Contacts.vcf", "Contacts.vcf.vcf", "_.hidden.vcf"]
    assert held[3].startswith("x" * 100 + "~")
    for each in books:
        delete_address_book(ann.pk, each)
    call("export", ANN, "--to", str(tmp_path))
    assert [file.name for file in (tmp_path / "addressbooks").iterdir()] == ["Contacts.vcf"]


def test_an_export_mixes_with_nothing(ann: Account, tmp_path: Path) -> None:
    call("export", ANN, "--to", str(tmp_path))
    (tmp_path / "addressbooks" / "notes.txt").write_text("mine")
    with pytest.raises(CommandError, match="is not of an export"):
        call("export", ANN, "--to", str(tmp_path))


def test_what_was_exported_can_be_imported(ann: Account, book: int, tmp_path: Path) -> None:
    for name in ("Ann", "Ben"):
        put_card(Place(ann.pk, book, f"{name}.vcf"), card(name))
    call("export", ANN, "--to", str(tmp_path))
    file = tmp_path / "addressbooks" / "Contacts.vcf"
    answer = call_json("import", "vcf", str(file), "--into", f"{ANN}/addressbooks/Copy")
    assert counts(answer, "Copy") == (2, 0)


@pytest.mark.corpus
def test_cards_of_real_programs_are_imported_and_come_back_from_an_export(
    ann: Account, book: int, tmp_path: Path, corpus: Path
) -> None:
    answer = call_json("import", "vcf", str(corpus / "vcf"), "--into", BOOK)
    imported, skipped = counts(answer)
    assert answer["broken"] == []
    assert imported > 15
    assert counts(call_json("import", "vcf", str(corpus / "vcf"), "--into", BOOK)) == (
        *(0, imported + skipped),
    )
    call("export", ANN, "--to", str(tmp_path))
    file = str(tmp_path / "addressbooks" / "Contacts.vcf")
    copy = call_json("import", "vcf", file, "--into", f"{ANN}/addressbooks/Copy")
    assert counts(copy, "Copy") == (imported, 0)
    copied = Collection.objects.get(account=ann, name="Copy").pk
    assert contents(copied) == contents(book)


def contents(book: int) -> list[bytes]:
    """Return the cards of a book, but for a last line that was not ended."""
    stored, _ = read_page(book, 0, 1000)
    return sorted(each.data.rstrip(b"\r\n") for each in stored)
