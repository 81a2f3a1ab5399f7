from contacts.vcard.cards import read_card
from contacts.vcard.columns import make_columns


def test_columns_are_made_of_what_a_card_says() -> None:
    data = (
        "BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Ann Example\r\nN:Example;Ann,Eva;;;\r\n"
        "EMAIL:Ann@Example.org\r\nEMAIL:b@c.d\r\nTEL:0049 30 1\r\nBDAY:--0229\r\nEND:VCARD\r\n"
    )
    columns = make_columns(read_card(data.encode()))
    assert columns[:6] == (
        *("individual", "Ann Example", "Example;Ann,Eva", "ann@example.org\nb@c.d", "+49301"),
        "--02-29",
    )
    assert "example;ann,eva" in columns.text


def test_a_card_that_says_nothing_has_empty_columns() -> None:
    card = read_card(b"BEGIN:VCARD\r\nVERSION:4.0\r\nEND:VCARD\r\n")
    assert make_columns(card) == ("individual", "", ";", "", "", "", "")
