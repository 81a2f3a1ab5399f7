"""The laws of cards: garbage gives the error or a card; what both versions say survives."""

import base64
import contextlib
import datetime

from hypothesis import given
from hypothesis import strategies as st

from contacts.vcard.cards import InvalidCard, read_card
from contacts.vcard.contentlines import Line
from contacts.vcard.filters import ALL, ANY, Filter, PropFilter, matches, needles, uid_needles
from contacts.vcard.keys import mail_key, same_phone
from contacts.vcard.matching import COLLATIONS, MATCH_TYPES, TextMatch
from contacts.vcard.merging import merge_cards
from contacts.vcard.serialize import serialize_card
from contacts.vcard.values import escape_text
from contacts.vcard.versions import convert
from mail.mime.text import fold_search

CONTROLS = "".join(map(chr, [*range(9), *range(11, 32), 127, 0xFFFE, 0xFFFF]))
texts = st.text(st.characters(codec="utf-8", exclude_characters=CONTROLS), max_size=20)
escaped = texts.map(escape_text)
groups = st.sampled_from(["", "item1"])
type_params = st.lists(st.sampled_from(["HOME", "WORK", "CELL", "pref"]), unique=True).map(
    lambda items: {"TYPE": tuple(items)} if items else {}
)


def photo(octets: bytes) -> Line:
    params = {"ENCODING": ("b",), "TYPE": ("PNG",)}
    return Line("PHOTO", "", params, base64.b64encode(octets).decode())


lines = st.one_of(
    st.builds(
        *(Line, st.sampled_from(["NOTE", "TITLE", "NICKNAME", "ORG", "X-ANY", "CATEGORIES"])),
        *(groups, st.just({}), escaped),
    ),
    st.builds(
        Line, st.sampled_from(["TEL", "EMAIL", "ADR", "LABEL"]), groups, type_params, escaped
    ),
    st.dates().map(lambda day: Line("BDAY", "", {}, day.isoformat())),
    st.binary(min_size=1, max_size=9).map(photo),
    st.just(Line("X-ADDRESSBOOKSERVER-KIND", "", {}, "group")),
    st.uuids().map(lambda uid: Line("UID", "", {}, str(uid))),
)
cards = st.builds(
    lambda name, others: serialize_card(
        "3.0", [Line("N", "", {}, f"{name};;;;"), Line("FN", "", {}, name), *others]
    ),
    escaped,
    st.lists(lines, max_size=6),
)


def said(data: bytes) -> list[tuple[object, ...]]:
    """Return the lines as sets say them: pref stands last, a label beside its address."""
    return sorted(
        (
            (
                line.name,
                line.group,
                sorted((k, sorted(v)) for k, v in line.params.items()),
                line.value,
            )
            for line in read_card(data).lines
        ),
        key=repr,
    )


@given(cards)
def test_a_card_comes_back_from_the_other_version_as_it_was(data: bytes) -> None:
    four = convert(read_card(data), "4.0")
    assert said(convert(read_card(four), "3.0")) == said(data)


@given(cards)
def test_columns_say_the_same_in_either_version(data: bytes) -> None:
    three = read_card(data)
    four = read_card(convert(three, "4.0"))
    assert (four.full_name, four.name, four.mails, four.phones, four.birthday, four.kind) == (
        *(three.full_name, three.name, three.mails, three.phones, three.birthday, three.kind),
    )


@given(st.lists(cards, min_size=2, max_size=4))
def test_nothing_of_merged_cards_is_lost_without_being_said(datas: list[bytes]) -> None:
    read = [read_card(data) for data in datas]
    merged = merge_cards(read, datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC))
    result = read_card(merged.data)
    told = {(field.name, field.text) for field in (*merged.fields, *merged.left_out)}
    for card in read:
        assert set(map(mail_key, card.mails)) <= set(map(mail_key, result.mails))
        assert set(map(same_phone, card.phones)) <= set(map(same_phone, result.phones))
        assert set(card.values("X-ANY", "TITLE", "ADR")) <= set(
            result.values("X-ANY", "TITLE", "ADR")
        )
        assert all(("FN", text) in told for text in card.values("FN"))
        assert card.has_photo <= result.has_photo
    assert merge_cards(
        [result, *read], datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    ).data == (merged.data)


text_matches = st.builds(
    TextMatch, texts, st.sampled_from([*COLLATIONS]), st.sampled_from(MATCH_TYPES), st.booleans()
)
prop_filters = st.builds(
    PropFilter,
    st.sampled_from(["FN", "NOTE", "X-ANY", "item1.TEL", "EMAIL", "UID"]),
    st.booleans(),
    st.lists(text_matches, max_size=2).map(tuple),
    st.just(()),
    st.sampled_from([ANY, ALL]),
)
filters = st.builds(
    Filter, st.lists(prop_filters, max_size=3).map(tuple), st.sampled_from([ANY, ALL])
)


@given(cards, filters)
def test_no_card_that_matches_lacks_the_needles(data: bytes, wanted: Filter) -> None:
    card = read_card(data)
    if matches(card, wanted):
        assert all(any(text in card.text for text in group) for group in needles(wanted))
        assert all(text in fold_search(card.uid or "") for text in uid_needles(wanted))


@given(texts, st.data())
def test_a_piece_of_a_text_finds_it(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    card = read_card(serialize_card("3.0", [Line("FN", "", {}, escape_text(text))]))
    piece = TextMatch(text[start:end], "i;octet")
    wanted = Filter((PropFilter("FN", texts=(piece,)),))
    assert matches(card, wanted)
    assert all(any(text in card.text for text in group) for group in needles(wanted))


pieces = st.sampled_from(
    [
        *(b"BEGIN:VCARD\n", b"END:VCARD\n", b"VERSION:2.1\n", b"VERSION:4.0\n", b"N:", b"BDAY:"),
        *(
            b"PHOTO;ENCODING=b:",
            b"NOTE;ENCODING=QUOTED-PRINTABLE;CHARSET=",
            b"utf-7",
            b"idna",
            b":",
        ),
        *(
            b"=\n",
            b"=C3",
            b"\n",
            b" ",
            b";",
            b",",
            b"\\",
            b"1980",
            b"--",
            b"data:,",
            b"\xff",
            b"GEO:",
        ),
    ]
)


@given(st.lists(pieces).map(b"".join))
def test_garbage_gives_the_error_or_a_card_in_both_versions(data: bytes) -> None:
    with contextlib.suppress(InvalidCard):
        card = read_card(b"BEGIN:VCARD\nVERSION:3.0\n" + data + b"\nEND:VCARD")
        for version in ("3.0", "4.0"):
            read_card(convert(card, version))
    with contextlib.suppress(InvalidCard):
        read_card(data)
