"""Rows for the table of occurrences."""

import pytest

from calendar_app.ical.indexing import FOREVER, NEVER, Index, Row, index_object, row_overlaps
from calendar_app.ical.objects import CalendarObject, InvalidObject
from calendar_app.ical.recurrence import Fuel
from calendar_app.ical.values import DAY
from tests.unit.calendar_app.ical.samples import read, utc, zone

HORIZON = utc("20300101T000000")


def index(
    obj: CalendarObject, horizon: int = HORIZON, most: int = 20_000, fuel: int = 200_000
) -> Index:
    return index_object(obj, horizon, max_instances=most, fuel=Fuel(fuel))


def test_a_single_event_is_one_row_whatever_the_horizon() -> None:
    obj = read("DTSTART:20990105T090000Z\nDTEND:20990105T100000Z")
    start = utc("20990105T090000")
    assert index(obj) == Index((Row("z", start, start + 3_600, "", "B"),), 0)


def test_an_instant_ends_a_second_later_and_makes_nobody_busy() -> None:
    start = utc("20260105T090000")
    assert index(read("DTSTART:20260105T090000Z")).rows == (Row("z", start, start + 1, "", ""),)


@pytest.mark.parametrize(
    ("lines", "busy"),
    [
        ("", "B"),
        ("STATUS:CONFIRMED", "B"),
        ("STATUS:tentative", "T"),
        ("STATUS:CANCELLED", ""),
        ("TRANSP:TRANSPARENT", ""),
        ("TRANSP:TRANSPARENT\nSTATUS:TENTATIVE", ""),
        ("TRANSP:OPAQUE", "B"),
    ],
)
def test_what_an_event_does_to_free_busy_is_in_its_row(lines: str, busy: str) -> None:
    (row,) = index(read(f"DTSTART:20260105T090000Z\nDURATION:PT1H\n{lines}")).rows
    assert row.busy == busy


def test_what_an_override_changes_is_in_its_row() -> None:
    obj = read(
        "DTSTART:20260105T090000Z\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=2",
        "RECURRENCE-ID:20260106T090000Z\nDTSTART:20260106T090000Z\nDURATION:PT1H\nSTATUS:CANCELLED",
    )
    assert [(row.recurrence_id, row.busy) for row in index(obj).rows] == [
        ("20260105T090000Z", "B"), ("20260106T090000Z", ""),
    ]  # fmt: skip


def test_local_times_are_kept_local_and_named_as_they_are_written() -> None:
    floating = index(read("DTSTART:20260105T090000\nRRULE:FREQ=DAILY;COUNT=2")).rows
    assert [(row.kind, row.start, row.recurrence_id) for row in floating] == [
        ("f", utc("20260105T090000"), "20260105T090000"),
        ("f", utc("20260106T090000"), "20260106T090000"),
    ]
    days = index(read("DTSTART;VALUE=DATE:20260105\nRRULE:FREQ=DAILY;COUNT=1")).rows
    start = utc("20260105T000000")
    assert days == (Row("d", start, start + DAY, "20260105", "B"),)


@pytest.mark.parametrize(
    ("rule", "rows", "until"),
    [
        ("FREQ=WEEKLY", 209, HORIZON),
        ("FREQ=WEEKLY;COUNT=10", 10, 0),
        ("FREQ=WEEKLY;UNTIL=20260201T000000Z", 4, 0),
        ("FREQ=WEEKLY;UNTIL=20400201T000000Z", 209, HORIZON),
        ("FREQ=YEARLY;INTERVAL=10", 1, HORIZON),
        ("FREQ=YEARLY;INTERVAL=10;COUNT=2", 1, HORIZON),
        ("FREQ=YEARLY;INTERVAL=3;COUNT=2", 2, 0),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", 1, HORIZON),
    ],
)
def test_rows_go_to_the_horizon_and_say_whether_they_are_all(
    rule: str, rows: int, until: int
) -> None:
    found = index(read(f"DTSTART:20260105T090000Z\nRRULE:{rule}"))
    assert found.until == until
    assert len([row for row in found.rows if row.start < HORIZON]) == rows


def test_rows_are_whole_up_to_the_horizon_in_every_zone() -> None:
    found = index(read("DTSTART:20260105T090000\nRRULE:FREQ=HOURLY;INTERVAL=6"))
    assert found.until == HORIZON
    assert found.rows[-1].start >= HORIZON + 14 * 3_600


def test_added_dates_and_overrides_are_there_beyond_the_horizon() -> None:
    obj = read(
        "DTSTART:20260105T090000Z\nRDATE:20700105T090000Z",
        "RECURRENCE-ID:20260105T090000Z\nDTSTART:20800105T090000Z",
    )
    assert [row.start for row in index(obj).rows] == [
        utc("20700105T090000"),
        utc("20800105T090000"),
    ]
    assert index(obj).until == 0


def test_too_many_instances_are_refused() -> None:
    obj = read("DTSTART:20260105T090000Z\nRRULE:FREQ=DAILY;COUNT=100")
    assert len(index(obj, most=100).rows) == 100
    with pytest.raises(InvalidObject, match="more than 99 instances") as refused:
        index(obj, most=99)
    assert refused.value.precondition == "max-instances"


@pytest.mark.parametrize("rule", ["FREQ=SECONDLY", "FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30"])
def test_a_rule_that_costs_too_much_is_refused(rule: str) -> None:
    with pytest.raises(InvalidObject, match=r"instances|too long") as refused:
        index(read(f"DTSTART:20260105T090000Z\nRRULE:{rule}"), fuel=10_000)
    assert refused.value.precondition == "max-instances"


def test_tasks_without_times_are_there_at_any_time() -> None:
    assert index(read("SUMMARY:a", name="VTODO")).rows == (Row("z", NEVER, FOREVER, "", ""),)
    assert index(read("SUMMARY:a", name="VJOURNAL")).rows == ()


def test_periods_of_a_free_busy_component_are_rows() -> None:
    obj = read(
        """DTSTART:20260105T000000Z
        DTEND:20260106T000000Z
        FREEBUSY;FBTYPE=BUSY-TENTATIVE:20260105T090000Z/PT1H
        FREEBUSY;FBTYPE=BUSY-UNAVAILABLE:20260105T110000Z/PT1H
        FREEBUSY:20260105T130000Z/PT1H""",
        name="VFREEBUSY",
    )
    assert [row.busy for row in index(obj).rows] == ["", "T", "U", "B"]


def test_a_row_is_in_a_range_by_the_zone_of_the_query() -> None:
    (row,) = index(read("DTSTART;VALUE=DATE:20260105")).rows
    late = (utc("20260105T233000"), utc("20260105T234500"))
    assert row_overlaps(row, *late, zone("UTC"))
    assert not row_overlaps(row, *late, zone("Europe/Paris"))
    assert row_overlaps(row, late[0] + 3_600, late[1] + 3_600, zone("America/New_York"))
    (zoned,) = index(read("DTSTART:20260105T233000Z\nDURATION:PT1M")).rows
    assert row_overlaps(zoned, *late, zone("Europe/Paris"))
    assert not row_overlaps(zoned, utc("20260105T233100"), utc("20260106T000000"), zone("UTC"))
    assert not row_overlaps(zoned, utc("20260105T230000"), utc("20260105T233000"), zone("UTC"))
