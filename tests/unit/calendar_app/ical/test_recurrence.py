"""Instances of objects: everything that the clock, the calendar and RFC 5545 §3.8.5 do to them.

What overrides do is `test_overrides`'s, which ranges find an object `test_time_ranges`'s.
"""

import pytest

from calendar_app.ical.objects import read_object
from calendar_app.ical.recurrence import OutOfFuel
from tests.unit.calendar_app.ical.samples import (
    calendar,
    component,
    found,
    paris,
    read,
    spans,
    starts,
    zone,
)
from tests.unit.calendar_app.ical.test_rulezones import OURS

PARIS = zone("Europe/Paris")
NEW_YORK = zone("America/New_York")


def test_a_weekly_event_keeps_its_local_time_across_a_change_of_the_clock() -> None:
    obj = paris("DTSTART{Paris}:20260320T090000\nRRULE:FREQ=WEEKLY;COUNT=4")
    assert starts(obj, "20260101T000000", "20270101T000000") == [
        "20260320T0800Z", "20260327T0800Z", "20260403T0700Z", "20260410T0700Z",
    ]  # fmt: skip


def test_an_instance_in_the_gap_of_spring_takes_place_an_hour_later() -> None:
    obj = paris("DTSTART{Paris}:20260328T023000\nDURATION:PT30M\nRRULE:FREQ=DAILY;COUNT=3")
    assert starts(obj, "20260101T000000", "20270101T000000") == [
        "20260328T0130Z", "20260329T0130Z", "20260330T0030Z",
    ]  # fmt: skip


def test_an_instance_in_the_overlap_of_autumn_takes_place_once_the_first_time() -> None:
    obj = paris("DTSTART{Paris}:20261024T023000\nRRULE:FREQ=DAILY;COUNT=3")
    assert starts(obj, "20260101T000000", "20270101T000000") == [
        "20261024T0030Z", "20261025T0030Z", "20261026T0130Z",
    ]  # fmt: skip


def test_hours_in_the_gap_are_not_there_twice() -> None:
    obj = paris("DTSTART{Paris}:20260329T003000\nRRULE:FREQ=HOURLY;COUNT=5")
    assert starts(obj, "20260101T000000", "20270101T000000") == [
        "20260328T2330Z", "20260329T0030Z", "20260329T0130Z", "20260329T0230Z",
    ]  # fmt: skip


def test_a_length_by_dtend_is_exact_and_one_by_duration_is_nominal() -> None:
    by_end = paris(
        "DTSTART{Paris}:20260327T120000\nDTEND{Paris}:20260328T120000\nRRULE:FREQ=DAILY;COUNT=2"
    )
    nominal = paris("DTSTART{Paris}:20260327T120000\nDURATION:P1D\nRRULE:FREQ=DAILY;COUNT=2")
    exact = paris("DTSTART{Paris}:20260327T120000\nDURATION:PT24H\nRRULE:FREQ=DAILY;COUNT=2")
    window = ("20260328T120000", "20260330T000000")
    assert spans(by_end, *window) == ["20260328T1100Z-20260329T1100Z"]
    assert spans(nominal, *window) == ["20260328T1100Z-20260329T1000Z"]
    assert spans(exact, *window) == ["20260328T1100Z-20260329T1100Z"]


def test_an_event_may_end_in_another_zone() -> None:
    flight = paris("DTSTART{Paris}:20260701T100000\nDTEND;TZID=America/New_York:20260701T120000")
    assert spans(flight, "20260701T000000", "20260702T000000") == ["20260701T0800Z-20260701T1600Z"]


def test_floating_times_are_read_in_the_zone_of_the_query() -> None:
    obj = read("DTSTART:20260701T090000\nDTEND:20260701T100000")
    assert starts(obj, "20260701T070000", "20260701T080000", query=PARIS) == ["20260701T0900"]
    assert starts(obj, "20260701T080000", "20260701T090000", query=PARIS) == []
    assert starts(obj, "20260701T130000", "20260701T140000", query=NEW_YORK) == ["20260701T0900"]
    assert starts(obj, "20260701T090000", "20260701T093000") == ["20260701T0900"]


