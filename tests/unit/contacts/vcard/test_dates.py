import pytest

from contacts.vcard import dates
from contacts.vcard.contentlines import Line, Params
from contacts.vcard.dates import Birthday, parse_birthday


@pytest.mark.parametrize(
    ("value", "birthday"),
    [
        ("1980-03-22", Birthday(1980, 3, 22)),
        ("19800322", Birthday(1980, 3, 22)),
        ("1980-03-22T10:00:00Z", Birthday(1980, 3, 22)),
        ("--0229", Birthday(None, 2, 29)),
        ("--02-29", Birthday(None, 2, 29)),
        ("0000-02-29", Birthday(None, 2, 29)),
        ("2001-02-29", None),
        ("1980", None),
        ("1980-13-01", None),
        ("---22", None),
        ("circa 1800", None),
        ("", None),
    ],
)
def test_a_birthday_is_read_where_it_tells_a_day(value: str, birthday: Birthday | None) -> None:
    assert parse_birthday(Line("BDAY", "", {}, value)) == birthday


def test_the_year_that_apple_leaves_out_is_none() -> None:
    params = {"X-APPLE-OMIT-YEAR": ("1604",)}
    assert parse_birthday(Line("BDAY", "", params, "1604-03-22")) == Birthday(None, 3, 22)
    assert parse_birthday(Line("BDAY", "", {}, "1604-03-22")) == Birthday(1604, 3, 22)


def test_a_birthday_is_written_as_a_date() -> None:
    assert str(Birthday(812, 3, 2)) == "0812-03-02"
    assert str(Birthday(None, 3, 2)) == "--03-02"


@pytest.mark.parametrize(
    ("value", "params", "expected"),
    [
        ("1980-03-22", {}, "19800322"),
        ("1604-03-22", {"X-APPLE-OMIT-YEAR": ("1604",)}, "--0322"),
        ("1953-10-15T23:10:00Z", {}, "19531015T231000Z"),
        ("1953-10-15T23:10:00.5-05:00", {}, "19531015T231000-0500"),
        ("20120305T131933Z", {}, "20120305T131933Z"),
        ("circa 1800", {}, "circa 1800"),
    ],
)
def test_a_date_of_3_is_written_as_4_has_it(value: str, params: Params, expected: str) -> None:
    assert dates.basic(value, params) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("19800322", ("1980-03-22", False)),
        ("--0322", ("1604-03-22", True)),
        ("19531015T2310", ("1953-10-15T23:10:00", False)),
        ("19531015T231000-05", ("1953-10-15T23:10:00-05:00", False)),
        ("19531015T23", ("19531015T23", False)),
        ("1980", ("1980", False)),
        ("---22", ("---22", False)),
    ],
)
def test_a_date_of_4_is_written_as_3_has_it(value: str, expected: tuple[str, bool]) -> None:
    assert dates.extended(value) == expected
