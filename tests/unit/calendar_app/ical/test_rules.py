"""Rules as they are written."""

import pytest

from calendar_app.ical.rules import BadRule, UnsupportedScale, parse_rule
from tests.unit.calendar_app.ical.samples import utc


def test_a_rule_is_read() -> None:
    rule = parse_rule("FREQ=MONTHLY;INTERVAL=2;COUNT=5;WKST=SU;BYDAY=1MO,-1fr,WE;BYHOUR=9,10;")
    assert (rule.freq, rule.interval, rule.count, rule.week_start) == (1, 2, 5, 6)
    assert rule.by_day == ((0, 1), (4, -1), (2, 0))
    assert rule.by == {"BYHOUR": (9, 10)}
    assert not rule.is_endless
    assert parse_rule("freq=daily; X-NOTE=1").is_endless


@pytest.mark.parametrize(
    ("text", "until", "kind"),
    [
        ("20260131", utc("20260131T000000"), "d"),
        ("20260131T090000", utc("20260131T090000"), "f"),
        ("20260131T090000Z", utc("20260131T090000"), "z"),
    ],
)
def test_until_is_of_three_kinds(text: str, until: int, kind: str) -> None:
    rule = parse_rule(f"FREQ=DAILY;UNTIL={text}")
    assert (rule.until, rule.until_kind) == (until, kind)


def test_the_sixtieth_second_is_the_one_before_it() -> None:
    assert parse_rule("FREQ=DAILY;BYSECOND=60,59").by == {"BYSECOND": (59,)}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "COUNT=1",
        "FREQ=OFTEN",
        "FREQ=DAILY;FREQ=DAILY",
        "FREQ=DAILY;COUNT",
        "FREQ=DAILY;COUNT=",
        "FREQ=DAILY;COUNT=0",
        "FREQ=DAILY;COUNT=-1",
        "FREQ=DAILY;COUNT=9999999999999",
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=DAILY;INTERVAL=100001",
        "FREQ=DAILY;WKST=XX",
        "FREQ=DAILY;BYDAY=XX",
        "FREQ=DAILY;BYDAY=0MO",
        "FREQ=DAILY;BYDAY=54MO",
        "FREQ=DAILY;BYMONTH=13",
        "FREQ=DAILY;BYMONTH=0",
        "FREQ=DAILY;BYMONTH=-1",
        "FREQ=DAILY;BYMONTHDAY=0",
        "FREQ=DAILY;BYMONTHDAY=32",
        "FREQ=DAILY;BYYEARDAY=367",
        "FREQ=DAILY;BYWEEKNO=54",
        "FREQ=DAILY;BYSETPOS=367",
        "FREQ=DAILY;BYHOUR=24",
        "FREQ=DAILY;BYMINUTE=60",
        "FREQ=DAILY;BYSECOND=61",
        "FREQ=DAILY;BYHOUR=one",
        "FREQ=DAILY;BYEASTER=0",
    ],
)
def test_what_is_no_rule_is_refused(text: str) -> None:
    with pytest.raises(BadRule):
        parse_rule(text)


@pytest.mark.parametrize("part", ["RSCALE=GREGORIAN", "SKIP=FORWARD"])
def test_rules_in_other_calendars_are_refused_by_name(part: str) -> None:
    with pytest.raises(UnsupportedScale, match="RFC 7529"):
        parse_rule(f"FREQ=YEARLY;{part}")
