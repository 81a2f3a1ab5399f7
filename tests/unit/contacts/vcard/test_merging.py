import datetime

from contacts.vcard.cards import Card, read_card
from contacts.vcard.merging import Merged, follow_members, merge_cards

MOMENT = datetime.datetime(2026, 11, 29, 12, 0, tzinfo=datetime.UTC)


def card(*lines: str, version: str = "3.0") -> Card:
    text = "\r\n".join(["BEGIN:VCARD", f"VERSION:{version}", *lines, "END:VCARD", ""])
    return read_card(text.encode())


def merge(*cards: Card) -> Merged:
    return merge_cards(cards, MOMENT)


def inside(merged: Merged) -> list[str]:
    """Return the lines of the result but for the frame and REV."""
    lines = merged.data.decode().replace("\r\n ", "").split("\r\n")
    assert lines[-3].startswith("REV:")
    return lines[2:-3]


def left_out(merged: Merged) -> list[tuple[str, str, tuple[int, ...]]]:
    return [(each.name, each.text, each.sources) for each in merged.left_out]


def test_what_the_others_have_more_is_added_to_the_first() -> None:
    merged = merge(
        card("UID:1", "FN:Ann", "EMAIL;TYPE=HOME:ann@example.org"),
        card("UID:2", "FN:Ann", "EMAIL;TYPE=WORK:ANN@example.org", "TEL:1", "X-NEW;A=b:c"),
    )
    assert inside(merged) == [
        "UID:1",
        "FN:Ann",
        "EMAIL;TYPE=HOME,work:ann@example.org",
        "TEL:1",
        "X-NEW;A=b:c",
    ]
    assert left_out(merged) == [("UID", "2", (1,))]
    sources = {each.name: each.sources for each in merged.fields}
    assert sources == {"UID": (0,), "FN": (0, 1), "EMAIL": (0, 1), "TEL": (1,), "X-NEW": (1,)}


def test_what_a_card_has_once_stays_the_firsts_and_is_filled_where_it_is_empty() -> None:
    merged = merge(
        card("FN:Ann", "N:;;;;"),
        card("FN:Ann E.", "N:E.;Ann;;;", "BDAY:1980-01-01"),
        card("FN:Ann", "BDAY:1980-01-02", "N:;;;;"),
    )
    assert inside(merged) == ["FN:Ann", "N:E.;Ann;;;", "BDAY:1980-01-01"]
    assert left_out(merged) == [("FN", "Ann E.", (1,)), ("BDAY", "1980-01-02", (2,))]


def test_lists_and_notes_become_one() -> None:
    merged = merge(
        card("CATEGORIES:Friends,Work", "NOTE:one\\, two"),
        card("CATEGORIES:work,a\\,b", "NOTE:three", "NICKNAME:A"),
        card("NOTE:two"),
    )
    assert inside(merged) == [
        "CATEGORIES:Friends,Work,a\\,b",
        "NOTE:one\\, two\\n\\nthree",
        "NICKNAME:A",
    ]
    assert merged.fields[1].sources == (0, 1, 2)


def test_photos_and_what_is_unknown_are_kept_each_once() -> None:
    photo = "PHOTO;ENCODING=b;TYPE=JPEG:/9j/AA=="
    merged = merge(
        card(photo, "X-A;TYPE=one:v"),
        card(photo, "PHOTO;ENCODING=b;TYPE=PNG:iVBORA==", "X-A;TYPE=two:v", "X-A;TYPE=one:v"),
    )
    assert inside(merged) == [
        *(photo, "X-A;TYPE=one:v", "PHOTO;ENCODING=b;TYPE=PNG:iVBORA==", "X-A;TYPE=two:v"),
    ]
    assert merged.fields[0].text == "image/jpeg, 4 octets"
    assert merged.fields[0].types == ()


def test_groups_come_with_their_labels_under_names_of_their_own() -> None:
    merged = merge(
        card("item1.TEL:1", "item1.X-ABLabel:Boat", "item3.URL:a"),
        card(
            *("item1.TEL:2", "item1.X-ABLabel:Car", "item2.TEL:1", "item2.X-ABLabel:Boat"),
            *("item3.URL:a", "item3.X-ABLabel:Home"),
        ),
    )
    assert inside(merged) == [
        *("item1.TEL:1", "item1.X-ABLABEL:Boat", "item3.URL:a"),
        *("item2.TEL:2", "item2.X-ABLABEL:Car"),
    ]
    assert left_out(merged) == [("X-ABLABEL", "Home", (1,))]


def test_a_group_gets_a_name_that_no_other_has() -> None:
    merged = merge(card("item1.TEL:1", "item3.TEL:3"), card("x.TEL:4", "y.TEL:5"))
    groups = [line.partition(".")[0] for line in inside(merged)]
    assert groups == ["item1", "item3", "item2", "item4"]


def test_one_alone_stays_preferred() -> None:
    merged = merge(
        card("TEL;TYPE=HOME,pref:1"), card("TEL;TYPE=pref,WORK:2", "EMAIL;TYPE=pref:a@b.c")
    )
    assert inside(merged) == [
        *("TEL;TYPE=HOME,pref:1", "TEL;TYPE=WORK:2", "EMAIL;TYPE=pref:a@b.c"),
    ]


def test_cards_of_another_version_are_written_as_the_first() -> None:
    three, four = card("FN:A", "BDAY:1980-01-01"), card("FN:A", "TEL;PREF=1:1", version="4.0")
    merged = merge(three, four)
    assert merged.data.startswith(b"BEGIN:VCARD\r\nVERSION:3.0\r\n")
    assert b"TEL;TYPE=pref:1\r\n" in merged.data
    assert b"REV:2026-11-29T12:00:00Z\r\n" in merged.data
    merged = merge(four, three)
    assert b"VERSION:4.0\r\n" in merged.data
    assert b"BDAY:19800101\r\n" in merged.data
    assert b"REV:20261129T120000Z\r\n" in merged.data


def test_parameters_that_name_something_of_their_card_do_not_mix() -> None:
    first = card("FN:A", "TITLE;ALTID=1:Boss", "CLIENTPIDMAP:1;urn:x", version="4.0")
    other = card("FN:A", "TITLE;ALTID=1;PID=1.1:Chef", "CLIENTPIDMAP:1;urn:y", version="4.0")
    assert inside(merge(first, other)) == ["FN:A", "TITLE;ALTID=1:Boss", "TITLE;ALTID=1-1:Chef"]


def test_a_group_follows_its_members() -> None:
    group = card(
        *("FN:Team", "X-ADDRESSBOOKSERVER-KIND:group", "X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:B"),
        *("X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:a", "X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:c"),
    )
    data = follow_members(group, {"b": "a"})
    assert data is not None
    assert read_card(data).members == ("urn:uuid:a", "urn:uuid:c")
    assert follow_members(group, {"x": "y"}) is None
    four = card("KIND:group", "MEMBER:urn:uuid:1", version="4.0")
    data = follow_members(four, {"urn:uuid:1": "urn:uuid:2"})
    assert data is not None
    assert read_card(data).members == ("urn:uuid:2",)


def test_what_any_of_several_notes_or_lists_says_is_said() -> None:
    several = card("item1.NOTE:", "item1.NOTE:0", "NICKNAME:", "NICKNAME:Al,Bo")
    once = merge(card("FN:"), several)
    again = merge(read_card(once.data), card("FN:"), several, card("NICKNAME:bo", "NOTE: 0"))
    assert again.data == once.data
