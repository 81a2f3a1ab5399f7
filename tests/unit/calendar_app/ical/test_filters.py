"""Filters of calendar-query."""

import pytest

from calendar_app.ical.filters import (
    CompFilter,
    ParamFilter,
    PropFilter,
    TextMatch,
    TimeRange,
    matches,
)
from calendar_app.ical.objects import CalendarObject, read_object
from calendar_app.ical.recurrence import Fuel, OutOfFuel
from tests.unit.calendar_app.ical.samples import calendar, component, read, utc, zone

EVENT = read(
    """DTSTART:20260105T090000Z
    DURATION:PT1H
    SUMMARY:Lunch\\, at Noon
    CATEGORIES:WORK,PLANNING
    ATTENDEE;PARTSTAT=ACCEPTED;MEMBER="mailto:a@b","mailto:c@d":mailto:ann@example.org
    ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:bob@example.org
    COMPLETED:20260201T000000Z
    BEGIN:VALARM
    ACTION:DISPLAY
    TRIGGER:-PT15M
    END:VALARM"""
)


def asks(*props: PropFilter, name: str = "VEVENT", time_range: TimeRange | None = None,
         comps: tuple[CompFilter, ...] = ()) -> CompFilter:  # fmt: skip
    inner = CompFilter(name, time_range=time_range, props=props, comps=comps)
    return CompFilter("VCALENDAR", comps=(inner,))


def between(start: str, end: str) -> TimeRange:
    return TimeRange(utc(start), utc(end))


def text(value: str, *, negated: bool = False, collation: str = "i;ascii-casemap") -> TextMatch:
    return TextMatch(value, collation, is_negated=negated)


def test_a_filter_of_nothing_but_names_asks_for_what_is_there() -> None:
    assert matches(EVENT, CompFilter("VCALENDAR"))
    assert matches(EVENT, asks())
    assert not matches(EVENT, asks(name="VTODO"))
    assert not matches(EVENT, CompFilter("VEVENT"))
    assert matches(EVENT, CompFilter("VEVENT", is_not_defined=True))
    assert not matches(EVENT, CompFilter("VCALENDAR", is_not_defined=True))


def test_a_component_may_be_asked_not_to_be_there() -> None:
    absent = CompFilter("VALARM", is_not_defined=True)
    assert not matches(EVENT, asks(comps=(absent,)))
    assert matches(read("DTSTART:20260105T090000Z"), asks(comps=(absent,)))
    without = CompFilter("VCALENDAR", comps=(CompFilter("VTODO", is_not_defined=True),))
    assert matches(EVENT, without)


@pytest.mark.parametrize(
    ("prop", "expected"),
    [
        (PropFilter("SUMMARY"), True),
        (PropFilter("LOCATION"), False),
        (PropFilter("SUMMARY", is_not_defined=True), False),
        (PropFilter("LOCATION", is_not_defined=True), True),
        (PropFilter("SUMMARY", text_match=text("LUNCH, AT")), True),
        (PropFilter("SUMMARY", text_match=text("LUNCH, AT", collation="i;octet")), False),
        (PropFilter("SUMMARY", text_match=text("Lunch, at", collation="i;octet")), True),
        (PropFilter("SUMMARY", text_match=text("dinner")), False),
        (PropFilter("SUMMARY", text_match=text("dinner", negated=True)), True),
        (PropFilter("LOCATION", text_match=text("dinner", negated=True)), False),
        (PropFilter("CATEGORIES", text_match=text("plan")), True),
        (PropFilter("ATTENDEE", text_match=text("bob@")), True),
        (PropFilter("ATTENDEE", params=(ParamFilter("PARTSTAT"),)), True),
        (PropFilter("ATTENDEE", params=(ParamFilter("ROLE"),)), False),
        (PropFilter("ATTENDEE", params=(ParamFilter("ROLE", is_not_defined=True),)), True),
        (PropFilter("ATTENDEE", params=(ParamFilter("PARTSTAT", is_not_defined=True),)), False),
        (PropFilter("ATTENDEE", params=(ParamFilter("MEMBER", text_match=text("c@d")),)), True),
        (
            PropFilter("ATTENDEE", text_match=text("bob@"),
                       params=(ParamFilter("PARTSTAT", text_match=text("needs-action")),)),
            True,
        ),
        (
            PropFilter("ATTENDEE", text_match=text("bob@"),
                       params=(ParamFilter("PARTSTAT", text_match=text("accepted")),)),
            False,
        ),
        (PropFilter("COMPLETED", time_range=between("20260201T000000", "20260202T000000")), True),
        (PropFilter("COMPLETED", time_range=between("20260201T000001", "20260202T000000")), False),
        (PropFilter("COMPLETED", time_range=between("20260101T000000", "20260201T000000")), False),
        (PropFilter("SUMMARY", time_range=TimeRange()), False),
    ],
)  # fmt: skip
def test_properties_are_compared(prop: PropFilter, expected: bool) -> None:
    assert matches(EVENT, asks(prop)) is expected


