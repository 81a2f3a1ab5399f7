import pytest

from contacts.vcard import values


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("plain", "plain"),
        (r"a\nb\Nc", "a\nb\nc"),
        (r"a\,b\;c\\d", r"a,b;c\d"),
        (r"http\://x", "http://x"),
        (r"a\\n", r"a\n"),
        ("C:\\dir\\", "C:\\dir\\"),
    ],
)
def test_a_value_is_unescaped(value: str, text: str) -> None:
    assert values.unescape_text(value) == text


def test_a_text_is_escaped() -> None:
    assert values.escape_text("a,b;c\\d\r\ne:") == "a\\,b\\;c\\\\d\\ne:"


@pytest.mark.parametrize(
    ("value", "texts"),
    [
        ("", [""]),
        ("a,b", ["a", "b"]),
        (r"a\,b,c", ["a,b", "c"]),
        (r"a\\,b", ["a\\", "b"]),
        (",a,", ["", "a", ""]),
    ],
)
def test_a_list_is_split_at_commas_that_are_not_escaped(value: str, texts: list[str]) -> None:
    assert values.split_list(value) == texts


def test_a_structured_value_is_split_into_lists() -> None:
    expected = [["Doe"], ["John"], ["Richter", "James, Jr"], [""], ["a;b"]]
    assert values.split_structured(r"Doe;John;Richter,James\, Jr;;a\;b") == expected
    assert values.join_structured(expected) == r"Doe;John;Richter,James\, Jr;;a\;b"
