import pytest

from contacts.vcard.keys import alike_phone, mail_key, name_key, phone_key, same_phone


def test_mail_addresses_are_compared_without_case() -> None:
    assert mail_key(" Ann@Example.ORG ") == "ann@example.org"


@pytest.mark.parametrize(
    ("number", "key", "alike"),
    [
        ("+49 (30) 123-4567", "+49301234567", "301234567"),
        ("0049 30 1234567", "+49301234567", "301234567"),
        ("030/1234567", "0301234567", "301234567"),
        ("(555) 123-4567 x12", "5551234567", "551234567"),
        ("+1 555 123 4567 ext. 3", "+15551234567", "551234567"),
        ("110", "110", ""),
        ("none", "", ""),
    ],
)
def test_numbers_are_compared_by_their_digits(number: str, key: str, alike: str) -> None:
    assert (phone_key(number), alike_phone(number)) == (key, alike)
    assert alike_phone(key) == alike


def test_numbers_of_one_person_are_the_same_but_for_extensions() -> None:
    assert same_phone("+49 30 1234567") == same_phone("0301234567")
    assert same_phone("0301234567 x1") != same_phone("0301234567 X2")
    assert (same_phone("1-1-0"), same_phone("none")) == ("110", "none")


def test_names_are_compared_by_their_words() -> None:
    assert name_key("Müller, Jörg") == name_key("jorg MULLER") == "jorg muller"
