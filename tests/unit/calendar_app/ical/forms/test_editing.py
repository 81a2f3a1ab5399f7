"""What changed of a form is written, and nothing else."""

import pytest

from calendar_app.ical.forms.editing import Made, change_object, new_object
from calendar_app.ical.objects import read_object
from contacts.vcard.forms.errors import BadField
from tests.unit.calendar_app.ical.forms.samples import NOW, SERIES, change, form_of, lines_of

EVENT = {"title": "Lunch", "start": "2026-03-02T12:00:00", "time_zone": "Europe/Berlin"}
MADE = Made("lunch@example.test", NOW)


def test_a_form_sent_back_as_it_was_read_changes_no_octet() -> None:
    assert change(SERIES, **form_of(SERIES)) == SERIES


def test_what_a_form_does_not_know_stays_byte_for_byte() -> None:
    changed = change(SERIES, title="Short stand-up", location="Room 2")
    before, after = lines_of(SERIES), lines_of(changed)
    assert [line for line in before if line not in after] == [b"SUMMARY;LANGUAGE=en:Stand-up"]
    assert sorted(line for line in after if line not in before) == [
        b"LOCATION:Room 2",
        b"SUMMARY;LANGUAGE=en:Short stand-up",
    ]


def test_bare_line_feeds_and_strange_folds_stay_where_nothing_changed() -> None:
    data = SERIES.replace(b"\r\n", b"\n").replace(b"kept", b"ke\n\tpt")
    changed = change(data, title="Other")
    assert b'X-Some-Thing;x-param="a;b":  ke\n\tpt   \n' in changed


def test_a_change_is_noted_in_the_event() -> None:
    changed = change(SERIES, title="Other")
    assert b"DTSTAMP:20260101T000000Z\r\n" in changed
    assert b"LAST-MODIFIED:20260101T000000Z\r\n" in changed
    assert b"SEQUENCE" not in changed


def test_another_time_raises_the_sequence() -> None:
    moved = change(change(SERIES, start="2026-01-05T10:00:00"), start="2026-01-05T11:00:00")
    assert form_of(moved)["sequence"] == 2


def test_a_new_start_moves_the_end_along() -> None:
    form = form_of(change(SERIES, start="2026-01-06T15:00:00"))
    assert form["end"] == "2026-01-06T15:30:00"
    assert form["duration"] == "PT30M"


def test_exceptions_and_the_end_of_a_series_move_with_its_start() -> None:
    form = form_of(change(SERIES, start="2026-01-05T10:00:00"))
    assert form["excluded"] == ["20260112T090000Z"]
    (override,) = form["overrides"]
    assert override["recurrence_id"] == "20260119T090000Z"
    assert override["start"] == "2026-01-19T11:00:00"
    assert form["recurrence_rule"] == "FREQ=WEEKLY;BYDAY=MO;UNTIL=20260202T090000Z"


def test_exceptions_follow_a_series_to_whole_days_and_back() -> None:
    days = change(SERIES, start="2026-01-05", duration="P1D")
    assert form_of(days)["excluded"] == ["20260112"]
    assert form_of(days)["recurrence_rule"] == "FREQ=WEEKLY;BYDAY=MO;UNTIL=20260202"
    times = change(days, start="2026-01-05T08:00:00", time_zone="Europe/Berlin", duration="PT1H")
    assert form_of(times)["excluded"] == ["20260112T070000Z"]


def test_another_zone_keeps_the_time_of_the_clock() -> None:
    form = form_of(change(SERIES, time_zone="America/New_York"))
    assert form["start"] == "2026-01-05T09:00:00"
    assert form["excluded"] == ["20260112T140000Z"]


def test_participants_that_stay_keep_what_programs_say_of_them() -> None:
    people = [{"email": "ann@example.test", "status": "declined"}, {"email": "eve@example.test"}]
    changed = change(SERIES, participants=people)
    assert b"ATTENDEE;CN=Ann;PARTSTAT=DECLINED;X-NUM=7;ROLE=REQ-PARTICIPANT:" in changed
    assert b"bob" not in changed.lower()
    assert [each["email"] for each in form_of(changed)["participants"]] == [
        "ann@example.test",
        "eve@example.test",
    ]


def test_alerts_that_stay_keep_their_octets_and_those_of_no_form_stay_too() -> None:
    alerts = [{"offset": "-PT10M"}, {"offset": "PT0S", "related": "end", "action": "audio"}]
    changed = change(SERIES, alerts=alerts)
    assert b"X-MOZ:1\r\n" in changed
    assert b"ACTION:PROCEDURE\r\n" in changed
    assert b"TRIGGER;RELATED=END:PT0S\r\n" in changed
    assert b"X-MOZ" not in change(changed, alerts=[])


