"""Address books under any sequence of changes, with clients that come and go.

Whatever happens: what a client knew and what it is told is what a fresh one sees; columns, birthdays
and counts are those of the cards; a book holds a UID once; the doctor finds nothing.
"""

import itertools
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from calendar_app.services.birthdays import find_calendar, href_of
from contacts.services import merge
from contacts.services.addressbooks import create_address_book, delete_address_book
from contacts.services.cards import copy_card, move_card, put_card, remove_card
from contacts.vcard.cards import read_card
from groupware.core import directory, outbox
from groupware.core.errors import Invalid, NotFound
from groupware.core.resources import queries
from groupware.core.resources.collections import Face
from groupware.core.resources.items import UidTaken, etag_of
from groupware.core.resources.moving import Place
from tests.services.contacts.cards import book_of, card
from tests.services.damage import find
from tests.services.store import create

_numbers = itertools.count(1)

hrefs = st.sampled_from(["a.vcf", "b.vcf", "c.vcf", "d.vcf"])
uids = st.sampled_from(["u1", "u2", "u3", "u4"])
names = st.sampled_from(["Ann Example", "Example Ann", "Ben", "Cleo"])
lines = st.lists(
    st.sampled_from(
        ["BDAY:1980-02-29", "TEL:0301234567", "EMAIL:a@b.c", "NOTE:x", "CATEGORIES:one,two"]
    ),
    unique=True,
    max_size=3,
)
cards = st.builds(lambda name, uid, more: card(name, *more, uid=uid), names, uids, lines)
places = st.tuples(st.integers(0, 2), hrefs)


@dataclass
class Client:
    """What one client knows of a book."""

    modseq: int = 0
    known: dict[str, str] = field(default_factory=dict)


@dataclass
class Book:
    """A book, what it should hold, and two clients of it."""

    account_id: int
    collection_id: int
    held: dict[str, bytes] = field(default_factory=dict)
    clients: tuple[Client, Client] = field(default_factory=lambda: (Client(), Client()))

    def place(self, href: str) -> Place:
        return Place(self.account_id, self.collection_id, href)

    def takes(self, href: str, data: bytes) -> bool:
        """Whether no other href has the UID."""
        uid = read_card(data).uid
        return all(read_card(d).uid != uid for other, d in self.held.items() if other != href)


class AddressBooks(RuleBasedStateMachine):
    @initialize()
    def begin(self) -> None:
        domain = f"d{next(_numbers)}.test"
        directory.create_domain(domain)
        accounts = [create(f"{name}@{domain}") for name in ("ann", "ben")]
        self.books = [Book(account.pk, book_of(account)) for account in accounts]
        self.books.append(self._new_book())

    def _new_book(self) -> Book:
        account_id = self.books[0].account_id
        return Book(account_id, create_address_book(account_id, Face(display_name="Friends")))

    @rule(at=places, data=cards)
    def put(self, at: tuple[int, str], data: bytes) -> None:
        book, href = self.books[at[0]], at[1]
        if book.takes(href, data):
            put_card(book.place(href), data)
            book.held[href] = data
        else:
            with pytest.raises(UidTaken):
                put_card(book.place(href), data)

    @rule(at=places)
    def remove(self, at: tuple[int, str]) -> None:
        book, href = self.books[at[0]], at[1]
        if book.held.pop(href, None) is None:
            with pytest.raises(NotFound):
                remove_card(book.place(href))
        else:
            remove_card(book.place(href))

    @rule(at=places, to=places, is_move=st.booleans())
    def transfer(self, at: tuple[int, str], to: tuple[int, str], is_move: bool) -> None:
        source, target = self.books[at[0]], self.books[to[0]]
        act = move_card if is_move else copy_card
        expected = self._refusal(source, at[1], target, to[1], is_move=is_move)
        if expected is not None:
            with pytest.raises(expected):
                act(source.place(at[1]), target.place(to[1]))
            return
        act(source.place(at[1]), target.place(to[1]))
        outbox.sweep(now=2**40)
        data = source.held.pop(at[1]) if is_move else source.held[at[1]]
        target.held[to[1]] = data

    def _refusal(
        self, source: Book, href: str, target: Book, to: str, *, is_move: bool
    ) -> type[Exception] | None:
        if source.place(href) == target.place(to):
            return Invalid
        if href not in source.held:
            return NotFound
        data = source.held[href]
        if is_move and source.account_id == target.account_id:
            rest = {h: d for h, d in target.held.items() if source is not target or h != href}
            target = Book(target.account_id, target.collection_id, rest)
        return None if target.takes(to, data) else UidTaken

    @rule(place=st.integers(0, 2))
    def merge_duplicates(self, place: int) -> None:
        book = self.books[place]
        for found in merge.find_duplicates(book.collection_id):
            plan = merge.plan_merge(book.collection_id, found.hrefs)
            merge.carry_out(book.account_id, plan)
            for href in plan.hrefs[1:]:
                del book.held[href]
            book.held[plan.hrefs[0]] = plan.merged.data

    @rule()
    def replace_a_book(self) -> None:
        delete_address_book(self.books[2].account_id, self.books[2].collection_id)
        self.books[2] = self._new_book()

    @rule(place=st.integers(0, 2), which=st.integers(0, 1), limit=st.sampled_from([None, 1, 3]))
    def synchronize(self, place: int, which: int, limit: int | None) -> None:
        book = self.books[place]
        client = book.clients[which]
        while rows := queries.list_changes(book.collection_id, client.modseq, limit):
            for row in rows:
                if row.etag is None:
                    client.known.pop(row.href, None)
                else:
                    client.known[row.href] = row.etag
            client.modseq = rows[-1].modseq
        assert client.known == dict(queries.list_etags(book.collection_id))

    @invariant()
    def books_hold_what_they_should(self) -> None:
        for book in getattr(self, "books", []):
            etags = {href: etag_of(data) for href, data in book.held.items()}
            assert dict(queries.list_etags(book.collection_id)) == etags

    @invariant()
    def birthdays_are_those_of_the_cards(self) -> None:
        told: dict[int, set[str]] = {book.account_id: set() for book in getattr(self, "books", [])}
        for book in getattr(self, "books", []):
            for row in queries.list_resources(book.collection_id):
                if read_card(book.held[row.href]).birthday is not None:
                    told[book.account_id].add(href_of(row.resource_id))
        for account_id, expected in told.items():
            calendar = find_calendar(account_id)
            assert calendar is not None
            assert {href for href, _ in queries.list_etags(calendar)} == expected

    def teardown(self) -> None:
        assert find(deep=True) == []


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.django_db
@pytest.mark.usefixtures("own_data")
def test_books_and_their_clients_agree_after_any_sequence_of_changes() -> None:
    checks: Any = settings(
        max_examples=8,
        stateful_step_count=25,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(AddressBooks, settings=checks)