def test_a_day_is_the_day_of_the_zone_of_the_query() -> None:
    obj = read("DTSTART;VALUE=DATE:20260701")
    assert starts(obj, "20260630T220000", "20260630T230000", query=PARIS) == ["20260701"]
    assert starts(obj, "20260701T220000", "20260701T230000", query=PARIS) == []
    assert starts(obj, "20260702T030000", "20260702T040000", query=NEW_YORK) == ["20260701"]
    assert starts(obj, "20260701T000000", "20260702T000000") == ["20260701"]
    assert starts(obj, "20260702T000000", "20260703T000000") == []


@pytest.mark.parametrize("end", ["DTEND;VALUE=DATE:20260703", "DURATION:P2D"])
def test_days_end_before_their_dtend(end: str) -> None:
    obj = read(f"DTSTART;VALUE=DATE:20260701\n{end}\nRRULE:FREQ=YEARLY")
    assert spans(obj, "20270702T000000", "20270704T000000") == ["20270701-20270703"]
    assert spans(obj, "20270703T000000", "20270704T000000") == []


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        ("DTEND;VALUE=DATE:20260701", "20260702"),
        ("DURATION:P0D", "20260702"),
        ("DURATION:PT0S", "20260702"),
        ("DURATION:PT1H", "20260702"),
        ("DURATION:PT25H", "20260703"),
    ],
)
def test_a_date_lasts_whole_days_and_its_own_at_least(end: str, expected: str) -> None:
    obj = read(f"DTSTART;VALUE=DATE:20260701\n{end}")
    assert spans(obj, "20260701T120000", "20260701T130000") == [f"20260701-{expected}"]


def test_an_endless_rule_is_found_in_any_year() -> None:
    obj = paris("DTSTART{Paris}:19700101T090000\nRRULE:FREQ=DAILY")
    for year in (1970, 2026, 5000, 9999):
        window = (f"{year}0701T000000", f"{year}0702T000000")
        assert starts(obj, *window, fuel=200) == [f"{year}0701T0{7 if year > 1975 else 8}00Z"]


def test_the_year_9999_is_a_year() -> None:
    obj = read("DTSTART;VALUE=DATE:99991230\nRRULE:FREQ=DAILY")
    assert spans(obj, "99991230T000000", "99991231T235959") == [
        "99991230-99991231", "99991231-99991231",
    ]  # fmt: skip
    late = read("DTSTART:99991231T235959Z\nDURATION:P7D")
    assert starts(late, "99991231T000000", "99991231T235959") == []
    assert len(found(late, "99991231T235959", "99991231T235959")) == 0
    assert found(
        read("DTSTART:99991231T235958Z\nDURATION:P7D"), "99991231T000000", "99991231T235959"
    )


def test_a_leap_day_comes_in_leap_years() -> None:
    obj = read("DTSTART;VALUE=DATE:20240229\nRRULE:FREQ=YEARLY")
    assert starts(obj, "20240101T000000", "20330101T000000") == ["20240229", "20280229", "20320229"]


def test_positions_are_those_of_the_set() -> None:
    obj = paris(
        "DTSTART{Paris}:20260130T170000\nRRULE:FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1"
    )
    assert starts(obj, "20260101T000000", "20260501T000000") == [
        "20260130T1600Z", "20260227T1600Z", "20260331T1500Z", "20260430T1500Z",
    ]  # fmt: skip


def test_what_is_excluded_was_counted() -> None:
    obj = paris(
        """DTSTART{Paris}:20260105T090000
        RRULE:FREQ=DAILY;COUNT=5
        EXDATE{Paris}:20260105T090000,20260107T090000
        EXDATE:20260108T080000Z"""
    )
    assert starts(obj, "20260101T000000", "20260201T000000") == ["20260106T0800Z", "20260109T0800Z"]


@pytest.mark.parametrize(
    "exdate",
    [
        "EXDATE;TZID=America/New_York:20260106T030000",
        "EXDATE:20260106T080000Z",
        "EXDATE:20260106T090000",
        "EXDATE;VALUE=DATE:20260106",
        "EXDATE;VALUE=DATE:20260106,20270101",
    ],
)
def test_an_exception_is_known_however_its_time_is_written(exdate: str) -> None:
    obj = paris(f"DTSTART{{Paris}}:20260105T090000\nRRULE:FREQ=DAILY;COUNT=3\n{exdate}")
    assert starts(obj, "20260101T000000", "20260201T000000") == ["20260105T0800Z", "20260107T0800Z"]


