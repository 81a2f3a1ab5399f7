"""Files of cards, as strangers send them: seeds, words, and what must hold for every input."""

import datetime
import io
import random

from contacts.vcard.cards import Card, InvalidCard, read_card
from contacts.vcard.columns import make_columns
from contacts.vcard.contentlines import BadContentLine, content_lines
from contacts.vcard.files import BrokenCard, prepare_card, split_cards
from contacts.vcard.limits import CardLimits
from contacts.vcard.merging import merge_cards
from contacts.vcard.partial import select_properties
from contacts.vcard.serialize import serialize_lines
from contacts.vcard.versions import convert

LIMITS = CardLimits(octets=20_000, lines=500)
MOMENT = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)


def take_cards(data: bytes, _chance: random.Random) -> object:
    """Each card is refused or kept; what is kept is read back, converted, merged and stored."""
    _take_lines(data)
    traits: set[object] = set()
    cards: list[Card] = []
    for found in split_cards(io.BytesIO(data), LIMITS):
        if isinstance(found, BrokenCard):
            traits.add(found.reason)
            continue
        try:
            kept, card = prepare_card(found.data, LIMITS)
        except InvalidCard as error:
            traits.add((error.precondition, error.text[:25]))
            continue
        assert read_card(kept, LIMITS) == card
        assert prepare_card(kept, LIMITS)[0] == kept
        _check_storable(card)
        _check_versions(card)
        cards.append(card)
        traits.add((card.version, card.kind, card.birthday is None, card.has_photo))
    if cards:
        read_card(merge_cards(cards, MOMENT).data)
    return frozenset(traits)


def _take_lines(data: bytes) -> None:
    try:
        lines = list(content_lines(data))
    except BadContentLine:
        return
    assert list(content_lines(serialize_lines(lines))) == lines


def _check_storable(card: Card) -> None:
    for text in (*make_columns(card), card.uid or ""):
        assert "\0" not in text
        text.encode()


def _check_versions(card: Card) -> None:
    for version in ("3.0", "4.0"):
        other = read_card(convert(card, version))
        assert (other.version, other.uid, other.kind) == (version, card.uid, card.kind)
        assert other.mails == card.mails
        read_card(select_properties(card, {"FN": True, "PHOTO": False}, version))


def _card(version: str, *lines: str, end: str = "\r\n") -> bytes:
    inside = ["BEGIN:VCARD", f"VERSION:{version}", *lines, "END:VCARD", ""]
    return end.join(inside).encode()


CARD_SEEDS = (
    _card(
        "3.0", "UID:1", "FN:A", "N:B;A;;;", "item1.TEL;TYPE=HOME,pref:+49 1", "item1.X-ABLabel:x"
    ),
    _card("3.0", "FN:A", "PHOTO;ENCODING=b;TYPE=JPEG:/9j/", " AAAA", "BDAY:1980-02-29", end="\n"),
    _card("4.0", "FN:Ä", 'TEL;TYPE="home,cell";PREF=1;VALUE=uri:tel:+1;ext=2', "BDAY:--0229"),
    _card(
        "4.0", "KIND:group", "FN:T", "MEMBER:urn:uuid:1", "GEO:geo:1,2", "TZ;VALUE=utc-offset:-05"
    ),
    _card("2.1", "N;CHARSET=utf-8;ENCODING=QUOTED-PRINTABLE:=C3=84;=", "B", "TEL;HOME:1", end="\r"),
    _card("3.0", "X-ADDRESSBOOKSERVER-KIND:group", "SORT-STRING:x", "N:a", "ADR:;;b", "LABEL:c"),
)
CARD_WORDS = (
    *(b"\r\n", b"\n", b"\r", b"\n ", b"\n\t", b":", b";", b",", b"=", b"=\n", b'"', b"^", b"^n"),
    *(b"\\", b"\\n", b".", b"\0", b"\x01", b"\xff", b"\xc3", b"\xef\xbb\xbf", b"\xff\xfe"),
    *(b"BEGIN:VCARD\n", b"END:VCARD\n", b"VERSION:2.1\n", b"VERSION:3.0\n", b"VERSION:4.0\n"),
    *(b"ENCODING=QUOTED-PRINTABLE", b"ENCODING=b", b"CHARSET=punycode", b"VALUE=uri", b"TYPE="),
    *(b"PREF=1", b"ALTID=1", b"PHOTO:", b"data:image/png;base64,", b"BDAY:", b"1604", b"--", b"T"),
    *(b"X-APPLE-OMIT-YEAR=1604", b"NOTE:", b"CATEGORIES:", b"AGENT:\n", b"LABEL:", b"SORT-AS="),
)
