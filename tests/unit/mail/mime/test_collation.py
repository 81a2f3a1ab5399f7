import unicodedata

import pytest

from mail.mime.collation import casemap


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("Hello_World 9", "HELLO_WORLD 9"),
        ("ä", "A\N{COMBINING DIAERESIS}"),
        ("Ä", "A\N{COMBINING DIAERESIS}"),
        ("ß", "ß"),
        ("ǆ", "D\N{LATIN SMALL LETTER Z WITH CARON}"),
        ("ﬁ", "fi"),
        ("東京", "東京"),
    ],
)
def test_letters_are_titlecased_one_for_one_and_decomposed(text: str, expected: str) -> None:
    assert casemap(text) == unicodedata.normalize("NFKD", expected)


def test_an_underscore_stands_behind_letters_of_either_case() -> None:
    assert sorted(["_", "b", "A", "C"], key=casemap) == ["A", "b", "C", "_"]