def test_a_day_is_excluded_by_a_time_on_it() -> None:
    obj = read("DTSTART;VALUE=DATE:20260105\nRRULE:FREQ=DAILY;COUNT=3\nEXDATE:20260106T000000Z")
    assert starts(obj, "20260101T000000", "20260201T000000") == ["20260105", "20260107"]


def test_dates_are_added_to_the_rule_and_none_twice() -> None:
    obj = paris(
        """DTSTART{Paris}:20260105T090000
        RRULE:FREQ=DAILY;COUNT=2
        RDATE{Paris}:20260106T090000,20260110T150000
        RDATE:20260112T080000Z
        RDATE;VALUE=DATE:20260114"""
    )
    assert starts(obj, "20260101T000000", "20260201T000000") == [
        "20260105T0800Z", "20260106T0800Z", "20260110T1400Z", "20260112T0800Z", "20260113T2300Z",
    ]  # fmt: skip


def test_an_added_period_has_a_length_of_its_own() -> None:
    obj = read(
        """DTSTART:20260105T090000Z
        DTEND:20260105T100000Z
        RDATE;VALUE=PERIOD:20260110T090000Z/PT5H,20260112T090000Z/20260112T093000Z
        RDATE:20260114T090000Z"""
    )
    assert spans(obj, "20260101T000000", "20260201T000000") == [
        "20260105T0900Z-20260105T1000Z",
        "20260110T0900Z-20260110T1400Z",
        "20260112T0900Z-20260112T0930Z",
        "20260114T0900Z-20260114T1000Z",
    ]
    assert starts(obj, "20260110T130000", "20260110T133000") == ["20260110T0900Z"]


def test_added_dates_may_be_excluded() -> None:
    obj = read(
        "DTSTART:20260105T090000Z\nRDATE:20260110T090000Z\nEXDATE:20260110T090000Z,20260105T090000Z"
    )
    assert starts(obj, "20260101T000000", "20260201T000000") == []


def test_several_rules_make_one_set_and_exrule_takes_from_it() -> None:
    obj = read(
        """DTSTART;VALUE=DATE:20260105
        RRULE:FREQ=WEEKLY;COUNT=3
        RRULE:FREQ=DAILY;COUNT=9
        EXRULE:FREQ=DAILY;INTERVAL=2;COUNT=4"""
    )
    assert starts(obj, "20260101T000000", "20260201T000000") == [
        "20260106", "20260108", "20260110", "20260112", "20260113", "20260119",
    ]  # fmt: skip


def test_the_first_instance_is_dtstart_whether_the_rule_has_it_or_not() -> None:
    obj = read("DTSTART;VALUE=DATE:20260106\nRRULE:FREQ=WEEKLY;BYDAY=MO;COUNT=3")
    assert starts(obj, "20260101T000000", "20260201T000000") == ["20260106", "20260112", "20260119"]


@pytest.mark.parametrize(
    ("until", "expected"),
    [
        ("20260107T080000Z", 3),
        ("20260107T075959Z", 2),
        ("20260107T090000", 3),
        ("20260107T085959", 2),
        ("20260107", 3),
        ("20260106", 2),
    ],
)
def test_until_is_the_last_time_that_may_be(until: str, expected: int) -> None:
    obj = paris(f"DTSTART{{Paris}}:20260105T090000\nRRULE:FREQ=DAILY;UNTIL={until}")
    assert len(starts(obj, "20260101T000000", "20260201T000000")) == expected


@pytest.mark.parametrize(
    ("until", "expected"), [("20260107", 3), ("20260107T000000Z", 3), ("20260106T235959Z", 2)]
)
def test_until_of_days_is_a_day(until: str, expected: int) -> None:
    obj = read(f"DTSTART;VALUE=DATE:20260105\nRRULE:FREQ=DAILY;UNTIL={until}")
    assert len(starts(obj, "20260101T000000", "20260201T000000")) == expected


