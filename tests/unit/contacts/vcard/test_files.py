import io

import pytest

from contacts.vcard.cards import InvalidCard
from contacts.vcard.files import BrokenCard, FoundCard, prepare_card, split_cards
from contacts.vcard.limits import DEFAULT_LIMITS, CardLimits

CARD = b"BEGIN:VCARD\r\nVERSION:3.0\r\nUID:1\r\nFN:A\r\nEND:VCARD\r\n"
NOT_CLOSED = "The card is not closed by END:VCARD."


def split(data: bytes, limits: CardLimits = DEFAULT_LIMITS) -> list[FoundCard | BrokenCard]:
    return list(split_cards(io.BytesIO(data), limits))


def test_a_file_is_cut_into_its_cards_byte_for_byte() -> None:
    other = CARD.replace(b"\r\n", b"\n").replace(b"BEGIN:VCARD", b"begin:vCard")
    assert split(CARD + b"\r\n" + other) == [FoundCard(1, CARD), FoundCard(7, other)]
    assert split(b"") == []
    assert split(b"no card\n") == []


@pytest.mark.parametrize("end", [b"\r", b"\n", b"\r\n"])
def test_every_end_of_a_line_is_taken(end: bytes) -> None:
    data = CARD.replace(b"\r\n", end)
    assert split(data + data) == [FoundCard(1, data), FoundCard(6, data)]


def test_a_byte_order_mark_and_utf_16_are_taken() -> None:
    assert split(b"\xef\xbb\xbf" + CARD) == [FoundCard(1, b"\xef\xbb\xbf" + CARD)]
    wide = CARD.replace(b"FN:A", "FN:Ä".encode())
    assert split(wide.decode().encode("utf-16")) == [FoundCard(1, wide)]


def test_a_card_that_is_not_closed_is_told_of_and_the_next_is_found() -> None:
    assert split(b"BEGIN:VCARD\nFN:A\n" + CARD + b"BEGIN:VCARD\n") == [
        BrokenCard(1, NOT_CLOSED),
        FoundCard(3, CARD),
        BrokenCard(8, NOT_CLOSED),
    ]


def test_a_card_within_a_card_belongs_to_it() -> None:
    agent = b"BEGIN:VCARD\nVERSION:2.1\nAGENT:\n" + CARD + b"FN:B\nEND:VCARD\n"
    assert split(agent + CARD) == [FoundCard(1, agent), FoundCard(11, CARD)]


def test_a_card_that_is_too_large_is_told_of_and_not_held() -> None:
    large = CARD.replace(b"FN:A", b"FN:" + b"x" * 300_000)
    assert split(large + CARD, CardLimits(octets=1000)) == [
        BrokenCard(1, "The card has more than 1000 octets."),
        FoundCard(6, CARD),
    ]


def test_a_long_line_that_looks_like_an_end_within_is_none() -> None:
    data = CARD.replace(b"FN:A", b"FN:" + b"x" * ((64 << 10) - 3) + b"END:VCARD")
    assert split(data) == [FoundCard(1, data)]


def test_a_card_of_3_or_4_is_kept_as_it_is() -> None:
    assert prepare_card(CARD)[0] == CARD


def test_a_card_without_a_uid_gets_the_same_one_each_time() -> None:
    data, card = prepare_card(CARD.replace(b"UID:1\r\n", b""))
    assert card.uid is not None
    assert card.uid.startswith("urn:uuid:")
    assert data == CARD.replace(b"UID:1", f"UID:{card.uid}".encode())
    assert prepare_card(CARD.replace(b"UID:1\r\n", b""))[0] == data
    assert (
        prepare_card(CARD.replace(b"UID:1\r\n", b"").replace(b"FN:A", b"FN:B"))[1].uid != card.uid
    )


@pytest.mark.parametrize("folded", [b"VERSI\r\n ON:3.0", b"VERSION:3\r\n .0"])
def test_a_card_whose_version_is_folded_gets_a_uid_too(folded: bytes) -> None:
    bare = CARD.replace(b"UID:1\r\n", b"").replace(b"VERSION:3.0", folded)
    data, card = prepare_card(bare)
    assert card.full_name == "A"
    assert data == prepare_card(bare)[0] == prepare_card(data)[0]
    assert data.startswith(b"BEGIN:VCARD\r\nVERSION:3.0\r\nUID:urn:uuid:")


def test_a_card_of_2_1_becomes_3() -> None:
    data, card = prepare_card(CARD.replace(b"3.0", b"2.1").replace(b"FN:A", b"FN:A\r\nTEL;HOME:1"))
    assert card.version == "3.0"
    assert b"VERSION:3.0\r\n" in data
    assert b"TEL;TYPE=HOME:1\r\n" in data


def test_octets_of_another_character_set_become_utf_8() -> None:
    assert prepare_card(CARD.replace(b"FN:A", b"FN:\xc4rger"))[1].full_name == "Ärger"


def test_what_is_no_card_is_refused() -> None:
    with pytest.raises(InvalidCard):
        prepare_card(b"BEGIN:VCARD\r\nEND:VCARD\r\n")
