"""The tree of components."""

import pytest

from calendar_app.ical.components import (
    BadContentLine,
    BadStructure,
    ComponentLimits,
    parse_calendars,
    parse_component,
)
from tests.unit.calendar_app.ical.samples import calendar, component


def test_components_nest_as_they_are_written() -> None:
    alarm = component("ACTION:AUDIO", "VALARM")
    top = parse_component(calendar(component(f"UID:1\nSUMMARY:a\n{alarm}\nLOCATION:b")))
    assert top.name == "VCALENDAR"
    assert top.value("VERSION") == "2.0"
    (event,) = top.children
    assert [line.name for line in event.lines] == ["UID", "SUMMARY", "LOCATION"]
    assert [child.name for child in event.children] == ["VALARM"]
    assert event.children_named("VALARM")[0].value("ACTION") == "AUDIO"
    assert event.children_named("VEVENT") == []


def test_names_are_compared_without_regard_to_case() -> None:
    top = parse_component(b"begin:vcalendar\nBegin:vEvent\nsummary:a\nend:Vevent\nEND:VCALENDAR")
    assert top.children[0].value("SUMMARY") == "a"


def test_a_property_is_found_once_or_as_often_as_it_is_there() -> None:
    top = parse_component(calendar(component("COMMENT:a\nCOMMENT:b")))
    event = top.children[0]
    assert [line.value for line in event.all("COMMENT")] == ["a", "b"]
    first = event.first("COMMENT")
    assert first is not None
    assert first.value == "a"
    assert event.first("SUMMARY") is None
    assert event.value("SUMMARY") == ""


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VCALENDAR", "ends no component"),
        (b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VEVENT", "VCALENDAR has no END"),
        (b"END:VCALENDAR", "ends no component"),
        (b"BEGIN:VCALENDAR\nEND:VCALENDAR\nEND:VCALENDAR", "ends no component"),
        (b"SUMMARY:a\nBEGIN:VCALENDAR\nEND:VCALENDAR", "SUMMARY stands outside"),
        (b"END:", "ends no component"),
        (b"", "0 components"),
        (b"BEGIN:A\nEND:A\nBEGIN:B\nEND:B", "2 components"),
    ],
)
def test_what_does_not_nest_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(BadStructure, match=why):
        parse_component(data)


def test_a_line_that_is_none_is_refused() -> None:
    with pytest.raises(BadContentLine):
        parse_component(b"BEGIN:VCALENDAR\nnonsense\nEND:VCALENDAR")


def test_depth_lines_and_octets_are_limited() -> None:
    nested = b"BEGIN:A\n" * 4 + b"END:A\n" * 4
    assert parse_component(nested, ComponentLimits(max_depth=4)).name == "A"
    with pytest.raises(BadStructure, match="deeper than 3"):
        parse_component(nested, ComponentLimits(max_depth=3))
    assert parse_component(nested, ComponentLimits(max_lines=8)).name == "A"
    with pytest.raises(BadContentLine):
        parse_component(nested, ComponentLimits(max_lines=7))
    with pytest.raises(BadContentLine):
        parse_component(b"BEGIN:" + b"A" * 100, ComponentLimits(max_octets=99))


def test_a_file_may_hold_several_calendars() -> None:
    both = parse_calendars(calendar() + calendar())
    assert [one.name for one in both] == ["VCALENDAR", "VCALENDAR"]
