"""Finding cards: by words, and by filters, whose candidates are verified."""

import pytest
from pytest_django import DjangoAssertNumQueries

from contacts import queries
from contacts.queries import cards
from contacts.services.addressbooks import create_address_book
from contacts.services.directory import refresh_directory
from contacts.vcard.cards import read_card
from contacts.vcard.filters import ALL, Filter, PropFilter, matches
from contacts.vcard.matching import TextMatch
from groupware.core import limits
from groupware.core.models import Account, Collection
from groupware.core.resources.collections import Face
from groupware.core.resources.queries import read_page
from groupware.core.rights import grant, parse_rights, revoke
from tests.conftest import SetLimit
from tests.services.contacts.cards import book_of, put
from tests.services.store import create

pytestmark = pytest.mark.django_db


@pytest.fixture
def filled(ann: Account, book: int) -> int:
    put(ann, book, "Jörg Müller", "EMAIL:joerg@example.org", "X-A:zebra")
    put(ann, book, "Ann Miller", "NOTE:knows Jörg", "TEL:123")
    put(ann, book, "Zoe", "ORG:Zebra", "CATEGORIES:a%b_c")
    return book


def names(book: int, text: str) -> list[str]:
    return [row.full_name for row in queries.search_cards([book], text, 10)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("JÖRG", ["Ann Miller", "Jörg Müller"]),
        ("jörg mill", ["Ann Miller"]),
        ("example.org", ["Jörg Müller"]),
        ("zebra", ["Zoe"]),
        ("%", ["Zoe"]),
        ("b_c", ["Zoe"]),
        ("nobody", []),
        ("", []),
        (" ", []),
    ],
)
def test_cards_are_found_by_words(filled: int, text: str, expected: list[str]) -> None:
    assert names(filled, text) == expected


def test_a_search_is_of_the_books_named_and_no_longer_than_asked_for(
    ann: Account, filled: int
) -> None:
    other = create_address_book(ann.pk, Face(display_name="Other"))
    put(ann, other, "Jörg B")
    found = queries.search_cards([filled, other], "jörg", 10)
    assert [row.collection_id for row in found] == [filled, other, filled]
    assert len(queries.search_cards([filled, other], "jörg", 2)) == 2
    assert names(other, "jörg") == ["Jörg B"]


def test_the_cards_of_a_book_are_listed_by_name(filled: int) -> None:
    rows = queries.list_cards(filled)
    assert [row.full_name for row in rows] == ["Ann Miller", "Jörg Müller", "Zoe"]
    assert rows[0].phones == "123"


def text(value: str) -> tuple[TextMatch, ...]:
    return (TextMatch(value),)


@pytest.mark.parametrize(
    "wanted",
    [
        Filter(),
        Filter((PropFilter("FN", texts=text("jörg")),)),
        Filter((PropFilter("FN", texts=text("zebra")),)),
        Filter((PropFilter("X-A", texts=text("zebra")),)),
        Filter((PropFilter("NOTE"),)),
        Filter((PropFilter("FN", texts=(TextMatch("z", is_negated=True),)),)),
        Filter((PropFilter("FN", texts=text("ann")), PropFilter("TEL", texts=text("99")))),
        Filter((PropFilter("UID", texts=text("UID-ann")),)),
        Filter((PropFilter("uid", texts=(TextMatch("uid-zoe", match_type="equals"),)),)),
        Filter((PropFilter("UID", texts=(TextMatch("uid-ZOE", "i;octet"),)),)),
        Filter((PropFilter("UID", texts=(TextMatch("zoe", is_negated=True),)),)),
        Filter((PropFilter("UID", texts=text("zoe")), PropFilter("FN", texts=text("ann")))),
        Filter((PropFilter("UID", texts=text("zoe")), PropFilter("FN", texts=text("zoe"))), ALL),
    ],
)
def test_a_query_finds_what_a_scan_finds(filled: int, wanted: Filter) -> None:
    stored, _ = read_page(filled, 0, 10)
    expected = [each.href for each in stored if matches(read_card(each.data), wanted)]
    assert [each.href for each in queries.query_cards(filled, wanted)] == expected


def test_only_candidates_are_read(filled: int) -> None:
    wanted = Filter((PropFilter("FN", texts=text("zebra")),))
    assert len(queries.find_candidates(filled, wanted)) == 1
    assert list(queries.query_cards(filled, wanted)) == []


def test_of_cards_that_a_uid_is_asked_of_that_one_is_read(filled: int) -> None:
    wanted = Filter((PropFilter("UID", texts=(TextMatch("UID-Zoe", match_type="equals"),)),))
    assert len(queries.find_candidates(filled, wanted)) == 1
    assert [each.href for each in queries.query_cards(filled, wanted)] == ["Zoe.vcf"]


def test_large_cards_are_read_few_at_once(
    filled: int, django_assert_num_queries: DjangoAssertNumQueries, monkeypatch: pytest.MonkeyPatch
) -> None:
    largest = max(row.size for row in queries.list_cards(filled))
    for octets, pages in ((1, 3), (2 * largest, 2)):
        monkeypatch.setattr(cards, "PAGE_OCTETS", octets)
        with django_assert_num_queries(1 + pages):
            assert len(list(queries.query_cards(filled, Filter()))) == 3


def test_a_query_costs_two_queries_of_the_database(
    filled: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(2):
        assert len(list(queries.query_cards(filled, Filter()))) == 3


def test_a_card_that_is_larger_than_a_later_limit_is_passed_over(
    ann: Account, book: int, set_limit: SetLimit
) -> None:
    put(ann, book, "Large", f"NOTE:{'x' * 20_000}")
    wanted = Filter((PropFilter("FN"),))
    assert len(list(queries.query_cards(book, wanted))) == 1
    set_limit(limits.RESOURCE_SIZE, 16 << 10)
    assert list(queries.query_cards(book, wanted)) == []


def test_a_search_finds_what_somebody_may_read_and_the_directory(
    ann: Account, ben: Account
) -> None:
    own, bens = book_of(ann), book_of(ben)
    closed = create_address_book(ben.pk, Face(display_name="Closed"))
    for account, book, name in ((ann, own, "A Zoe"), (ben, bens, "B Zoe"), (ben, closed, "C Zoe")):
        put(account, book, name, "EMAIL:zoe@x.test")
    create("zoe@example.test", name="D Zoe")
    refresh_directory(ann.domain_id)

    def found(limit: int = 9) -> list[tuple[str, int, str]]:
        rows = queries.search_contacts(ann.pk, "zoe", limit=limit)
        return [(row.full_name, row.collection_id, row.mails) for row in rows]

    listed = ("D Zoe", 0, "zoe@example.test")
    assert found() == [("A Zoe", own, "zoe@x.test"), listed]
    grant(ben, Collection.objects.get(pk=bens), ann, parse_rights("read"))
    grant(ben, Collection.objects.get(pk=closed), ann, parse_rights("l"))
    assert queries.list_readable_books(ann.pk) == [own, bens]
    assert found() == [("A Zoe", own, "zoe@x.test"), ("B Zoe", bens, "zoe@x.test"), listed]
    assert len(found(2)) == 2
    revoke(ben, Collection.objects.get(pk=bens), ann)
    assert found() == [("A Zoe", own, "zoe@x.test"), listed]


def test_a_search_looks_for_no_more_than_some_words(filled: int) -> None:
    assert names(filled, "jörg mill " + "jörg " * 18 + "nobody") == ["Ann Miller"]
    assert names(filled, "jörg mill " + "jörg " * 17 + "nobody") == []
