"""Laws of calendar objects: reading, expansion, the index, zones, free/busy."""

import contextlib
from datetime import datetime
from itertools import pairwise

from dateutil import rrule as dateutil_rules
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calendar_app.ical.components import (
    BadContentLine,
    BadStructure,
    Component,
    parse_calendars,
    parse_component,
)
from calendar_app.ical.filters import CompFilter, TimeRange, matches
from calendar_app.ical.freebusy import Period, merge_periods
from calendar_app.ical.indexing import index_object, row_overlaps
from calendar_app.ical.iteration import Fuel, OutOfFuel, iterate_rule
from calendar_app.ical.objects import CalendarObject, InvalidObject, read_object
from calendar_app.ical.partial import DataRequest, select_data
from calendar_app.ical.privacy import veil
from calendar_app.ical.recurrence import expand
from calendar_app.ical.rules import parse_rule
from calendar_app.ical.serialize import serialize_component
from calendar_app.ical.values import (
    DAY,
    BadValue,
    serialize_date,
    serialize_local,
    to_datetime,
    to_seconds,
)
from calendar_app.ical.zones import Zone
from tests.unit.calendar_app.ical.samples import calendar, component, utc, zone

ZONES = ("Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "UTC")
START, END = utc("20200101T000000"), utc("20300101T000000")
DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")

moments = st.integers(START, END)
zones = st.sampled_from(ZONES).map(zone)


def lists(strategy: st.SearchStrategy[str], most: int = 3) -> st.SearchStrategy[str]:
    return st.lists(strategy, min_size=1, max_size=most, unique=True).map(",".join)


def numbers(lowest: int, highest: int, *, negative: bool = False) -> st.SearchStrategy[str]:
    found = st.integers(lowest, highest)
    return lists((found | found.map(lambda number: -number) if negative else found).map(str))


@st.composite
def rules(draw: st.DrawFn) -> str:
    """Draw a rule that dateutil reads as RFC 5545 does."""
    freq = draw(st.sampled_from(("YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY")))
    parts = [f"FREQ={freq}", f"INTERVAL={draw(st.integers(1, 4))}"]
    if draw(st.booleans()):
        parts.append(f"BYMONTH={draw(numbers(1, 12))}")
    if freq != "WEEKLY" and draw(st.integers(0, 3)) == 0:
        parts.append(f"BYMONTHDAY={draw(numbers(1, 31, negative=True))}")
    if draw(st.booleans()):
        days = st.sampled_from(DAYS)
        if freq in {"YEARLY", "MONTHLY"} and draw(st.booleans()):
            counted = st.tuples(st.sampled_from(("1", "2", "-1", "5")), days).map("".join)
            parts.append(f"BYDAY={draw(lists(counted))}")
        else:
            parts.append(f"BYDAY={draw(lists(days))}")
    if freq == "YEARLY" and draw(st.integers(0, 5)) == 0:
        parts.append(f"BYYEARDAY={draw(numbers(1, 366, negative=True))}")
    if draw(st.integers(0, 3)) == 0:
        parts.append(f"BYHOUR={draw(numbers(0, 23))}")
    if draw(st.integers(0, 3)) == 0:
        parts.append(f"WKST={draw(st.sampled_from(DAYS))}")
    if draw(st.booleans()):
        parts.append(f"COUNT={draw(st.integers(1, 30))}")
    return ";".join(parts)


@given(text=rules(), start=moments)
def test_a_rule_has_the_instances_that_dateutil_finds(text: str, start: int) -> None:
    begin, end = to_datetime(start), to_datetime(start + 4 * 365 * DAY)
    known: list[datetime] = []
    try:
        for moment in dateutil_rules.rrulestr(text, dtstart=begin):
            if moment >= end or len(known) >= 200:
                break
            known.append(moment)
    except ValueError:  # hours that the interval never meets
        known = []
    expected = [to_seconds(moment) for moment in known if moment > begin]
    # DTSTART is the first of COUNT; dateutil counts it where it fits the rule alone.
    rule = parse_rule(text)
    if rule.count is not None and (not known or known[0] != begin):
        expected = expected[: rule.count - 1]
    found = list(iterate_rule(rule, start, start, start + 4 * 365 * DAY, Fuel(3_000_000)))
    assert found[: len(expected)] == expected
    if len(known) < 200:
        assert len(found) == len(expected)


@given(text=rules(), start=moments, after=st.integers(0, 3 * 365 * DAY))
def test_the_window_changes_nothing_but_where_a_rule_begins(
    text: str, start: int, after: int
) -> None:
    rule = parse_rule(text)
    end = start + after + 200 * DAY
    whole = list(iterate_rule(rule, start, start, end, Fuel(3_000_000)))
    near = list(iterate_rule(rule, start, start + after, end, Fuel(3_000_000)))
    assert [one for one in near if one >= start + after] == [
        one for one in whole if one >= start + after
    ]


# Objects.


@st.composite
def events(draw: st.DrawFn) -> list[str]:
    """Draw the components of a series: zoned, floating or of days."""
    start = draw(moments) // 60 * 60
    kind = draw(st.sampled_from("zufd"))
    name = draw(st.sampled_from(ZONES))

    def at(prop: str, seconds: int) -> str:
        if kind == "d":
            return f"{prop};VALUE=DATE:{serialize_date(seconds)}"
        zoned = f";TZID={name}" if kind == "z" else ""
        return f"{prop}{zoned}:{serialize_local(seconds)}{'Z' if kind == 'u' else ''}"

    def length() -> str:
        days = draw(st.integers(0, 3))
        return (
            f"DURATION:P{days}D"
            if kind == "d"
            else f"DURATION:P{days}DT{draw(st.integers(0, 30))}H"
        )

    master = [at("DTSTART", start), length(), f"RRULE:{draw(rules())}"]
    master += [
        at("EXDATE", start + DAY * draw(st.integers(0, 40))) for _ in range(draw(st.integers(0, 2)))
    ]
    master += [
        at("RDATE", start + DAY * draw(st.integers(0, 40))) for _ in range(draw(st.integers(0, 2)))
    ]
    found = ["\n".join(master)]
    for number in draw(st.sets(st.integers(0, 40), max_size=2)):
        own = at("RECURRENCE-ID", start + DAY * number)
        if draw(st.booleans()):
            own = own.replace("RECURRENCE-ID", "RECURRENCE-ID;RANGE=THISANDFUTURE")
        found.append(
            "\n".join(
                [own, at("DTSTART", start + DAY * (number + draw(st.integers(-3, 3)))), length()]
            )
        )
    return found


objects = events().map(lambda texts: read_object(calendar(*map(component, texts))))
offsets = st.integers(-10 * DAY, 200 * DAY)
"""Where a range begins, from DTSTART of the series."""


def begin(obj: CalendarObject, offset: int) -> int:
    assert obj.first.start is not None
    return obj.first.start.local + offset


few = settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])


