"""Objects as programs write them, with much that no form knows."""

from typing import Any

from calendar_app.ical.forms.editing import change_object
from calendar_app.ical.forms.reading import read_form
from calendar_app.ical.objects import read_object

NOW = 1_767_225_600
"""2026-01-01T00:00:00Z."""

SERIES = (
    b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Some//Program 1.0//EN\r\n"
    b"X-WR-CALNAME:Odd; and;not,escaped\r\n"
    b"BEGIN:VEVENT\r\nUID:standup@example.test\r\nDTSTAMP:20250101T000000Z\r\n"
    b"dtstart;tzid=Europe/Berlin:20260105T090000\r\nDTEND;TZID=Europe/Berlin:20260105T093000\r\n"
    b"RRULE:FREQ=WEEKLY;BYDAY=MO;UNTIL=20260202T080000Z\r\n"
    b"EXDATE;TZID=Europe/Berlin:20260112T090000\r\n"
    b"SUMMARY;LANGUAGE=en:Stand-up\r\n"
    b'X-Some-Thing;x-param="a;b":  kept   \r\n'
    b"ATTENDEE;CN=Ann;PARTSTAT=ACCEPTED;X-NUM=7:mailto:ann@example.test\r\n"
    b'ATTENDEE;CN="Bob; Jr";\r\n ROLE=OPT-PARTICIPANT:MAILTO:Bob@example.test\r\n'
    b"ORGANIZER;CN=Ann:mailto:ann@example.test\r\n"
    b"BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT10M\r\nX-MOZ:1\r\nDESCRIPTION:x\r\nEND:VALARM\r\n"
    b"BEGIN:VALARM\r\nACTION:PROCEDURE\r\nTRIGGER:-PT1M\r\nEND:VALARM\r\n"
    b"END:VEVENT\r\n"
    b"BEGIN:VEVENT\r\nUID:standup@example.test\r\nDTSTAMP:20250101T000000Z\r\n"
    b"RECURRENCE-ID;TZID=Europe/Berlin:20260119T090000\r\n"
    b"DTSTART;TZID=Europe/Berlin:20260119T110000\r\nDTEND;TZID=Europe/Berlin:20260119T113000\r\n"
    b"SUMMARY:Late stand-up\r\nX-KEEP:1\r\nEND:VEVENT\r\n"
    b"END:VCALENDAR\r\n"
)


def form_of(data: bytes) -> dict[str, Any]:
    """Return the form of an object."""
    return read_form(read_object(data))


def change(data: bytes, **changes: object) -> bytes:
    """Return an object with changes, which can be read."""
    changed = change_object(data, read_object(data), changes, NOW)
    read_object(changed)
    return changed


def lines_of(data: bytes) -> list[bytes]:
    """Return the lines of an object, without those that tell of a change itself."""
    told = (b"DTSTAMP", b"LAST-MODIFIED", b"SEQUENCE")
    return [line for line in data.split(b"\r\n") if not line.startswith(told)]
