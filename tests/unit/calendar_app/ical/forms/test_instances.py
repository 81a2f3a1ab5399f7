"""Single instances of a series are changed and taken out."""

import pytest

from calendar_app.ical.forms.instances import (
    NoInstance,
    change_instance,
    find_instance,
    read_instance,
    remove_instance,
)
from calendar_app.ical.objects import read_object
from calendar_app.ical.recurrence import expand
from calendar_app.ical.values import to_datetime
from tests.unit.calendar_app.ical.forms.samples import NOW, SERIES, form_of, lines_of

YEAR = (1_767_225_600, 1_798_761_600)


def change(data: bytes, recurrence_id: str, **changes: object) -> bytes:
    return change_instance(data, read_object(data), recurrence_id, changes, NOW)


def starts(data: bytes) -> list[str]:
    return [to_datetime(seen.start).isoformat() for seen in expand(read_object(data), *YEAR)]


def test_an_instance_that_is_changed_becomes_an_override() -> None:
    changed = change(SERIES, "20260126T080000Z", title="In the garden")
    assert [each["title"] for each in form_of(changed)["overrides"]] == [
        "Late stand-up",
        "In the garden",
    ]
    assert starts(changed) == starts(SERIES)
    assert lines_of(changed)[: len(lines_of(SERIES)) - 2] == lines_of(SERIES)[:-2]


def test_a_new_override_has_what_the_series_says_and_no_form_knows() -> None:
    changed = change(SERIES, "20260126T080000Z", title="In the garden")
    override = changed[changed.rindex(b"BEGIN:VEVENT") :]
    assert b'X-Some-Thing;x-param="a;b":  kept   \r\n' in override
    assert b"RRULE" not in override
    assert b"RECURRENCE-ID;TZID=Europe/Berlin:20260126T090000\r\n" in override


def test_an_instance_is_moved_alone() -> None:
    changed = change(SERIES, "20260126T080000Z", start="2026-01-27T14:00:00")
    assert starts(changed) == [
        "2026-01-05T08:00:00",
        "2026-01-19T10:00:00",
        "2026-01-27T13:00:00",
        "2026-02-02T08:00:00",
    ]


def test_an_override_is_changed_again_where_it_stands() -> None:
    changed = change(SERIES, "20260119T080000Z", location="Hall")
    assert b"SUMMARY:Late stand-up\r\nX-KEEP:1\r\n" in changed
    assert changed.count(b"BEGIN:VEVENT") == 2


def test_nothing_is_written_where_nothing_differs() -> None:
    assert change(SERIES, "20260126T080000Z", title="Stand-up") == SERIES


@pytest.mark.parametrize("recurrence_id", ["20260126T080000Z", "20260119T080000Z"])
def test_an_instance_is_taken_out(recurrence_id: str) -> None:
    left = remove_instance(SERIES, read_object(SERIES), recurrence_id, NOW)
    assert len(starts(left)) == len(starts(SERIES)) - 1
    with pytest.raises(NoInstance):
        find_instance(read_object(left), recurrence_id)


@pytest.mark.parametrize(
    "recurrence_id", ["20260112T080000Z", "20260126T090000Z", "20260126", "never", ""]
)
def test_what_is_no_instance_is_told(recurrence_id: str) -> None:
    with pytest.raises(NoInstance):
        change(SERIES, recurrence_id, title="x")


def test_whole_days_are_taken_out_by_their_dates() -> None:
    data = (
        b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTART;VALUE=DATE:20260101\r\n"
        b"RRULE:FREQ=DAILY;COUNT=3\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    left = remove_instance(data, read_object(data), "20260102", NOW)
    assert b"EXDATE;VALUE=DATE:20260102\r\n" in left
    assert len(starts(left)) == 2


def test_an_instance_is_read_at_its_own_times() -> None:
    own = read_instance(read_object(SERIES), "20260119T080000Z")
    assert (own["title"], own["start"]) == ("Late stand-up", "2026-01-19T11:00:00")
    other = read_instance(read_object(SERIES), "20260126T080000Z")
    assert (other["title"], other["start"]) == ("Stand-up", "2026-01-26T09:00:00")
    assert (other["end"], other["duration"]) == ("2026-01-26T09:30:00", "PT30M")