def test_until_tells_the_two_readings_of_autumn_apart() -> None:
    text = "DTSTART{Paris}:20261024T023000\nRRULE:FREQ=DAILY;UNTIL="
    assert len(starts(paris(f"{text}20261025T001500Z"), "20261001T000000", "20270101T000000")) == 1
    assert len(starts(paris(f"{text}20261025T011500Z"), "20261001T000000", "20270101T000000")) == 2


def test_both_until_and_count_end_a_rule() -> None:
    obj = read("DTSTART;VALUE=DATE:20260105\nRRULE:FREQ=DAILY;UNTIL=20260107;COUNT=10")
    assert len(starts(obj, "20260101T000000", "20260201T000000")) == 3


@pytest.mark.parametrize("rule", ["FREQ=DAILY;BYHOUR=9,10;BYMINUTE=30;BYSECOND=1", "FREQ=HOURLY"])
def test_times_of_the_day_do_not_count_in_a_rule_of_days(rule: str) -> None:
    obj = read(f"DTSTART;VALUE=DATE:20260105\nRRULE:{rule}")
    assert starts(obj, "20260105T000000", "20260107T000000") == ["20260105", "20260106"]


@pytest.mark.parametrize(
    "rule", ["FREQ=SECONDLY", "FREQ=MINUTELY;BYMONTH=2;BYMONTHDAY=30", "FREQ=DAILY;COUNT=999999"]
)
def test_an_expansion_ends_when_its_fuel_does(rule: str) -> None:
    obj = read(f"DTSTART:20260105T090000Z\nRRULE:{rule}")
    with pytest.raises(OutOfFuel):
        starts(obj, "20260101T000000", "99990101T000000", fuel=20_000)


def test_many_overrides_and_dates_cost_fuel_too() -> None:
    obj = read(
        "DTSTART:20260105T090000Z\nRDATE:"
        + ",".join(f"2027{n // 28 % 12 + 1:02}{n % 28 + 1:02}T0{n % 9}0000Z" for n in range(300))
    )
    assert len(starts(obj, "20260101T000000", "20280101T000000", fuel=400)) == 301
    with pytest.raises(OutOfFuel):
        starts(obj, "20260101T000000", "20280101T000000", fuel=100)


def test_an_event_in_a_zone_of_its_own_follows_its_vtimezone() -> None:
    event = component("DTSTART;TZID=Ours:20260327T090000\nRRULE:FREQ=DAILY;COUNT=3")
    assert starts(read_object(calendar(OURS, event)), "20260101T000000", "20270101T000000") == [
        "20260327T0800Z", "20260328T0800Z", "20260329T0700Z",
    ]  # fmt: skip


def test_an_outdated_vtimezone_does_not_count() -> None:
    outdated = OURS.replace("TZID:Ours", "TZID:Europe/Moscow")
    event = component("DTSTART;TZID=Europe/Moscow:20260701T090000")
    obj = read_object(calendar(outdated, event))
    assert starts(obj, "20260101T000000", "20270101T000000") == ["20260701T0600Z"]


def test_windows_names_lead_to_their_zones() -> None:
    event = component('DTSTART;TZID="W. Europe Standard Time":20260701T090000')
    assert starts(read_object(calendar(event)), "20260101T000000", "20270101T000000") == [
        "20260701T0700Z"
    ]


def test_an_event_of_long_ago_is_in_the_offset_of_then() -> None:
    obj = read("DTSTART;TZID=Europe/London:19440606T063000\nRRULE:FREQ=YEARLY;COUNT=2")
    assert starts(obj, "19400101T000000", "19500101T000000") == ["19440606T0430Z", "19450606T0430Z"]


def test_an_empty_tzid_is_a_floating_time() -> None:
    obj = read("DTSTART;TZID=:20260105T090000")
    assert starts(obj, "20260105T000000", "20260106T000000") == ["20260105T0900"]


def test_a_time_that_is_called_a_date_is_its_day() -> None:
    obj = read("DTSTART;VALUE=DATE:20260105T090000\nEXDATE:,")
    assert starts(obj, "20260105T000000", "20260106T000000") == ["20260105"]
