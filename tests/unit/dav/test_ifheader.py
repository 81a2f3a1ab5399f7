"""The If header."""

import pytest

from groupware.dav.conditions import Tag
from groupware.dav.errors import DavError
from groupware.dav.ifheader import MOST, Condition, State, StateList, parse_if


@pytest.mark.parametrize(
    ("text", "lists"),
    [
        ("", ()),
        ("(<urn:a>)", [("", [Condition("urn:a")])]),
        (
            '(<urn:a> ["x"])(Not <urn:b> [W/"y"])',
            [
                ("", [Condition("urn:a"), Condition(tag=Tag("x"))]),
                ("", [Condition("urn:b", is_not=True), Condition(tag=Tag("y", is_weak=True))]),
            ],
        ),
        (
            "</a> (<urn:a>) (not<urn:b>)\t<http://h/b>(<urn:c>)",
            [
                ("/a", [Condition("urn:a")]),
                ("/a", [Condition("urn:b", is_not=True)]),
                ("http://h/b", [Condition("urn:c")]),
            ],
        ),
    ],
)
def test_lists_are_read(text: str, lists: list[tuple[str, list[Condition]]]) -> None:
    expected = tuple(StateList(url, tuple(conditions)) for url, conditions in lists)
    assert parse_if(text).lists == expected


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "(",
        "()",
        "(<a>",
        "<a>",
        "<a> <b> (<c>)",
        "(<a>) <b> (<c>)",
        "(Not)",
        "(Not Not <a>)",
        "(<a>))",
        "((<a>))",
        '["x"]',
        '(["x)',
        "(<a b>)",
        "(" + "<a>" * (MOST + 1) + ")",
    ],
)
def test_what_is_no_list_is_refused(text: str) -> None:
    with pytest.raises(DavError) as refusal:
        parse_if(text)
    assert refusal.value.status == 400


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("", True),
        ("(<urn:a>)", True),
        ("(<urn:b>)", False),
        ("(<urn:b>) (<urn:a>)", True),
        ('(<urn:a> ["1"])', True),
        ('(<urn:a> ["2"])', False),
        ('(<urn:a> [W/"1"])', False),
        ('(Not ["2"])', True),
        ("(Not <DAV:no-lock>)", True),
        ("(<DAV:no-lock>)", False),
        ("</other> (<urn:a>)", False),
        ('</other> (["1"])', False),
        ('</other> (Not ["1"])', True),
    ],
)
def test_a_header_holds_when_one_of_its_lists_does(text: str, holds: bool) -> None:
    states = {"": State("1", ["urn:a"]), "/other": State(None, [])}
    assert parse_if(text).holds(states.__getitem__) is holds
