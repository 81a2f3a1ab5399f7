"""Overrides of single instances and of all that follow (RFC 5545 §3.8.4.4)."""

import pytest

from tests.unit.calendar_app.ical.samples import found, paris, read, spans, starts


def test_an_override_stands_where_it_was_moved_to() -> None:
    obj = paris(
        "DTSTART{Paris}:20260105T090000\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=3",
        "RECURRENCE-ID{Paris}:20260106T090000\nDTSTART{Paris}:20260301T140000\nDURATION:PT2H",
    )
    assert starts(obj, "20260101T000000", "20260201T000000") == ["20260105T0800Z", "20260107T0800Z"]
    (moved,) = found(obj, "20260301T140000", "20260301T143000")
    assert moved.recurrence_id == "20260106T080000Z"
    assert moved.component.value("DURATION") == "PT2H"
    assert moved.end - moved.start == 7_200


@pytest.mark.parametrize(
    "recurrence_id",
    [
        "RECURRENCE-ID;TZID=Europe/Paris:20260106T090000",
        "RECURRENCE-ID;TZID=America/New_York:20260106T030000",
        "RECURRENCE-ID:20260106T080000Z",
        "RECURRENCE-ID:20260106T090000",
        "RECURRENCE-ID;VALUE=DATE:20260106",
    ],
)
def test_an_override_is_known_however_its_id_is_written(recurrence_id: str) -> None:
    obj = paris(
        "DTSTART{Paris}:20260105T090000\nRRULE:FREQ=DAILY;COUNT=3",
        f"{recurrence_id}\nDTSTART:20260106T120000Z",
    )
    assert starts(obj, "20260101T000000", "20260201T000000") == [
        "20260105T0800Z", "20260106T1200Z", "20260107T0800Z",
    ]  # fmt: skip


def test_an_override_of_what_is_no_instance_takes_place_too() -> None:
    obj = read(
        "DTSTART:20260105T090000Z\nRRULE:FREQ=DAILY;COUNT=2",
        "RECURRENCE-ID:20260110T090000Z\nDTSTART:20260110T100000Z",
    )
    assert starts(obj, "20260101T000000", "20260201T000000")[-1] == "20260110T1000Z"


def test_overrides_alone_are_what_somebody_was_invited_to() -> None:
    obj = read(
        "RECURRENCE-ID:20260110T090000Z\nDTSTART:20260110T100000Z",
        "RECURRENCE-ID:20260111T090000Z\nDTSTART:20260111T100000Z",
    )
    assert [one.recurrence_id for one in found(obj, "20260101T000000", "20260201T000000")] == [
        "20260110T090000Z", "20260111T090000Z",
    ]  # fmt: skip


FUTURE = "RECURRENCE-ID{Paris};RANGE=THISANDFUTURE:"


def test_this_and_future_moves_all_that_follow() -> None:
    obj = paris(
        "DTSTART{Paris}:20260326T090000\nDURATION:PT1H\nRRULE:FREQ=DAILY;COUNT=6\nSUMMARY:old",
        f"{FUTURE}20260328T090000\nDTSTART{{Paris}}:20260328T140000\nDURATION:PT2H\nSUMMARY:new",
    )
    assert spans(obj, "20260101T000000", "20270101T000000") == [
        "20260326T0800Z-20260326T0900Z",
        "20260327T0800Z-20260327T0900Z",
        "20260328T1300Z-20260328T1500Z",
        "20260329T1200Z-20260329T1400Z",
        "20260330T1200Z-20260330T1400Z",
        "20260331T1200Z-20260331T1400Z",
    ]
    last = found(obj, "20260331T000000", "20260401T000000")[0]
    assert last.component.value("SUMMARY") == "new"
    assert last.recurrence_id == "20260331T070000Z"


def test_the_last_change_before_an_instance_counts_and_single_ones_stay() -> None:
    obj = paris(
        "DTSTART{Paris}:20260105T090000\nRRULE:FREQ=DAILY;COUNT=6\nEXDATE{Paris}:20260109T090000",
        f"{FUTURE}20260106T090000\nDTSTART{{Paris}}:20260106T100000",
        f"{FUTURE}20260108T090000\nDTSTART{{Paris}}:20260108T080000",
        "RECURRENCE-ID{Paris}:20260110T090000\nDTSTART{Paris}:20260110T200000",
    )
    assert starts(obj, "20260101T000000", "20260201T000000") == [
        "20260105T0800Z", "20260106T0900Z", "20260107T0900Z", "20260108T0700Z", "20260110T1900Z",
    ]  # fmt: skip


def test_a_change_by_days_is_found_where_it_leads_to() -> None:
    obj = paris(
        "DTSTART{Paris}:20260105T090000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY",
        f"{FUTURE}20260112T090000\nDTSTART{{Paris}}:20260312T090000\nDURATION:PT1H",
    )
    assert starts(obj, "20300101T000000", "20300108T000000") == ["20300103T0800Z"]
    back = paris(
        "DTSTART{Paris}:20260105T090000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY",
        f"{FUTURE}20260112T090000\nDTSTART{{Paris}}:20251112T090000\nDURATION:PT1H",
    )
    assert starts(back, "20300101T000000", "20300108T000000") == ["20300102T0800Z"]


def test_a_change_may_lead_to_another_zone_or_to_whole_days() -> None:
    master = "DTSTART{Paris}:20260105T090000\nRRULE:FREQ=DAILY;COUNT=3"
    zoned = paris(master, f"{FUTURE}20260106T090000\nDTSTART;TZID=America/New_York:20260106T090000")
    assert starts(zoned, "20260101T000000", "20260201T000000") == [
        "20260105T0800Z", "20260106T1400Z", "20260107T1400Z",
    ]  # fmt: skip
    days = paris(master, f"{FUTURE}20260106T090000\nDTSTART;VALUE=DATE:20260107")
    assert starts(days, "20260101T000000", "20260201T000000") == [
        "20260105T0800Z", "20260107", "20260108",
    ]  # fmt: skip
