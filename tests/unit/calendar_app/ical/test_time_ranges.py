"""Which time ranges find an object (RFC 4791 §9.9)."""

import pytest

from calendar_app.ical.objects import CalendarObject
from calendar_app.ical.values import serialize_local
from tests.unit.calendar_app.ical.samples import found, read, spans, starts, utc


def hits(obj: CalendarObject, *times: str) -> list[bool]:
    """Tell for seconds of 2026-01-05, each a range of one second from it, whether it is in."""
    return [bool(found(obj, f"20260105T{at}", _next(f"20260105T{at}"))) for at in times]


def _next(text: str) -> str:
    return serialize_local(utc(text) + 1)


NINE, BEFORE, AFTER = "090000", "085959", "090001"
TEN, BEFORE_TEN = "100000", "095959"


def test_an_instant_is_in_the_range_that_begins_with_it() -> None:
    for lines in ("DTSTART:20260105T090000Z", "DTSTART:20260105T090000Z\nDTEND:20260105T090000Z",
                  "DTSTART:20260105T090000Z\nDURATION:PT0S"):  # fmt: skip
        assert hits(read(lines), BEFORE, NINE, AFTER) == [False, True, False]


def test_an_event_is_in_the_ranges_that_it_shares_time_with() -> None:
    obj = read("DTSTART:20260105T090000Z\nDTEND:20260105T100000Z")
    assert hits(obj, BEFORE, NINE, BEFORE_TEN, TEN) == [False, True, True, False]


DTSTART, DUE = "DTSTART:20260105T090000Z", "DUE:20260105T100000Z"
COMPLETED, CREATED = "COMPLETED:20260105T100000Z", "CREATED:20260105T090000Z"
TASKS = [
    (f"{DTSTART}\nDURATION:PT1H", [False, True, True, True, True, False]),
    (f"{DTSTART}\nDURATION:PT0S", [True, True, False, False, False, False]),
    (f"{DTSTART}\n{DUE}", [False, True, True, True, False, False]),
    (f"{DTSTART}\nDUE:20260105T090000Z", [True, True, False, False, False, False]),
    (DTSTART, [False, True, False, False, False, False]),
    (DUE, [False, False, False, True, False, False]),
    (f"{COMPLETED}\n{CREATED}", [True, True, True, True, True, False]),
    (COMPLETED, [False, False, False, True, True, False]),
    (CREATED, [False, True, True, True, True, True]),
    ("SUMMARY:whenever", [True] * 6),
]


@pytest.mark.parametrize(("lines", "expected"), TASKS)
def test_tasks_are_found_by_all_eight_rows_of_the_rfc(lines: str, expected: list[bool]) -> None:
    obj = read(lines, name="VTODO")
    assert hits(obj, BEFORE, NINE, AFTER, BEFORE_TEN, TEN, "100001") == expected


def test_a_task_whose_times_of_work_cannot_be_read_is_found_at_any_time() -> None:
    assert hits(read("CREATED:yesterday", name="VTODO"), BEFORE, TEN) == [True, True]


def test_a_task_repeats_by_its_due_where_it_has_no_start() -> None:
    obj = read("DUE;VALUE=DATE:20260105\nRRULE:FREQ=WEEKLY;COUNT=3", name="VTODO")
    assert starts(obj, "20260106T000000", "20260201T000000") == ["20260112", "20260119"]


def test_a_task_repeats_with_its_due() -> None:
    obj = read(f"{DTSTART}\n{DUE}\nRRULE:FREQ=WEEKLY;COUNT=3", name="VTODO")
    assert spans(obj, "20260119T095900", "20260119T100000") == ["20260119T0900Z-20260119T1000Z"]


def test_a_journal_is_at_its_time_or_on_its_day() -> None:
    assert hits(read(DTSTART, name="VJOURNAL"), BEFORE, NINE, AFTER) == [False, True, False]
    day = read("DTSTART;VALUE=DATE:20260105", name="VJOURNAL")
    assert hits(day, "000000", "235959") == [True, True]
    assert starts(day, "20260106T000000", "20260107T000000") == []
    assert hits(read("SUMMARY:a", name="VJOURNAL"), NINE) == [False]


def test_a_free_busy_component_is_found_by_its_span_or_its_periods() -> None:
    spanned = read(f"{DTSTART}\nDTEND:20260105T100000Z", name="VFREEBUSY")
    assert hits(spanned, BEFORE, NINE, TEN, "100001") == [False, True, True, False]
    periods = read(
        """FREEBUSY:20260105T090000Z/PT30M,20260105T100000Z/20260105T103000Z
        FREEBUSY;FBTYPE=FREE:nonsense,20260105T120000Z/20260105T110000Z""",
        name="VFREEBUSY",
    )
    assert hits(periods, BEFORE, NINE, "093000", TEN, "103000", "113000") == [
        False, True, False, True, False, False,
    ]  # fmt: skip


def test_an_availability_may_have_no_beginning_and_no_end() -> None:
    for lines, expected in (
        ("SUMMARY:a", [True, True, True]),
        (DTSTART, [False, True, True]),
        ("DTEND:20260105T093000Z", [True, True, False]),
        (f"{DTSTART}\nDTEND:20260105T093000Z", [False, True, False]),
        (f"{DTSTART}\nDURATION:PT30M", [False, True, False]),
    ):
        assert hits(read(lines, name="VAVAILABILITY"), BEFORE, NINE, TEN) == expected
