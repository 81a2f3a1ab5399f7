"""What the doctor finds of cards and birthdays, and makes anew."""

import pytest

from contacts.models import Card
from contacts.services.cards import renew_columns
from contacts.vcard.cards import read_card
from contacts.vcard.columns import make_columns
from groupware.core import limits
from groupware.core.errors import Invalid
from groupware.core.models import Account
from groupware.core.resources.queries import find_collection
from tests.conftest import SetLimit
from tests.services.contacts.cards import card, put
from tests.services.damage import damage, find, run

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_data")]

ANN = "ann@example.test/addressbooks/Contacts/Ann.vcf"
EVENTS = "ann@example.test/calendars/Birthdays"


@pytest.fixture
def held(ann: Account, book: int) -> int:
    """Return the id of a card that tells a birthday."""
    put(ann, book, "Ben", "TEL:1")
    return put(ann, book, "Ann", "BDAY:1980-03-22", f"NOTE:{'long ' * 4000}").resource_id


def faults(*, deep: bool = True) -> list[tuple[str, str, str]]:
    return [(fault.check, fault.where, fault.what) for fault in find(deep=deep)]


def test_cards_in_use_have_no_fault(held: int) -> None:
    assert find(deep=True) == []


def test_a_card_without_columns_is_found_and_repaired(held: int, book: int) -> None:
    before = find_collection(book)
    damage(f"DELETE FROM contacts_card WHERE resource_id = {held}")
    assert ("card-row", ANN, "nothing is known of it: no search finds it") in faults(deep=False)
    assert "all repaired" in run("--repair")
    assert faults() == []
    assert find_collection(book) == before
    row = Card.objects.values_list(*make_columns(read_card(card("x")))._fields).get(
        resource_id=held
    )
    assert row[1] == "Ann"


@pytest.mark.parametrize("column", ["full_name", "text", "birthday", "mails"])
def test_columns_that_are_not_what_the_bytes_say_are_found_and_repaired(
    held: int, column: str
) -> None:
    damage(f"UPDATE contacts_card SET {column} = 'other' WHERE resource_id = {held}")
    assert faults() == [("card-columns", ANN, f"its columns are not what its bytes say: {column}")]
    assert "all repaired" in run("--repair", "--deep")
    assert faults() == []


def test_a_uid_that_is_not_that_of_the_bytes_is_found(held: int) -> None:
    damage(f"UPDATE core_resource SET ical_uid = 'other' WHERE id = {held}")
    assert ("card-data", ANN, "it is kept as other, and is uid-Ann") in faults()


def test_a_card_that_cannot_be_read_is_found(held: int, set_limit: SetLimit) -> None:
    set_limit(limits.RESOURCE_SIZE, 16 << 10)
    (fault,) = find(deep=True)
    assert (fault.check, fault.where) == ("card-data", ANN)
    assert fault.what.startswith("it cannot be read: The card has")
    with pytest.raises(Invalid):
        renew_columns(held)


def test_a_card_that_went_meanwhile_is_not_renewed(held: int) -> None:
    renew_columns(held + 1000)


def test_what_is_in_the_wrong_place_is_found(ann: Account, held: int) -> None:
    damage(f"UPDATE core_resource SET component = 'VEVENT' WHERE id = {held}")
    assert ("card-row", ANN, "it is in an address book, and kept as VEVENT") in faults(deep=False)


def test_birthdays_without_a_card_and_cards_without_their_event_are_made_anew(
    ann: Account, book: int, held: int
) -> None:
    other = put(ann, book, "Other", "BDAY:1990-01-01").resource_id
    damage(f"UPDATE core_resource SET href = 'card-0.ics' WHERE href = 'card-{held}.ics'")
    damage(f"UPDATE contacts_card SET birthday = '' WHERE resource_id = {other}")
    assert sorted(faults(deep=False)) == [
        ("birthday", ANN, "its birthday is in no calendar"),
        ("birthday", f"{EVENTS}/card-0.ics", "no card tells this birthday"),
        ("birthday", f"{EVENTS}/card-{other}.ics", "no card tells this birthday"),
    ]
    run("--repair", "--deep")
    run("--repair")
    assert faults() == []
