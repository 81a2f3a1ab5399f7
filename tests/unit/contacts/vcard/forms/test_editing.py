"""What changed of a card's form is written, and nothing else."""

from typing import Any

import pytest

from contacts.vcard.cards import read_card
from contacts.vcard.forms.editing import change_card, new_card, put_photo
from contacts.vcard.forms.errors import BadField
from contacts.vcard.forms.reading import read_form
from contacts.vcard.versions import convert

REV = "2026-01-01T00:00:00Z"
CARD = (
    b"BEGIN:VCARD\r\nVERSION:3.0\r\nPRODID:-//Some//Program//EN\r\nUID:ann-1\r\n"
    b"N:Lee;Ann;;Dr.;\r\nFN:Dr. Ann Lee\r\nORG:Example\\, Inc.;Sales;North\r\n"
    b"item1.email;type=INTERNET;type=WORK;type=pref;X-Q=1:ann@example.test\r\n"
    b"item1.X-ABLabel:_$!<Main>!$_\r\n"
    b"EMAIL;TYPE=HOME:ann@home.test\r\n"
    b'TEL;TYPE=CELL,VOICE;X-SIM="2;x":+49 170 1\r\n 23\r\n'
    b"ADR;TYPE=WORK:;;Long Street 1;Bonn;;53113;Germany\r\n"
    b"BDAY;X-APPLE-OMIT-YEAR=1604:1604-02-29\r\n"
    b"X-SKYPE;x-a=b:  ann  \r\nNOTE;LANGUAGE=en:One\\nTwo\r\n"
    b"PHOTO;ENCODING=b;TYPE=PNG:iVBORw0KGgo=\r\nREV:2020-01-01T00:00:00Z\r\nEND:VCARD\r\n"
)


def form_of(data: bytes) -> dict[str, Any]:
    return read_form(read_card(data))


def change(data: bytes, **changes: object) -> bytes:
    return change_card(data, read_card(data), changes, REV)


def lines_of(data: bytes) -> list[bytes]:
    return [line for line in data.split(b"\r\n") if not line.startswith(b"REV")]


def test_a_form_sent_back_as_it_was_read_changes_no_octet() -> None:
    assert change(CARD, **form_of(CARD)) == CARD


def test_what_a_form_does_not_know_stays_byte_for_byte() -> None:
    changed = change(CARD, note="Three", title="Boss")
    before, after = lines_of(CARD), lines_of(changed)
    assert [line for line in before if line not in after] == [b"NOTE;LANGUAGE=en:One\\nTwo"]
    assert [line for line in after if line not in before] == [
        b"NOTE;LANGUAGE=en:Three",
        b"TITLE:Boss",
    ]
    assert b"REV:2026-01-01T00:00:00Z\r\n" in changed


def test_a_card_is_read_in_plain_words() -> None:
    form = form_of(CARD)
    assert form["organization"] == "Example, Inc."
    assert form["units"] == ["Sales", "North"]
    assert form["birthday"] == "--02-29"
    assert form["emails"] == [
        {"address": "ann@example.test", "contexts": ["work"], "label": "Main", "preferred": True},
        {"address": "ann@home.test", "contexts": ["private"], "label": "", "preferred": False},
    ]
    assert form["phones"][0]["features"] == ["voice", "mobile"]
    assert form["addresses"][0]["locality"] == "Bonn"


def test_an_entry_that_stays_keeps_what_programs_say_of_it() -> None:
    phones = [{"number": "+49 170 123", "contexts": ["work"]}, {"number": "112"}]
    changed = change(CARD, phones=phones)
    assert b'TEL;X-SIM="2;x";TYPE=work:+49 170 123\r\n' in changed
    assert [each["number"] for each in form_of(changed)["phones"]] == ["+49 170 123", "112"]


def test_a_label_comes_and_goes_with_its_entry() -> None:
    emails = [{"address": "new@example.test", "label": "Desk, left"}]
    changed = change(CARD, emails=emails)
    assert form_of(changed)["emails"][0]["label"] == "Desk, left"
    assert b"_$!<Main>!$_" not in changed
    assert b"LABEL" not in change(changed, emails=[]).upper()


