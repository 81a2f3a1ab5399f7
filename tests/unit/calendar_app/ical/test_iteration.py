"""The instances of a rule, and what they may cost.

The examples of RFC 5545 §3.8.5.3 are read as they stand there, with DTSTART as the first instance.
"""

import time

import pytest

from calendar_app.ical.iteration import Fuel, OutOfFuel, iterate_rule
from calendar_app.ical.rules import parse_rule
from calendar_app.ical.values import serialize_local
from tests.unit.calendar_app.ical.samples import utc

START = "19970902T090000"  # a Tuesday


def instances(
    text: str,
    start: str = START,
    before: str = "20000101T000000",
    *,
    after: str = "",
    fuel: int = 200_000,
) -> list[str]:
    """Return DTSTART and the instances after it, as they are listed in the RFC."""
    found = iterate_rule(parse_rule(text), utc(start), utc(after or start), utc(before), Fuel(fuel))
    first = [] if after else [start]
    return first + [serialize_local(local) for local in found if local >= utc(after or start)]


def days(
    text: str, start: str = START, before: str = "20000101T000000", *, after: str = ""
) -> list[str]:
    return [moment[:8] for moment in instances(text, start, before, after=after)]


EXAMPLES = [
    ("FREQ=DAILY;COUNT=3", START, "19970902 19970903 19970904"),
    ("FREQ=DAILY;INTERVAL=10;COUNT=5", START, "19970902 19970912 19970922 19971002 19971012"),
    ("FREQ=WEEKLY;COUNT=3", START, "19970902 19970909 19970916"),
    ("FREQ=WEEKLY;INTERVAL=2;COUNT=8;WKST=SU;BYDAY=TU,TH", START,
     "19970902 19970904 19970916 19970918 19970930 19971002 19971014 19971016"),
    ("FREQ=MONTHLY;COUNT=3;BYDAY=1FR", "19970905T090000", "19970905 19971003 19971107"),
    ("FREQ=MONTHLY;INTERVAL=2;COUNT=4;BYDAY=1SU,-1SU", "19970907T090000",
     "19970907 19970928 19971102 19971130"),
    ("FREQ=MONTHLY;COUNT=3;BYDAY=-2MO", "19970922T090000", "19970922 19971020 19971117"),
    ("FREQ=MONTHLY;BYMONTHDAY=-3;COUNT=3", "19970928T090000", "19970928 19971029 19971128"),
    ("FREQ=MONTHLY;COUNT=4;BYMONTHDAY=2,15", START, "19970902 19970915 19971002 19971015"),
    ("FREQ=MONTHLY;COUNT=4;BYMONTHDAY=1,-1", "19970930T090000",
     "19970930 19971001 19971031 19971101"),
    ("FREQ=MONTHLY;INTERVAL=18;COUNT=4;BYMONTHDAY=10,11", "19970910T090000",
     "19970910 19970911 19990310 19990311"),
    ("FREQ=YEARLY;COUNT=4;BYMONTH=6,7", "19970610T090000", "19970610 19970710 19980610 19980710"),
    ("FREQ=YEARLY;INTERVAL=2;COUNT=4;BYMONTH=1,2,3", "19970310T090000",
     "19970310 19990110 19990210 19990310"),
    ("FREQ=YEARLY;COUNT=4;BYYEARDAY=1,100,200", "19970101T090000",
     "19970101 19970410 19970719 19980101"),
    ("FREQ=YEARLY;BYDAY=20MO", "19970519T090000", "19970519 19980518 19990517"),
    ("FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO", "19970512T090000", "19970512 19980511 19990517"),
    ("FREQ=YEARLY;BYMONTH=3;BYDAY=TH;COUNT=4", "19970313T090000",
     "19970313 19970320 19970327 19980305"),
    ("FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", "19980213T090000",
     "19980213 19980313 19981113 19990813"),
    ("FREQ=MONTHLY;BYDAY=SA;BYMONTHDAY=7,8,9,10,11,12,13;COUNT=3", "19970913T090000",
     "19970913 19971011 19971108"),
    ("FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3", "19970904T090000",
     "19970904 19971007 19971106"),
    ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2;COUNT=3", "19970929T090000",
     "19970929 19971030 19971127"),
    ("FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO", "19970805T090000",
     "19970805 19970810 19970819 19970824"),
    ("FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU", "19970805T090000",
     "19970805 19970817 19970819 19970831"),
    ("FREQ=MONTHLY;BYMONTHDAY=15,30;COUNT=5", "20070115T090000",
     "20070115 20070130 20070215 20070315 20070330"),
    ("FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8;COUNT=3",
     "19961105T090000", "19961105 20001107 20041102"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "start", "expected"), EXAMPLES)
def test_the_examples_of_the_rfc(text: str, start: str, expected: str) -> None:
    before = "20100101T000000" if "COUNT" in text else "20000101T000000"
    assert days(text, start, before) == expected.split()


