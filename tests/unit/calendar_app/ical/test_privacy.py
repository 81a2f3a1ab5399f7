"""What a reader sees without the right to private details."""

from calendar_app.ical.objects import read_object
from calendar_app.ical.privacy import is_hidden, is_veiled, veil
from calendar_app.ical.serialize import serialize_component
from tests.unit.calendar_app.ical.samples import calendar, component, starts
from tests.unit.calendar_app.ical.test_rulezones import OURS


def test_private_is_hidden_and_confidential_is_veiled() -> None:
    assert [is_hidden(word) for word in ("", "private", "confidential")] == [False, True, False]
    assert [is_veiled(word) for word in ("", "private", "confidential")] == [False, False, True]


def test_a_veiled_object_has_the_same_times_and_says_nothing_else() -> None:
    alarm = component("UID:2\nACTION:DISPLAY\nDESCRIPTION:secret", "VALARM")
    obj = read_object(
        calendar(
            "X-WR-CALNAME:secret",
            OURS.replace("TZID:Ours", "TZID:Ours\nCOMMENT:secret\nX-LIC-LOCATION:secret"),
            component(
                f"""DTSTART;TZID=Ours;X-NOTE=secret:20260105T090000
                DURATION:PT1H
                RRULE:FREQ=DAILY;COUNT=3
                EXDATE;TZID=Ours:20260106T090000
                CLASS:CONFIDENTIAL
                SUMMARY:secret
                DESCRIPTION:secret
                ATTENDEE;CN=secret:mailto:secret@example.org
                X-SECRET:secret
                {alarm}"""
            ),
            component(
                "RECURRENCE-ID;TZID=Ours:20260107T090000\nDTSTART;TZID=Ours:20260107T110000\nSUMMARY:secret"
            ),
            component("SUMMARY:secret", "X-NOTES"),
        )
    )
    assert b"secret" in serialize_component(obj.calendar.children_named("VTIMEZONE")[0])
    data = veil(obj)
    assert b"secret" not in data.lower()
    seen = read_object(data)
    assert (seen.ical_uid, seen.summary, seen.classification) == ("1", "Busy", "confidential")
    assert not seen.has_alarm
    window = ("20260101T000000", "20270101T000000")
    assert starts(seen, *window) == starts(obj, *window) == ["20260105T0800Z", "20260107T1000Z"]
