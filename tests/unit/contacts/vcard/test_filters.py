import pytest

from contacts.vcard.cards import Card, read_card
from contacts.vcard.filters import (
    ALL,
    ANY,
    Filter,
    ParamFilter,
    PropFilter,
    matches,
    needles,
    uid_needles,
)
from contacts.vcard.matching import TextMatch, needle


@pytest.fixture(scope="module")
def card() -> Card:
    return read_card(
        b"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:J\xc3\xb6rg Example\r\nNOTE:a\\, b\r\n"
        b"item1.TEL;TYPE=home,CELL:123\r\nTEL;TYPE=work:456\r\nPHOTO;ENCODING=b:AA\\,A\r\n"
        b"END:VCARD\r\n"
    )


def text(value: str, match_type: str = "contains", *, negate: bool = False) -> TextMatch:
    return TextMatch(value, match_type=match_type, is_negated=negate)


@pytest.mark.parametrize(
    ("prop", "expected"),
    [
        (PropFilter("FN"), True),
        (PropFilter("fn"), True),
        (PropFilter("EMAIL"), False),
        (PropFilter("EMAIL", is_not_defined=True), True),
        (PropFilter("FN", is_not_defined=True), False),
        (PropFilter("VERSION", texts=(text("3.0", "equals"),)), True),
        (PropFilter("FN", texts=(text("JÖRG", "starts-with"),)), True),
        (PropFilter("FN", texts=(text("jorg"),)), False),
        (PropFilter("FN", texts=(text("example", "ends-with"),)), True),
        (PropFilter("FN", texts=(text("example", "equals"),)), False),
        (PropFilter("FN", texts=(text("example", negate=True),)), False),
        (PropFilter("NOTE", texts=(text("a, b", "equals"),)), True),
        (PropFilter("PHOTO", texts=(text("\\"),)), True),
        (PropFilter("FN", texts=(text("zzz"), text("ex"))), True),
        (PropFilter("FN", texts=(text("zzz"), text("ex")), test=ALL), False),
        (PropFilter("item1.TEL", texts=(text("123"),)), True),
        (PropFilter("ITEM1.tel", texts=(text("456"),)), False),
        (PropFilter("TEL", params=(ParamFilter("type"),)), True),
        (PropFilter("TEL", params=(ParamFilter("X"),)), False),
        (PropFilter("TEL", params=(ParamFilter("X", is_not_defined=True),)), True),
        (PropFilter("TEL", params=(ParamFilter("TYPE", text=text("cell", "equals")),)), True),
        (PropFilter("TEL", params=(ParamFilter("TYPE", text=text("fax")),)), False),
        (PropFilter("TEL", params=(ParamFilter("TYPE", text=text("o", negate=True)),)), False),
        (
            PropFilter(
                "TEL",
                texts=(text("456"),),
                params=(ParamFilter("TYPE", text=text("home")),),
                test=ALL,
            ),
            False,
        ),
    ],
)
def test_a_condition_on_a_property(card: Card, prop: PropFilter, expected: bool) -> None:
    assert matches(card, Filter((prop,))) is expected


@pytest.mark.parametrize(
    ("collation", "value", "expected"),
    [
        ("i;octet", "Example", True),
        ("i;octet", "example", False),
        ("i;ascii-casemap", "EXAMPLE", True),
        ("i;ascii-casemap", "JÖRG", False),
        ("i;unicode-casemap", "JÖRG", True),
    ],
)
def test_collations_differ_in_what_is_equal(
    card: Card, collation: str, value: str, expected: bool
) -> None:
    prop = PropFilter("FN", texts=(TextMatch(value, collation),))
    assert matches(card, Filter((prop,))) is expected


def test_conditions_are_any_or_all(card: Card) -> None:
    props = (PropFilter("FN"), PropFilter("EMAIL"))
    assert matches(card, Filter(props, ANY))
    assert not matches(card, Filter(props, ALL))
    assert matches(card, Filter())


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Filter(), []),
        (Filter((PropFilter("FN", texts=(text("Ann"),)),)), [["ann"]]),
        (
            Filter((PropFilter("FN", texts=(text("a"),)), PropFilter("EMAIL", texts=(text("b"),)))),
            [["a", "b"]],
        ),
        (
            Filter(
                (PropFilter("FN", texts=(text("a"),)), PropFilter("EMAIL", texts=(text("b"),))), ALL
            ),
            [["a"], ["b"]],
        ),
        (Filter((PropFilter("FN", texts=(text("a"),)), PropFilter("X-A", texts=(text("b"),)))), []),
        (Filter((PropFilter("FN", texts=(text("a"), text("b", negate=True))),)), []),
        (Filter((PropFilter("FN", texts=(text("ab"), text("c")), test=ALL),)), [["ab"]]),
        (Filter((PropFilter("FN", texts=(text(""),)),)), []),
        (Filter((PropFilter("FN", texts=(text("a"),), params=(ParamFilter("X"),)),)), []),
        (Filter((PropFilter("FN", is_not_defined=True),)), []),
    ],
)
def test_an_index_may_take_away_cards_without_the_needles(
    wanted: Filter, expected: list[list[str]]
) -> None:
    assert needles(wanted) == expected


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Filter(), []),
        (Filter((PropFilter("uid", texts=(text("A"),)),)), ["a"]),
        (Filter((PropFilter("UID", texts=(text("a"), text("b"))),)), []),
        (Filter((PropFilter("UID", texts=(text("a"), text("b")), test=ALL),)), ["a", "b"]),
        (Filter((PropFilter("UID", texts=(text("a"),), params=(ParamFilter("X"),)),)), []),
        (Filter((PropFilter("UID", texts=(text("a", negate=True),)),)), []),
        (Filter((PropFilter("UID", is_not_defined=True),)), []),
        (Filter((PropFilter("UID", texts=(text(" "),)),)), []),
        (Filter((PropFilter("UID", texts=(text("a"),)), PropFilter("FN"))), []),
        (Filter((PropFilter("UID", texts=(text("a"),)), PropFilter("FN")), ALL), ["a"]),
        (Filter((PropFilter("FN", texts=(text("a"),)),)), []),
    ],
)
def test_an_index_may_take_away_cards_of_another_uid(wanted: Filter, expected: list[str]) -> None:
    assert uid_needles(wanted) == expected


def test_a_needle_ends_where_marks_may_move() -> None:
    assert needle("José") == "jose"
    assert needle("é") == "e"
    assert needle(" a b ") == "a b"
    assert needle("\u0301") == ""
