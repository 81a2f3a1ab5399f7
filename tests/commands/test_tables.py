import pytest

from groupware.management.tables import counted, octets, quota, render_fields, render_table


def test_columns_are_as_wide_as_their_widest_cell_on_a_terminal() -> None:
    rows = [("日本", 1), ("e\u0301", 22), ("abcdef", 3)]
    assert render_table(("name", "n"), rows).splitlines() == [
        "NAME    N",
        "日本    1",
        "e\u0301       22",
        "abcdef  3",
    ]


def test_a_cell_cannot_move_the_cursor_or_break_the_line() -> None:
    assert "\x1b" not in (table := render_table(("a",), [("\x1b[2J\nx",)]))
    assert len(table.splitlines()) == 2
    assert render_fields([("Name", "a\rb")]) == "Name:  a\N{REPLACEMENT CHARACTER}b"


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (1023, "1023"),
        (1024, "1K"),
        (1536, "1.5K"),
        ((1 << 20) - 1, "1024.0K"),
        (5 << 30, "5G"),
        (3 << 41, "6T"),
    ],
)
def test_a_size_is_shown_as_it_can_be_typed(number: int, text: str) -> None:
    assert octets(number) == text


def test_words_for_numbers() -> None:
    assert (counted(1, "item"), counted(2, "item")) == ("1 item", "2 items")
    assert counted(0, "entry", "entries") == "0 entries"
    assert (quota(0), quota(1 << 20)) == ("unlimited", "1M")