@few
@given(obj=objects, offset=offsets, length=st.integers(1, 60 * DAY), where=zones)
def test_the_index_finds_what_an_expansion_finds(
    obj: CalendarObject, offset: int, length: int, where: Zone
) -> None:
    start = begin(obj, offset)
    end = start + length
    index = index_object(obj, end, max_instances=200_000, fuel=Fuel(20_000_000))
    rows = {
        (row.recurrence_id, row.start, row.end)
        for row in index.rows
        if row_overlaps(row, start, end, where)
    }
    found = expand(obj, start, end, zone=where, fuel=Fuel(20_000_000))
    assert rows == {(one.recurrence_id, one.low, one.high) for one in found}
    assert len(rows) == len(found)
    asked = CompFilter("VCALENDAR", comps=(CompFilter("VEVENT", time_range=TimeRange(start, end)),))
    assert matches(obj, asked, zone=where, fuel=Fuel(20_000_000)) is bool(found)


@few
@given(obj=objects, offset=offsets, length=st.integers(1, 60 * DAY), cut=st.integers(0, 60 * DAY))
def test_a_range_finds_what_its_halves_find(
    obj: CalendarObject, offset: int, length: int, cut: int
) -> None:
    start = begin(obj, offset)
    end, middle = start + length, start + min(cut, length)

    def found(low: int, high: int) -> set[tuple[str, int]]:
        return {
            (one.recurrence_id, one.low) for one in expand(obj, low, high, fuel=Fuel(20_000_000))
        }

    assert found(start, end) == found(start, middle) | found(middle, end)


@few
@given(obj=objects, offset=offsets)
def test_what_is_expanded_says_the_same_when_it_is_read(obj: CalendarObject, offset: int) -> None:
    start = begin(obj, offset)
    end = start + 30 * DAY
    found = expand(obj, start, end, fuel=Fuel(20_000_000))
    data = select_data(obj, DataRequest(expand=TimeRange(start, end)), fuel=Fuel(20_000_000))
    if not found:
        return
    again = read_object(data)
    assert again.master is None
    seen = expand(again, start, end)
    assert [(one.kind, one.start, one.end) for one in seen] == [
        (one.kind, one.start, one.end) for one in found
    ]