def test_properties_of_the_calendar_are_compared_too() -> None:
    assert matches(
        EVENT, CompFilter("VCALENDAR", props=(PropFilter("VERSION", text_match=text("2.0")),))
    )
    assert not matches(EVENT, CompFilter("VCALENDAR", props=(PropFilter("METHOD"),)))


def test_a_property_that_is_a_local_time_is_read_in_the_zone_of_the_query() -> None:
    obj = read("DTSTART;VALUE=DATE:20260105")
    asked = asks(PropFilter("DTSTART", time_range=between("20260105T233000", "20260105T234500")))
    assert matches(obj, asked)
    assert not matches(obj, asked, zone=zone("Europe/Paris"))


def test_a_property_in_a_zone_that_is_unknown_is_at_no_time() -> None:
    obj = read("DTSTART:20260105T090000Z\nX-AT;TZID=Nowhere:20260105T090000")
    assert not matches(obj, asks(PropFilter("X-AT", time_range=TimeRange())))


WEEKLY = read(
    "DTSTART:20260105T090000Z\nDURATION:PT1H\nRRULE:FREQ=WEEKLY\nSUMMARY:usual",
    "RECURRENCE-ID:20260119T090000Z\nDTSTART:20260120T090000Z\nDURATION:PT1H\nSUMMARY:moved",
)


@pytest.mark.parametrize(
    ("start", "end", "summary", "expected"),
    [
        ("20260112T093000", "20260112T094500", "usual", True),
        ("20260112T093000", "20260112T094500", "moved", False),
        ("20260119T093000", "20260119T094500", "usual", False),
        ("20260120T093000", "20260120T094500", "usual", False),
        ("20260120T093000", "20260120T094500", "moved", True),
        ("20560103T093000", "20560103T094500", "usual", True),
    ],
)
def test_time_and_properties_are_those_of_one_component(
    start: str, end: str, summary: str, expected: bool
) -> None:
    asked = asks(PropFilter("SUMMARY", text_match=text(summary)), time_range=between(start, end))
    assert matches(WEEKLY, asked) is expected


def test_a_range_may_be_open() -> None:
    assert matches(
        WEEKLY, asks(time_range=TimeRange(start=utc("99990101T000000"))), fuel=Fuel(2_000)
    )
    assert matches(WEEKLY, asks(time_range=TimeRange(end=utc("20260105T090001"))))
    assert not matches(WEEKLY, asks(time_range=TimeRange(end=utc("20260105T090000"))))
    assert not matches(EVENT, asks(time_range=TimeRange(start=utc("20260105T100000"))))


def test_a_filter_that_costs_too_much_says_so() -> None:
    dense = read("DTSTART:20260105T090000Z\nRRULE:FREQ=SECONDLY;COUNT=900000")
    with pytest.raises(OutOfFuel):
        matches(
            dense, asks(time_range=between("20260110T000000", "20260111T000000")), fuel=Fuel(1_000)
        )


