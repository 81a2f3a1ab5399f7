"""Cards as programs export them: what is sent back as it was read changes no octet."""

import re
from pathlib import Path

import pytest

from contacts.vcard.cards import read_card
from contacts.vcard.forms.editing import change_card
from contacts.vcard.forms.reading import read_form

pytestmark = pytest.mark.corpus
_CARD = re.compile(rb"BEGIN:VCARD.*?END:VCARD\r?\n?", re.DOTALL | re.IGNORECASE)
REV = "2026-01-01T00:00:00Z"


def cards(corpus: Path) -> list[bytes]:
    files = sorted((corpus / "vcf").glob("*.vcf"))
    found = [data for file in files for data in _CARD.findall(file.read_bytes())]
    assert len(found) > 10
    return [data for data in found if read_card(data).version != "2.1"]


def test_every_card_sent_back_as_it_was_read_is_the_same(corpus: Path) -> None:
    for data in cards(corpus):
        card = read_card(data)
        assert change_card(data, card, read_form(card), REV) == data


def test_a_note_is_changed_in_every_card_and_nothing_else(corpus: Path) -> None:
    for data in cards(corpus):
        card = read_card(data)
        before = read_form(card)
        after = read_form(read_card(change_card(data, card, {"note": "Other"}, REV)))
        assert after == {**before, "note": "Other"}