@few
@given(obj=objects, offset=offsets)
def test_a_veil_changes_no_time(obj: CalendarObject, offset: int) -> None:
    start = begin(obj, offset)
    end = start + 30 * DAY
    veiled = read_object(veil(obj))
    times = [
        [
            (one.recurrence_id, one.start, one.end)
            for one in expand(each, start, end, fuel=Fuel(20_000_000))
        ]
        for each in (obj, veiled)
    ]
    assert times[0] == times[1]


# Octets.

_words = st.sampled_from(
    [
        *(b"BEGIN:VCALENDAR\n", b"END:VCALENDAR\n", b"BEGIN:VEVENT\n", b"END:VEVENT\n", b"UID:1\n"),
        *(
            b"BEGIN:VTIMEZONE\n",
            b"END:VTIMEZONE\n",
            b"TZID:A\n",
            b"DTSTART;TZID=A:20260105T090000\n",
        ),
        *(b"DTSTART:20260105T090000Z\n", b"DTSTART;VALUE=DATE:20260105\n", b"DURATION:P1D\n"),
        *(b"RRULE:FREQ=DAILY;COUNT=3\n", b"RRULE:FREQ=YEARLY;BYDAY=1MO\n", b"EXDATE:20260105\n"),
        *(b"RDATE;VALUE=PERIOD:20260105T090000Z/PT1H\n", b"RECURRENCE-ID:20260106T090000Z\n"),
        *(b"BEGIN:STANDARD\n", b"END:STANDARD\n", b"TZOFFSETFROM:+0100\n", b"TZOFFSETTO:+0200\n"),
        *(
            b"DTEND:99991231T235959Z\n",
            b"DUE:20260105\n",
            b"VERSION:2.0\n",
            b"SUMMARY:\\,\n",
            b"\n",
        ),
    ]
)


@settings(max_examples=300)
@given(
    data=st.binary(max_size=200)
    | st.lists(_words | st.binary(max_size=5), max_size=30).map(b"".join)
    | st.lists(_words, max_size=20).map(
        lambda words: (
            b"BEGIN:VCALENDAR\nBEGIN:VEVENT\n" + b"".join(words) + b"END:VEVENT\nEND:VCALENDAR"
        )
    )
)
def test_garbage_is_an_object_or_refused(data: bytes) -> None:
    with contextlib.suppress(InvalidObject):
        index_object(read_object(data), END)


@given(text=st.text(alphabet="FREQ=YLMONTHBD;,0123456789-+SUW ", max_size=60))
def test_a_rule_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(BadValue, OutOfFuel):
        rule = parse_rule(f"FREQ=DAILY;{text}")
        list(iterate_rule(rule, START, START, START + 400 * DAY, Fuel(5_000)))


@given(obj=objects)
def test_what_is_written_reads_as_what_it_was(obj: CalendarObject) -> None:
    written = serialize_component(obj.calendar)
    assert _shape(parse_component(written)) == _shape(obj.calendar)
    assert serialize_component(parse_component(written)) == written


@given(data=st.lists(_words | st.binary(max_size=5), max_size=30).map(b"".join))
def test_whatever_is_read_can_be_written(data: bytes) -> None:
    try:
        calendars = parse_calendars(data)
    except (BadContentLine, BadStructure):
        return
    for one in calendars:
        assert _shape(parse_component(serialize_component(one))) == _shape(one)


def _shape(found: Component) -> object:
    lines = [(line.name, line.group, dict(line.params), line.value) for line in found.lines]
    return found.name, lines, [_shape(child) for child in found.children]


# Zones and free/busy.


@given(where=zones, moment=moments)
def test_local_time_leads_back_but_for_the_second_reading_of_an_hour(
    where: Zone, moment: int
) -> None:
    local = where.to_local(moment)
    first = where.to_utc(local)
    assert where.to_local(first) == local
    assert first <= moment <= first + 7_200


@given(
    st.lists(
        st.builds(
            Period, st.integers(-5, 30), st.integers(-5, 30), st.sampled_from(["B", "T", "U", ""])
        ),
        max_size=8,
    )
)
def test_merged_periods_say_of_each_second_what_the_busiest_says(periods: list[Period]) -> None:
    found = merge_periods(periods, 0, 25)
    for second in range(-5, 30):
        here = {one.busy for one in periods if one.start <= second < one.end}
        strongest = next((busy for busy in "BUT" if busy in here), "") if 0 <= second < 25 else ""
        assert [one.busy for one in found if one.start <= second < one.end] == (
            [strongest] if strongest else []
        )
    for one, other in pairwise(found):
        assert one.end < other.start or (one.end == other.start and one.busy != other.busy)