def test_hours_and_minutes_of_the_rfc() -> None:
    assert instances("FREQ=HOURLY;INTERVAL=3", before="19970902T170001")[1:] == [
        "19970902T120000", "19970902T150000",
    ]  # fmt: skip
    assert instances("FREQ=MINUTELY;INTERVAL=90;COUNT=4")[1:] == [
        "19970902T103000", "19970902T120000", "19970902T133000",
    ]  # fmt: skip
    daily = "FREQ=DAILY;BYHOUR=9,10;BYMINUTE=0,20,40"
    minutely = "FREQ=MINUTELY;INTERVAL=20;BYHOUR=9,10"
    assert instances(daily, before="19970904T000000") == instances(
        minutely, before="19970904T000000"
    )
    assert len(instances(daily, before="19970904T000000")) == 12


def test_a_leap_day_comes_every_four_years_but_for_three_centuries() -> None:
    found = days("FREQ=YEARLY", "20800229T090000", "21200101T000000")
    assert found == ["20800229", "20840229", "20880229", "20920229", "20960229", "21040229",
                     "21080229", "21120229", "21160229"]  # fmt: skip
    assert days("FREQ=YEARLY;BYMONTHDAY=-1", "20240229T090000", "20240701T000000") == [
        "20240229", "20240331", "20240430", "20240531", "20240630",
    ]  # fmt: skip


def test_weekdays_with_and_without_a_number_are_both_meant() -> None:
    found = days("FREQ=MONTHLY;BYDAY=MO,2TU", "20260105T090000", "20260201T000000")
    assert found == ["20260105", "20260112", "20260113", "20260119", "20260126"]


def test_a_week_without_days_has_that_of_the_first_instance() -> None:
    assert days("FREQ=YEARLY;BYWEEKNO=20", "19970513T090000") == [
        "19970513",
        "19980512",
        "19990518",
    ]


def test_positions_count_in_the_whole_of_the_first_week() -> None:
    # DTSTART is the Wednesday of its week; the second of Monday, Wednesday and Friday is it.
    text = "FREQ=WEEKLY;BYDAY=MO,WE,FR;BYSETPOS=2"
    assert days(text, "20260107T090000", "20260125T000000") == ["20260107", "20260114", "20260121"]


def test_a_day_that_no_month_has_is_left_out() -> None:
    assert days("FREQ=MONTHLY;BYDAY=6MO", before="20000101T000000") == [START[:8]]
    assert days("FREQ=MONTHLY;BYDAY=6MO,1TU;COUNT=2") == ["19970902", "19971007"]


@pytest.mark.parametrize("text", [
    "FREQ=DAILY", "FREQ=DAILY;INTERVAL=3", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR", "FREQ=MONTHLY",
    "FREQ=MONTHLY;INTERVAL=5;BYDAY=-1SU", "FREQ=YEARLY", "FREQ=YEARLY;INTERVAL=3",
    "FREQ=YEARLY;INTERVAL=2;BYMONTH=1,12;BYDAY=2MO", "FREQ=YEARLY;BYDAY=20MO",
    "FREQ=HOURLY;INTERVAL=7", "FREQ=HOURLY;INTERVAL=2;BYHOUR=9,11", "FREQ=MINUTELY;INTERVAL=45",
    "FREQ=WEEKLY;BYDAY=MO,WE,FR;BYSETPOS=2", "FREQ=YEARLY;BYMONTH=1",
])  # fmt: skip
def test_what_begins_near_the_window_is_what_was_counted_from_the_start(text: str) -> None:
    whole = instances(text, before="20040101T000000", fuel=10_000_000)
    near = instances(text, before="20040101T000000", after="20020615T120000")
    assert near == [moment for moment in whole if moment >= "20020615T120000"]
    assert len(near) > 0


@pytest.mark.parametrize("freq", ["YEARLY", "MONTHLY", "WEEKLY", "DAILY"])
def test_a_rule_ends_with_the_year_9999(freq: str) -> None:
    fuel = Fuel(5_000)
    end = utc("99991231T235959") + 86_400 * 1_000
    found = list(
        iterate_rule(parse_rule(f"FREQ={freq}"), utc(START), utc("99981215T000000"), end, fuel)
    )
    assert serialize_local(found[-1]) > "99990801"
    assert not fuel.is_cut


def test_a_rule_that_yields_nothing_costs_no_more_than_its_window() -> None:
    fuel = Fuel(10_000)
    rule = parse_rule("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30")
    assert list(iterate_rule(rule, utc(START), utc(START), utc("20070101T000000"), fuel)) == []
    assert fuel.left > 5_000
    assert fuel.is_cut


