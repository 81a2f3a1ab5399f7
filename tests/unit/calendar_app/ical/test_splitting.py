"""Files of calendars, cut into objects."""

import pytest

from calendar_app.ical.components import BadStructure
from calendar_app.ical.objects import read_object
from calendar_app.ical.splitting import split_calendars
from tests.unit.calendar_app.ical.samples import calendar, component
from tests.unit.calendar_app.ical.test_rulezones import OURS

START = "DTSTART:20260105T090000Z"


def test_components_of_one_uid_are_one_object() -> None:
    data = calendar(
        "METHOD:PUBLISH\nX-WR-CALNAME:Work",
        component(f"UID:a\n{START}\nRRULE:FREQ=DAILY"),
        component(f"UID:b\n{START}"),
        component(f"UID:a\n{START}\nRECURRENCE-ID:20260106T090000Z"),
        component("UID:a\nSUMMARY:a", "VTODO"),
        component("X:1", "X-NOTE"),
    )
    objects = [read_object(piece) for piece in split_calendars(data)]
    assert [(one.ical_uid, one.component, len(one.entries)) for one in objects] == [
        ("a", "VEVENT", 2), ("b", "VEVENT", 1), ("a", "VTODO", 1),
    ]  # fmt: skip
    assert [line.name for line in objects[0].calendar.lines] == ["VERSION", "PRODID"]


def test_each_object_has_the_zones_that_it_names() -> None:
    alarm = component("TRIGGER;TZID=Alarming:20260105T090000", "VALARM")
    data = calendar(
        OURS,
        OURS.replace("Ours", "Alarming"),
        component(f"UID:a\nDTSTART;TZID=Ours:20260105T090000\n{alarm}"),
        component(f"UID:b\n{START}"),
    )
    first, second = split_calendars(data)
    assert first.count(b"BEGIN:VTIMEZONE") == 2
    assert second.count(b"BEGIN:VTIMEZONE") == 0
    assert first.index(b"VTIMEZONE") < first.index(b"VEVENT")


def test_a_zone_whose_name_is_escaped_is_found() -> None:
    zone = OURS.replace("Ours", "Here\\, and there")
    data = calendar(zone, component('DTSTART;TZID="Here, and there":20260105T090000'))
    (piece,) = split_calendars(data)
    assert read_object(piece).master is not None


def test_one_without_a_uid_gets_the_same_each_time() -> None:
    data = calendar(component(f"UID:\n{START}"), component(f"UID:\n{START}\nSUMMARY:a"))
    once = [read_object(piece).ical_uid for piece in split_calendars(data)]
    again = [read_object(piece).ical_uid for piece in split_calendars(data)]
    assert once == again
    assert len(set(once)) == 2


def test_a_file_may_hold_several_calendars_or_none() -> None:
    both = calendar(component(START)) + calendar(component(f"UID:2\n{START}"))
    assert [read_object(piece).ical_uid for piece in split_calendars(both)] == ["1", "2"]
    assert list(split_calendars(b"")) == []
    with pytest.raises(BadStructure):
        list(split_calendars(b"BEGIN:VCALENDAR"))