def test_a_new_event_has_the_zone_that_it_names() -> None:
    data = new_object("VEVENT", EVENT, MADE)
    assert b"BEGIN:VTIMEZONE\r\n" in data
    form = form_of(data)
    assert form["start"] == "2026-03-02T12:00:00"
    assert form["time_zone"] == "Europe/Berlin"
    assert form["end"] == "2026-03-02T13:00:00"
    assert form["created_at"] == "2026-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"start": "2026-03-02", "duration": "P2D"}, ("2026-03-02", "2026-03-04", None)),
        (
            {"start": "2026-03-02T10:00:00Z"},
            ("2026-03-02T10:00:00", "2026-03-02T11:00:00", "UTC"),
        ),
        (
            {"start": "2026-03-02T10:00:00", "time_zone": None, "end": "2026-03-02T10:05:00"},
            ("2026-03-02T10:00:00", "2026-03-02T10:05:00", None),
        ),
        (
            {"start": "2026-03-28T12:00:00", "time_zone": "Europe/Berlin", "duration": "P1D"},
            ("2026-03-28T12:00:00", "2026-03-29T12:00:00", "Europe/Berlin"),
        ),
    ],
)
def test_times_are_read_as_they_were_written(
    fields: dict[str, object], told: tuple[str, str, str | None]
) -> None:
    form = form_of(new_object("VEVENT", {"title": "x", **fields}, MADE))
    assert (form["start"], form["end"], form["time_zone"]) == told


def test_a_task_that_is_done_says_when() -> None:
    task = new_object("VTODO", {"title": "Tax", "due": "2026-05-31"}, MADE)
    assert form_of(task)["status"] == "needs-action"
    done = change(task, status="completed")
    assert form_of(done)["completed_at"] == "2026-01-01T00:00:00Z"
    assert form_of(done)["percent"] == 100
    reopened = form_of(change(done, status="in-process", percent=30))
    assert (reopened["completed_at"], reopened["percent"]) == (None, 30)


def test_a_task_is_led_to_its_parent_and_keeps_other_relations() -> None:
    task = new_object("VTODO", {"title": "Part", "parent_uid": "one@example.test"}, MADE)
    related = task.replace(b"SUMMARY:", b"RELATED-TO;RELTYPE=SIBLING:two\r\nSUMMARY:")
    changed = change(related, parent_uid="three@example.test")
    assert form_of(changed)["parent_uid"] == "three@example.test"
    assert b"RELATED-TO;RELTYPE=SIBLING:two\r\n" in changed


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"start": "2026-01-05T10:00:00+01:00"}, "start"),
        ({"start": "tomorrow"}, "start"),
        ({"start": "0001-01-01T00:00:00"}, "start"),
        ({"start": None}, "start"),
        ({"end": "2026-01-05T08:00:00"}, "end"),
        ({"end": "2026-01-05T10:00:00", "duration": "PT1H"}, "duration"),
        ({"end": "2026-01-06"}, "end"),
        ({"duration": "-PT1H"}, "duration"),
        ({"duration": "an hour"}, "duration"),
        ({"time_zone": "Europe/Atlantis"}, "time_zone"),
        ({"start": "2026-01-05", "time_zone": "Asia/Tokyo"}, "time_zone"),
        ({"recurrence_rule": "FREQ=SOMETIMES"}, "recurrence_rule"),
        ({"title": "a\x00b"}, "title"),
        ({"url": "no address"}, "url"),
        ({"color": "light green"}, "color"),
        ({"participants": [{"email": "nobody"}]}, "participants"),
        ({"participants": [{"email": "A@b.test"}, {"email": "a@b.test"}]}, "participants"),
        ({"organizer": {"email": "ann@example.test", "name": "a\r\nb"}}, "organizer"),
        ({"alerts": [{}]}, "alerts"),
        ({"alerts": [{"offset": "soon"}]}, "alerts"),
        ({"alerts": [{"at": "2026-01-05T10:00:00"}]}, "alerts"),
        ({"alerts": [{"offset": "-PT1M", "action": "email"}]}, "alerts"),
        ({"alerts": [{"offset": "-P9999D"}]}, "alerts"),
    ],
)
def test_what_cannot_be_is_told_by_its_field(changes: dict[str, object], field: str) -> None:
    with pytest.raises(BadField) as caught:
        change_object(SERIES, read_object(SERIES), changes, NOW)
    assert caught.value.field == field


def test_a_new_time_without_a_zone_is_asked_for_one() -> None:
    with pytest.raises(BadField, match="In which zone"):
        new_object("VEVENT", {"title": "x", "start": "2026-03-02T12:00:00"}, MADE)
