"""Busy time, merged and written."""

from calendar_app.ical.components import parse_component
from calendar_app.ical.freebusy import Period, busy_periods, merge_periods, serialize_free_busy
from calendar_app.ical.indexing import Row
from calendar_app.ical.serialize import plain_line
from tests.unit.calendar_app.ical.samples import utc, zone


def merged(*periods: tuple[int, int, str]) -> list[Period]:
    return merge_periods([Period(*one) for one in periods], 0, 100)


def test_what_touches_or_overlaps_is_one_period() -> None:
    assert merged((10, 20, "B"), (15, 25, "B"), (25, 30, "B"), (40, 50, "B")) == [
        (10, 30, "B"), (40, 50, "B"),
    ]  # fmt: skip
    assert merged((10, 50, "B"), (20, 30, "B")) == [(10, 50, "B")]


def test_periods_are_cut_to_the_range() -> None:
    assert merged((-10, 10, "B"), (90, 110, "T"), (-5, 0, "B"), (100, 105, "B")) == [
        (0, 10, "B"), (90, 100, "T"),
    ]  # fmt: skip


def test_free_time_is_no_period() -> None:
    assert merged((10, 20, ""), (30, 30, "B")) == []


def test_the_busiest_of_what_overlaps_counts() -> None:
    assert merged((10, 50, "T"), (20, 30, "B"), (25, 40, "U")) == [
        (10, 20, "T"), (20, 30, "B"), (30, 40, "U"), (40, 50, "T"),
    ]  # fmt: skip
    assert merged((10, 20, "B"), (10, 20, "T"), (20, 30, "T")) == [(10, 20, "B"), (20, 30, "T")]


def test_rows_that_are_local_are_read_in_a_zone() -> None:
    day = utc("20260701T000000")
    rows = [
        Row("d", day, day + 86_400, "", "B"),
        Row("z", day, day + 60, "", "T"),
        Row("z", day, day + 60, "", ""),
    ]
    assert list(busy_periods(rows, zone("Europe/Paris"))) == [
        Period(day - 7_200, day + 79_200, "B"), Period(day, day + 60, "T"),
    ]  # fmt: skip


def test_a_free_busy_component_is_written() -> None:
    start = utc("20260701T000000")
    periods = [Period(start, start + 3_600, "B"), Period(start + 7_200, start + 9_000, "T"),
               Period(start + 10_800, start + 14_400, "B"), Period(start + 20_000, start + 20_060, "U")]  # fmt: skip
    data = serialize_free_busy(
        periods, start, start + 86_400, ical_uid="1", now=start,
        lines=[plain_line("ORGANIZER", "mailto:a@b")],
    )  # fmt: skip
    top = parse_component(data)
    (found,) = top.children
    assert [f"{line.name}:{line.value}" for line in found.lines[:5]] == [
        "UID:1", "DTSTAMP:20260701T000000Z", "DTSTART:20260701T000000Z", "DTEND:20260702T000000Z",
        "ORGANIZER:mailto:a@b",
    ]  # fmt: skip
    assert [(line.params["FBTYPE"], line.value) for line in found.all("FREEBUSY")] == [
        (("BUSY",), "20260701T000000Z/20260701T010000Z,20260701T030000Z/20260701T040000Z"),
        (("BUSY-TENTATIVE",), "20260701T020000Z/20260701T023000Z"),
        (("BUSY-UNAVAILABLE",), "20260701T053320Z/20260701T053420Z"),
    ]
    assert top.value("VERSION") == "2.0"


def test_many_periods_stand_in_several_lines() -> None:
    periods = [Period(number * 10, number * 10 + 5, "B") for number in range(250)]
    (found,) = parse_component(serialize_free_busy(periods, 0, 2_500, ical_uid="1", now=0)).children
    assert [len(line.value.split(",")) for line in found.all("FREEBUSY")] == [100, 100, 50]
