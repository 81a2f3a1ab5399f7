"""What calendar-data asks for, written."""

import pytest

from calendar_app.ical.filters import TimeRange
from calendar_app.ical.objects import CalendarObject, read_object
from calendar_app.ical.partial import CompSelection, DataRequest, select_data
from calendar_app.ical.recurrence import Fuel, OutOfFuel
from tests.unit.calendar_app.ical.samples import calendar, component, read, utc, zone
from tests.unit.calendar_app.ical.test_rulezones import OURS


def between(start: str, end: str) -> TimeRange:
    return TimeRange(utc(start), utc(end))


def select(obj: CalendarObject, asked: DataRequest) -> list[str]:
    data = select_data(obj, asked)
    read_any = data.decode().replace("\r\n ", "").split("\r\n")
    assert read_any.pop() == ""
    return read_any


def body(lines: list[str]) -> list[str]:
    """Return what stands between BEGIN and END of the VCALENDAR but for its own properties."""
    return [line for line in lines[1:-1] if line.split(":")[0] not in {"VERSION", "PRODID"}]


def test_all_of_it_is_what_was_read() -> None:
    data = calendar(OURS, component("DTSTART;TZID=Ours:20260105T090000\nSUMMARY:" + "ä" * 100))
    obj = read_object(data)
    assert select_data(obj, DataRequest()) == data.replace(b"\n", b"\r\n").replace(
        ("SUMMARY:" + "ä" * 100).encode(),
        ("SUMMARY:" + "ä" * 33 + "\r\n " + "ä" * 37 + "\r\n " + "ä" * 30).encode(),
    )


def test_properties_and_components_are_chosen() -> None:
    alarm = component("ACTION:AUDIO", "VALARM")
    obj = read(f"DTSTART:20260105T090000Z\nSUMMARY:a\nLOCATION:b\n{alarm}")
    event = CompSelection("VEVENT", {"UID": True, "SUMMARY": False}, ())
    asked = CompSelection("VCALENDAR", {"VERSION": True}, (event, CompSelection("VTIMEZONE")))
    assert select(obj, DataRequest(asked)) == [
        "BEGIN:VCALENDAR", "VERSION:2.0", "BEGIN:VEVENT", "UID:1", "SUMMARY:", "END:VEVENT",
        "END:VCALENDAR",
    ]  # fmt: skip
    whole = CompSelection("VCALENDAR", None, (CompSelection("VEVENT"),))
    assert "ACTION:AUDIO" in select(obj, DataRequest(whole))


SERIES = read(
    """DTSTART;TZID=Europe/Paris:20260327T090000
    DURATION:P1D
    RRULE:FREQ=DAILY
    EXDATE;TZID=Europe/Paris:20260328T090000
    SUMMARY:usual
    X-AT;TZID=Europe/Paris:20260327T100000
    X-TEXT;TZID=Europe/Paris:whenever
    X-WALL;TZID=:20260327T100000""",
    """RECURRENCE-ID;TZID=Europe/Paris:20260329T090000
    DTSTART;TZID=Europe/Paris:20260402T090000
    DTEND;TZID=Europe/Paris:20260402T103000
    SUMMARY:moved""",
)


def test_instances_are_expanded_to_utc_without_rules() -> None:
    lines = select(SERIES, DataRequest(expand=between("20260328T070000", "20260328T075959")))
    assert body(lines) == [
        "BEGIN:VEVENT",
        "DTSTART:20260327T080000Z",
        "DTEND:20260328T080000Z",
        "RECURRENCE-ID:20260327T080000Z",
        "UID:1",
        "SUMMARY:usual",
        "X-AT:20260327T090000Z",
        "X-TEXT;TZID=Europe/Paris:whenever",
        "X-WALL;TZID=:20260327T100000",
        "END:VEVENT",
    ]


def test_an_override_is_an_instance_with_its_own_properties() -> None:
    lines = select(SERIES, DataRequest(expand=between("20260402T073000", "20260402T080000")))
    assert lines.count("BEGIN:VEVENT") == 2
    at = lines.index("SUMMARY:moved")
    assert lines[at - 5 : at] == [
        "BEGIN:VEVENT",
        "DTSTART:20260402T070000Z",
        "DTEND:20260402T083000Z",
        "RECURRENCE-ID:20260329T070000Z",
        "UID:1",
    ]


def test_an_expansion_of_nothing_holds_nothing() -> None:
    assert (
        body(select(SERIES, DataRequest(expand=between("20200101T000000", "20200102T000000"))))
        == []
    )