@pytest.mark.parametrize(
    "lines",
    [
        "\n".join(f"COMMENT:{number}" for number in range(8_000)),
        "COMMENT:" + "x" * 256_000,
    ],
)
def test_what_is_compared_again_and_again_costs(lines: str) -> None:
    large = read(f"DTSTART:20260105T090000Z\n{lines}")
    once = PropFilter("COMMENT", text_match=text("nothing", negated=True))
    assert matches(large, asks(once), fuel=Fuel(1_200))
    with pytest.raises(OutOfFuel):
        matches(large, asks(*[once] * 3), fuel=Fuel(2_500))


def test_what_usual_objects_hold_costs_nothing() -> None:
    props = [PropFilter(name, text_match=text("")) for name in ("SUMMARY", "ATTENDEE")]
    assert matches(EVENT, asks(*props * 100), fuel=Fuel(0))


# Alarms.


def alarmed(
    alarm: str, event: str = "DTSTART:20260105T090000Z\nDTEND:20260105T100000Z"
) -> CalendarObject:
    return read_object(calendar(component(f"{event}\n{component(alarm, 'VALARM')}")))


def rings(obj: CalendarObject, at: str) -> bool:
    """Tell whether an alarm goes off in the second."""
    start = utc(at)
    alarm = CompFilter("VALARM", time_range=TimeRange(start, start + 1))
    return matches(obj, asks(comps=(alarm,)))


@pytest.mark.parametrize(
    ("alarm", "at"),
    [
        ("TRIGGER:-PT15M", "20260105T084500"),
        ("TRIGGER;RELATED=START:PT0S", "20260105T090000"),
        ("TRIGGER;RELATED=END:-PT5M", "20260105T095500"),
        ("TRIGGER;RELATED=END:P1D", "20260106T100000"),
        ("TRIGGER;VALUE=DATE-TIME:20260101T120000Z", "20260101T120000"),
        ("TRIGGER:20260101T120000Z", "20260101T120000"),
        ("TRIGGER:-PT15M\nREPEAT:2\nDURATION:PT5M", "20260105T084500"),
        ("TRIGGER:-PT15M\nREPEAT:2\nDURATION:PT5M", "20260105T085500"),
    ],
)
def test_an_alarm_goes_off_at_its_time(alarm: str, at: str) -> None:
    obj = alarmed(alarm)
    assert rings(obj, at)
    assert not rings(obj, f"{at[:-1]}1")
    assert not rings(obj, "20260105T093000")


def test_repeats_end() -> None:
    assert not rings(alarmed("TRIGGER:-PT15M\nREPEAT:2\nDURATION:PT5M"), "20260105T090000")


@pytest.mark.parametrize(
    "alarm",
    ["ACTION:AUDIO", "TRIGGER:soon", "TRIGGER:-PT15M\nREPEAT:2\nDURATION:often", "TRIGGER:2026"],
)
def test_an_alarm_that_cannot_be_read_never_goes_off(alarm: str) -> None:
    obj = alarmed(alarm)
    asked = asks(comps=(CompFilter("VALARM", time_range=TimeRange()),))
    assert not matches(obj, asked)


def test_an_alarm_goes_off_for_each_instance_in_the_zone_of_the_query() -> None:
    daily = alarmed("TRIGGER:-PT15M", "DTSTART:20260105T090000\nRRULE:FREQ=DAILY")
    assert rings(daily, "20290105T084500")
    start = utc("20290105T074500")
    asked = asks(comps=(CompFilter("VALARM", time_range=TimeRange(start, start + 1)),))
    assert matches(daily, asked, zone=zone("Europe/Paris"))
    assert not matches(daily, asked)


def test_a_task_without_times_has_no_alarm() -> None:
    alarm = component("TRIGGER:-PT15M", "VALARM")
    obj = read(f"SUMMARY:a\n{alarm}", name="VTODO")
    asked = asks(name="VTODO", comps=(CompFilter("VALARM", time_range=TimeRange()),))
    assert not matches(obj, asked)
