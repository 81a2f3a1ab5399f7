"""Cards as real programs export them: each is read, and says the same in the other version."""

import re
from pathlib import Path

import pytest

from contacts.vcard.cards import Card, read_card
from contacts.vcard.media import read_media
from contacts.vcard.versions import convert

pytestmark = pytest.mark.corpus
_CARD = re.compile(rb"BEGIN:VCARD.*?END:VCARD\r?\n?", re.DOTALL | re.IGNORECASE)


def cards(corpus: Path) -> list[Card]:
    files = sorted((corpus / "vcf").glob("*.vcf"))
    found = [read_card(data) for file in files for data in _CARD.findall(file.read_bytes())]
    assert len(found) > 10
    return found


def said(card: Card) -> tuple[object, ...]:
    """Return what both versions can say of a card."""
    return (
        *(card.uid, card.kind, card.full_name, card.nicknames, card.organization, card.mails),
        *(card.phones, card.birthday, card.members, card.has_photo),
    )


def test_every_card_is_read_and_has_a_name(corpus: Path) -> None:
    assert all(card.full_name for card in cards(corpus))


def test_every_card_says_the_same_in_either_version(corpus: Path) -> None:
    for card in cards(corpus):
        three = read_card(convert(card, "3.0"))
        four = read_card(convert(three, "4.0"))
        assert four.version == "4.0"
        back = read_card(convert(four, "3.0"))
        assert said(back) == said(three)
        if any(three.name):
            assert (back.name, back.text) == (three.name, three.text)


def test_photos_stay_octet_for_octet(corpus: Path) -> None:
    photos = 0
    for card in cards(corpus):
        three = read_card(convert(card, "3.0"))
        back = read_card(convert(read_card(convert(three, "4.0")), "3.0"))
        octets = [read_media(line).octets() for line in three.lines if line.name == "PHOTO"]
        assert all(octets)
        assert [read_media(line).octets() for line in back.lines if line.name == "PHOTO"] == octets
        photos += len(octets)
    assert photos > 2