@pytest.mark.parametrize("text", [
    "FREQ=SECONDLY",
    "FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30",
    "FREQ=SECONDLY;BYHOUR=3;BYMINUTE=7;BYSECOND=5",
    "FREQ=MINUTELY;BYHOUR=3;BYMONTHDAY=31;BYMONTH=2",
    "FREQ=SECONDLY;INTERVAL=86399;BYSECOND=1",
    "FREQ=YEARLY;BYDAY=53MO;BYMONTHDAY=1;BYMONTH=2,3",
    "FREQ=YEARLY;BYYEARDAY=366;BYMONTH=1,2",
    "FREQ=YEARLY;BYDAY=MO,TU,WE;BYSETPOS=" + ",".join(map(str, range(1, 367))),
    "FREQ=YEARLY;BYWEEKNO=" + ",".join(map(str, range(1, 54))),
    "FREQ=HOURLY;BYMINUTE=" + ",".join(map(str, range(60))) + ";BYSECOND=" + ",".join(map(str, range(60))),
    "FREQ=DAILY;BYHOUR=" + ",".join(map(str, range(24))) + ";BYMINUTE=" + ",".join(map(str, range(60)))
    + ";BYSECOND=" + ",".join(map(str, range(60))),
    "FREQ=MONTHLY;BYDAY=" + ",".join(f"{n}{day}" for n in range(-53, 54) if n for day in ("MO", "TU", "WE", "TH", "FR", "SA", "SU")),
])  # fmt: skip
def test_no_rule_costs_more_than_its_fuel(text: str) -> None:
    started = time.process_time()
    fuel = Fuel(50_000)
    taken = 0
    try:
        for _ in iterate_rule(
            parse_rule(text), utc(START), utc(START), utc("99991231T000000"), fuel
        ):
            fuel.spend()
            taken += 1
    except OutOfFuel:
        pass
    assert taken <= 50_000
    assert time.process_time() - started < 2


def test_fuel_is_what_is_left_when_a_rule_ends_early() -> None:
    fuel = Fuel(1_000)
    endless = iterate_rule(
        parse_rule("FREQ=DAILY"), utc(START), utc(START), utc("20000101T000000"), fuel
    )
    assert [next(endless), next(endless)] == [utc("19970903T090000"), utc("19970904T090000")]
    endless.close()  # type: ignore[attr-defined]
    assert 990 <= fuel.left < 1_000
    with pytest.raises(OutOfFuel):
        instances("FREQ=DAILY", fuel=100)


@pytest.mark.parametrize(
    "text", ["FREQ=HOURLY;INTERVAL=2;BYHOUR=10", "FREQ=MINUTELY;INTERVAL=1440;BYHOUR=3"]
)
def test_an_interval_that_never_meets_its_hours_yields_nothing(text: str) -> None:
    assert instances(text) == [START]


def test_one_instance_is_the_first() -> None:
    assert instances("FREQ=DAILY;COUNT=1") == [START]


def test_the_first_instance_is_yielded_on_demand_where_the_rule_has_it() -> None:
    for text, expected in (
        ("FREQ=DAILY;COUNT=2", [START]),
        ("FREQ=DAILY;BYDAY=MO;COUNT=2", ["19970908T090000"]),
    ):
        found = iterate_rule(
            parse_rule(text),
            utc(START),
            utc(START),
            utc("19970930T000000"),
            Fuel(1_000),
            includes_start=True,
        )
        assert [serialize_local(local) for local in found][:1] == expected


def test_a_day_of_many_times_has_them_all() -> None:
    text = f"FREQ=DAILY;BYHOUR={','.join(map(str, range(24)))};BYMINUTE={','.join(map(str, range(60)))}"
    assert len(instances(text, before="19970904T000000", after="19970903T000000")) == 1_440


def test_a_monthly_rule_may_keep_to_months() -> None:
    found = days("FREQ=MONTHLY;BYMONTH=2,3;BYMONTHDAY=1,-1", "20260201T090000", "20270101T000000")
    assert found == ["20260201", "20260228", "20260301", "20260331"]


def test_a_daily_rule_may_keep_to_weekdays() -> None:
    found = days("FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR", "20260102T090000", "20260107T000000")
    assert found == ["20260102", "20260105", "20260106"]


@pytest.mark.parametrize(
    ("text", "last"),
    [
        ("FREQ=WEEKLY;BYDAY=MO,SU", "99991227T090000"),
        ("FREQ=MONTHLY", "99991201T090000"),
        ("FREQ=DAILY", "99991231T090000"),
        ("FREQ=MONTHLY;BYDAY=FR", "99991231T090000"),
    ],
)
def test_the_last_instance_is_in_the_year_9999(text: str, last: str) -> None:
    start, end = utc("99991101T090000"), utc("99991231T235959") + 86_400 * 30
    fuel = Fuel(2_000)
    found = list(iterate_rule(parse_rule(text), start, start, end, fuel))
    assert serialize_local(found[-1]) == last
    assert not fuel.is_cut