def test_days_and_floating_times_stay_as_they_are() -> None:
    days = read("DTSTART;VALUE=DATE:20260105\nRRULE:FREQ=DAILY")
    assert body(select(days, DataRequest(expand=between("20260106T120000", "20260106T130000")))) == [
        "BEGIN:VEVENT", "DTSTART;VALUE=DATE:20260106", "DTEND;VALUE=DATE:20260107",
        "RECURRENCE-ID;VALUE=DATE:20260106", "UID:1", "END:VEVENT",
    ]  # fmt: skip
    floating = read("DTSTART:20260105T090000")
    asked = DataRequest(expand=between("20260105T080000", "20260105T080001"))
    lines = select_data(floating, asked, zone=zone("Europe/Paris")).decode().split("\r\n")
    assert body(lines[:-1]) == ["BEGIN:VEVENT", "DTSTART:20260105T090000", "UID:1", "END:VEVENT"]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("SUMMARY:a", []),
        ("CREATED:20260101T000000Z\nCOMPLETED:20260109T000000Z", []),
        ("DUE:20260105T100000Z", ["DUE:20260105T100000Z"]),
        ("DTSTART:20260105T090000Z", ["DTSTART:20260105T090000Z"]),
        (
            "DTSTART:20260105T090000Z\nDURATION:PT1H",
            ["DTSTART:20260105T090000Z", "DUE:20260105T100000Z"],
        ),
    ],
)
def test_tasks_are_expanded_with_the_times_that_they_have(lines: str, expected: list[str]) -> None:
    found = select(
        read(lines, name="VTODO"), DataRequest(expand=between("20260105T000000", "20260106T000000"))
    )
    assert [line for line in body(found) if line[:2] in {"DT", "DU"}] == expected


def test_what_does_not_repeat_is_not_taken_apart() -> None:
    obj = read(
        "DTSTART:20260105T000000Z\nDTEND:20260106T000000Z\nFREEBUSY:20260105T090000Z/PT1H",
        name="VFREEBUSY",
    )
    lines = select(obj, DataRequest(expand=between("20260105T000000", "20260106T000000")))
    assert lines.count("BEGIN:VFREEBUSY") == 1


def test_an_expansion_that_costs_too_much_says_so() -> None:
    with pytest.raises(OutOfFuel):
        select_data(SERIES, DataRequest(expand=TimeRange()), fuel=Fuel(100))


@pytest.mark.parametrize(
    ("start", "end", "there"),
    [
        ("20260329T080000", "20260329T090000", True),
        ("20260330T065959", "20260330T070001", True),
        ("20260330T070001", "20260330T080000", False),
        ("20260402T080000", "20260402T081000", True),
        ("20260501T000000", "20260502T000000", False),
    ],
)
def test_overrides_are_left_out_where_neither_old_nor_new_time_is_in_the_range(
    start: str, end: str, there: bool
) -> None:
    lines = select(SERIES, DataRequest(limit_recurrence_set=between(start, end)))
    assert ("SUMMARY:moved" in lines) is there
    assert "SUMMARY:usual" in lines
    assert "RRULE:FREQ=DAILY" in lines


def test_a_change_from_some_time_on_is_in_every_later_range() -> None:
    obj = read(
        "DTSTART:20260105\nRRULE:FREQ=DAILY",
        "RECURRENCE-ID;RANGE=THISANDFUTURE:20260110\nDTSTART:20260111\nSUMMARY:later",
    )
    early = DataRequest(limit_recurrence_set=between("20260106T000000", "20260107T000000"))
    late = DataRequest(limit_recurrence_set=between("20300106T000000", "20300107T000000"))
    assert "SUMMARY:later" not in select(obj, early)
    assert "SUMMARY:later" in select(obj, late)


def test_overrides_without_a_master_have_a_length_of_their_own() -> None:
    obj = read(
        "RECURRENCE-ID:20260105T090000Z\nDTSTART:20260107T090000Z\nDURATION:PT1H\nSUMMARY:only"
    )
    for start, there in (
        ("20260105T093000", True),
        ("20260105T100000", False),
        ("20260107T093000", True),
    ):
        asked = DataRequest(limit_recurrence_set=TimeRange(utc(start), utc(start) + 1))
        assert ("SUMMARY:only" in select(obj, asked)) is there


def test_periods_outside_the_range_are_left_out() -> None:
    obj = read(
        """FREEBUSY;FBTYPE=BUSY:20260105T090000Z/PT1H,20260106T090000Z/20260106T100000Z
        FREEBUSY:20260107T090000Z/PT1H
        COMMENT:a""",
        name="VFREEBUSY",
    )
    lines = select(
        obj, DataRequest(limit_freebusy_set=between("20260106T000000", "20260107T000000"))
    )
    assert body(lines) == [
        "BEGIN:VFREEBUSY", "UID:1", "FREEBUSY;FBTYPE=BUSY:20260106T090000Z/20260106T100000Z",
        "COMMENT:a", "END:VFREEBUSY",
    ]  # fmt: skip
