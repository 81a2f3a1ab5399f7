from contacts.vcard.cards import read_card
from contacts.vcard.partial import select_properties

CARD = read_card(
    b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:A\r\nN:A;;;;\r\nitem1.TEL;TYPE=home:1\r\nitem2.TEL:2\r\n"
    b"PHOTO;ENCODING=b;TYPE=JPEG:AAAA\r\nEND:VCARD\r\n"
)


def test_only_the_properties_asked_for_are_returned() -> None:
    assert select_properties(CARD, {"FN": True, "ITEM1.TEL": True}) == (
        b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:A\r\nitem1.TEL;TYPE=home:1\r\nEND:VCARD\r\n"
    )


def test_a_property_may_come_without_its_value() -> None:
    data = select_properties(CARD, {"PHOTO": False, "TEL": True})
    assert b"PHOTO;ENCODING=b;TYPE=JPEG:\r\n" in data
    assert b"item2.TEL:2\r\n" in data


def test_they_come_in_the_version_asked_for() -> None:
    data = select_properties(CARD, {"PHOTO": True}, "4.0")
    assert data == (
        b"BEGIN:VCARD\r\nVERSION:4.0\r\nPHOTO:data:image/jpeg;base64,AAAA\r\nEND:VCARD\r\n"
    )