def test_the_full_name_follows_the_parts_unless_it_says_something_else() -> None:
    assert form_of(change(CARD, name={"family": "Bell"}))["full_name"] == "Dr. Ann Bell"
    named = CARD.replace(b"FN:Dr. Ann Lee", b"FN:Ann (Sales)")
    assert form_of(change(named, name={"family": "Bell"}))["full_name"] == "Ann (Sales)"


def test_a_new_card_has_what_both_versions_ask_for() -> None:
    data = new_card(
        {"full_name": "Bob Stone", "emails": [{"address": "bob@example.test"}]}, "bob-1", REV
    )
    assert b"N:Stone;Bob;;;\r\n" in data
    assert form_of(data)["uid"] == "bob-1"
    assert form_of(convert(read_card(data), "4.0"))["emails"] == form_of(data)["emails"]


def test_a_group_has_members_by_their_uids_in_both_versions() -> None:
    group = new_card({"kind": "group", "full_name": "Team", "members": ["a-1", "b-2"]}, "t", REV)
    assert b"X-ADDRESSBOOKSERVER-MEMBER:urn:uuid:a-1\r\n" in group
    newer = convert(read_card(group), "4.0")
    changed = change(newer, members=["b-2", "c-3"])
    assert form_of(changed)["members"] == ["b-2", "c-3"]
    assert b"\r\nMEMBER:urn:uuid:c-3\r\n" in changed


@pytest.mark.parametrize("version", ["3.0", "4.0"])
def test_days_are_read_as_they_were_written(version: str) -> None:
    data = convert(read_card(CARD), version)
    changed = change(data, birthday="1980-05-17", anniversary="--12-24")
    form = form_of(changed)
    assert (form["birthday"], form["anniversary"]) == ("1980-05-17", "--12-24")
    assert form_of(change(changed, birthday=None))["birthday"] is None


@pytest.mark.parametrize("version", ["3.0", "4.0"])
def test_a_photo_is_put_and_taken_away(version: str) -> None:
    data = convert(read_card(CARD), version)
    put = put_photo(data, read_card(data), ("image/gif", b"GIF89a"), REV)
    assert put.count(b"PHOTO") == 1
    assert form_of(put)["has_photo"]
    assert not form_of(put_photo(put, read_card(put), None, REV))["has_photo"]


def test_quoted_printable_is_written_as_what_it_says() -> None:
    data = CARD.replace(
        b"NOTE;LANGUAGE=en:One\\nTwo",
        b"NOTE;ENCODING=QUOTED-PRINTABLE;CHARSET=UTF-8:Gr=C3=BC=\r\n=C3=9F",
    )
    assert form_of(change(data, title="Boss"))["note"] == "Grüß"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"full_name": " "}, "full_name"),
        ({"note": "a\x00"}, "note"),
        ({"birthday": "1980-02-30"}, "birthday"),
        ({"birthday": "May"}, "birthday"),
        ({"kind": "alien"}, "kind"),
        ({"emails": [{}]}, "emails"),
        ({"phones": [{"number": "1\x01"}]}, "phones"),
        ({"links": [{"uri": "two words"}]}, "links"),
        ({"links": [{"uri": "https://a.test/\r\nEND:VCARD"}]}, "links"),
        ({"members": [""]}, "members"),
        ({"name": {"family": "\x02"}}, "name"),
        ({"categories": ["\x03"]}, "categories"),
    ],
)
def test_what_cannot_be_is_told_by_its_field(changes: dict[str, Any], field: str) -> None:
    with pytest.raises(BadField) as caught:
        change_card(CARD, read_card(CARD), changes, REV)
    assert caught.value.field == field


def test_a_card_without_any_name_is_refused() -> None:
    with pytest.raises(BadField, match="A card has a name"):
        new_card({"note": "nobody"}, "x", REV)
