"""The calendar of birthdays: it has what the cards say, whatever becomes of them."""

import pytest

from calendar_app import queries
from calendar_app.ical.zones import UTC
from calendar_app.lanes import Span
from calendar_app.services.birthdays import FEW, find_calendar
from calendar_app.services.calendars import delete_calendar
from calendar_app.services.objects import prepare_object, put_object
from contacts.services import merge
from contacts.services.addressbooks import create_address_book, delete_address_book
from contacts.services.cards import move_card, put_card, remove_card
from groupware.core import directory, outbox
from groupware.core.errors import NotAllowed, OverQuota
from groupware.core.models import Account, Resource
from groupware.core.resources.collections import Face
from groupware.core.resources.moving import Place
from groupware.core.resources.queries import find_collection, list_resources, read_data
from tests.services.calendar_app.events import at, counts_of, event
from tests.services.contacts.cards import book_of, card, put
from tests.services.store import state_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def book(ann: Account) -> int:
    return book_of(ann)


@pytest.fixture
def birthdays(ann: Account) -> int:
    found = find_calendar(ann.pk)
    assert found is not None
    return found


def summaries(calendar: int, day: str, next_day: str) -> list[str]:
    """Return whose birthday it is on a day."""
    ids = queries.find_in_span([calendar], Span(at(day), at(next_day)), UTC)
    held = Resource.objects.filter(pk__in=ids).select_related("calendar_object")
    return sorted(each.calendar_object.summary for each in held)


def texts(calendar: int) -> list[str]:
    found = (read_data(calendar, row.href) for row in list_resources(calendar))
    return [stored.data.decode() for stored in found if stored is not None]


def test_a_birthday_comes_every_year(ann: Account, book: int, birthdays: int) -> None:
    put(ann, book, "Ann", "BDAY:1980-03-22")
    assert summaries(birthdays, "20260322", "20260323") == ["🎂 Ann (1980)"]
    assert summaries(birthdays, "21260322", "21260323") == ["🎂 Ann (1980)"]
    assert summaries(birthdays, "19790322", "19790323") == []
    assert summaries(birthdays, "20260323", "20260324") == []


def test_a_birthday_on_a_leap_day_is_on_the_last_of_february(
    ann: Account, book: int, birthdays: int
) -> None:
    put(ann, book, "Leap", "BDAY:2000-02-29")
    assert summaries(birthdays, "20280229", "20280301") == ["🎂 Leap (2000)"]
    assert summaries(birthdays, "20270228", "20270301") == ["🎂 Leap (2000)"]
    assert summaries(birthdays, "20280228", "20280229") == []


@pytest.mark.parametrize("bday", ["--0229", "0001-02-28", "1685-02-28", "9999-02-28"])
def test_a_card_without_a_year_or_with_one_beyond_has_its_day_every_year(
    ann: Account, book: int, birthdays: int, bday: str
) -> None:
    put(ann, book, "Ann", f"BDAY:{bday}")
    assert len(summaries(birthdays, "20270228", "20270301")) == 1
    assert "DTSTART;VALUE=DATE:1972022" in texts(birthdays)[0]


def test_an_event_follows_its_card(ann: Account, book: int, birthdays: int) -> None:
    place = Place(ann.pk, book, "a.vcf")
    put_card(place, card("Ann", "BDAY:1980-03-22", uid="u"))
    put_card(place, card("Ann\\, E.", "BDAY:1980-03-23", uid="u"))
    assert summaries(birthdays, "20260322", "20260323") == []
    assert summaries(birthdays, "20260323", "20260324") == ["🎂 Ann, E. (1980)"]
    put_card(place, card("Ann", uid="u"))
    assert counts_of(birthdays) == (0, 0, 0)
    put_card(place, card("Ann", "BDAY:1980-03-22", uid="u"))
    remove_card(place)
    assert counts_of(birthdays) == (0, 0, 0)


def test_a_change_that_leaves_the_birthday_leaves_the_calendar(
    ann: Account, book: int, birthdays: int
) -> None:
    put(ann, book, "Ann", "BDAY:1980-03-22")
    before = find_collection(birthdays)
    put(ann, book, "Ann", "BDAY:1980-03-22", "NOTE:new")
    put(ann, book, "Ben")
    assert find_collection(birthdays) == before


def test_cards_that_move_take_their_events_along(
    ann: Account, ben: Account, book: int, birthdays: int
) -> None:
    put(ann, book, "Ann", "BDAY:1980-03-22")
    bens = find_calendar(ben.pk)
    assert bens is not None
    move_card(Place(ann.pk, book, "Ann.vcf"), Place(ben.pk, book_of(ben), "Ann.vcf"))
    outbox.sweep(now=2**40)
    assert (counts_of(birthdays)[0], counts_of(bens)[0]) == (0, 1)


def test_a_book_that_goes_takes_its_birthdays_along(
    ann: Account, book: int, birthdays: int
) -> None:
    friends = create_address_book(ann.pk, Face(display_name="Friends"))
    put(ann, book, "Stays", "BDAY:1980-03-22")
    for number in range(FEW + 1):
        put(ann, friends, f"{number}", "BDAY:1980-03-22")
    assert counts_of(birthdays)[0] == FEW + 2
    delete_address_book(ann.pk, friends)
    assert summaries(birthdays, "20260322", "20260323") == ["🎂 Stays (1980)"]


def test_merged_cards_have_one_birthday(ann: Account, book: int, birthdays: int) -> None:
    put(ann, book, "Ann", "BDAY:1980-03-22", uid="a")
    put(ann, book, "ANN", "BDAY:1980-03-22", uid="b")
    (found,) = merge.find_duplicates(book)
    merge.carry_out(ann.pk, merge.plan_merge(book, found.hrefs))
    assert counts_of(birthdays)[0] == 1


def test_one_card_in_two_books_has_two_events(ann: Account, book: int, birthdays: int) -> None:
    friends = create_address_book(ann.pk, Face(display_name="Friends"))
    for each in (book, friends):
        put(ann, each, "Ann", "BDAY:1980-03-22")
    assert counts_of(birthdays)[0] == 2


def test_nobody_else_writes_to_the_calendar(ann: Account, birthdays: int) -> None:
    with pytest.raises(NotAllowed, match="follows the contacts"):
        put_object(ann.pk, birthdays, "a.ics", prepare_object(event()))


def test_an_account_without_the_calendar_keeps_its_cards(
    ann: Account, book: int, birthdays: int
) -> None:
    put(ann, book, "Ann", "BDAY:1980-03-22")
    delete_calendar(ann.pk, birthdays)
    put(ann, book, "Ben", "BDAY:1980-03-22")
    remove_card(Place(ann.pk, book, "Ann.vcf"))
    assert find_calendar(ann.pk) is None


def test_an_account_too_full_for_the_event_takes_no_card(
    ann: Account, book: int, birthdays: int
) -> None:
    data = card("Ann", "BDAY:1980-03-22")
    directory.set_quota(ann.login, state_of(ann).bytes_used + len(data))
    with pytest.raises(OverQuota):
        put_card(Place(ann.pk, book, "a.vcf"), data)
    assert list_resources(book) == []
