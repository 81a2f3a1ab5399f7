import pytest

from contacts.vcard.duplicates import SHARED_BY_MANY, Alike, Candidate, find_alike


def card(name: str = "", mail: str = "", phone: str = "", birthday: str = "") -> Candidate:
    mails, phones = (mail,) if mail else (), (phone,) if phone else ()
    return Candidate(name, mails, phones, birthday)


def test_cards_of_one_name_are_alike_in_any_order_of_words() -> None:
    found = find_alike([card("Ann Example"), card("Ben"), card("Example, Ann")])
    assert found == [Alike((0, 2), ("name ann example",))]


def test_different_birthdays_are_of_different_people() -> None:
    days = ["1980-01-02", "1990-01-02", "", "1980-01-02"]
    found = find_alike([card("Ann Example", birthday=day) for day in days])
    assert [each.places for each in found] == [(0, 3)]


def test_a_birthday_without_a_year_or_none_is_any_ones() -> None:
    days = ["1980-01-02", "--01-02", ""]
    found = find_alike([card("Ann Example", birthday=day) for day in days])
    assert [each.places for each in found] == [(0, 1, 2)]


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("Ann Example", "Ann", True),
        ("Ann Example", "A. Example", True),
        ("Ann Example", "a@example.org", True),
        ("Ann Example", "", True),
        ("Ann Example", "Ben Example", False),
        ("Ann Example", "Anna Example", False),
        ("Ann Ann", "Ann", True),
        ("Cleo Clark", "C. Clark", True),
        ("Ann E. Example", "Ann Example", True),
        ("Ann Ann", "Ann Ben", False),
    ],
)
def test_what_is_shared_joins_cards_whose_names_do_not_contradict(
    one: str, other: str, alike: bool
) -> None:
    by_mail = find_alike([card(one, mail="a@example.org"), card(other, mail="a@example.org")])
    by_phone = find_alike([card(one, phone="+49301234567"), card(other, phone="0301234567")])
    assert [each.places for each in by_mail] == ([(0, 1)] if alike else [])
    assert [each.reasons for each in by_phone] == ([("phone 301234567",)] if alike else [])


def test_what_is_shared_does_not_join_different_birthdays() -> None:
    cards = [card("Ann", "a@b.c", birthday=day) for day in ("1980-01-01", "1980-01-02")]
    assert find_alike(cards) == []


def test_cards_are_joined_over_others() -> None:
    cards = [card("Ann", mail="a@b.c"), card("Ann X", "a@b.c", "1234567"), card("X", "", "1234567")]
    (found,) = find_alike(cards)
    assert found == Alike((0, 1, 2), ("mail a@b.c", "phone 1234567"))


def test_what_many_share_says_nothing() -> None:
    cards = [card("", "info@b.c") for _ in range(SHARED_BY_MANY + 1)]
    assert find_alike(cards) == []
    assert len(find_alike(cards[:-1])) == 1


def test_cards_without_anything_are_not_alike() -> None:
    assert find_alike([card(), card(), card("1"), card("1")]) == []
