"""CALDAV:calendar-query: the zone that floating times and days are in (RFC 4791 §7.3, 7809)."""

import pytest

from groupware.core.resources.queries import find_by_slug
from groupware.dav.names import caldav
from tests.services.dav.calendars import EVERYTHING, Asking, comp_filter, time_range

pytestmark = pytest.mark.django_db


def test_floating_times_are_in_the_zone_that_is_said(asking: Asking) -> None:
    asking.put_event("floating", "DTSTART:20260310T000000", "DURATION:PT1H")
    first_hour = comp_filter(time_range("20260310T000000Z", "20260310T010000Z"))
    hour_before = comp_filter(time_range("20260309T230000Z", "20260310T000000Z"))
    berlin = "<C:timezone-id>Europe/Berlin</C:timezone-id>"
    zone = (
        "<C:timezone>BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VTIMEZONE\r\nTZID:My own\r\n"
        "BEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0100\r\n"
        "END:STANDARD\r\nEND:VTIMEZONE\r\nEND:VCALENDAR\r\n</C:timezone>"
    )
    assert asking.found(first_hour) == {"floating"}
    assert asking.found(hour_before) == set()
    for said in (berlin, zone):
        assert asking.found(first_hour, said) == set()
        assert asking.found(hour_before, said) == {"floating"}
    day = comp_filter(time_range("20260331T220000Z", "20260331T230000Z"))
    assert asking.found(day) == set()
    assert asking.found(day, berlin) == {"day"}


def test_the_zone_of_the_calendar_counts_where_none_is_said(asking: Asking) -> None:
    from calendar_app.models import Calendar

    asking.put_event("floating", "DTSTART:20260310T000000", "DURATION:PT1H")
    hour_before = comp_filter(time_range("20260309T230000Z", "20260310T000000Z"))
    info = find_by_slug(asking.account.pk, "calendar")
    assert info is not None
    held = Calendar.objects.filter(collection_id=info.collection_id)
    own = (
        "BEGIN:VCALENDAR\r\nBEGIN:VTIMEZONE\r\nTZID:x\r\nBEGIN:STANDARD\r\nTZOFFSETFROM:+0100\r\n"
        "DTSTART:19700101T000000\r\nTZOFFSETTO:+0100\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
        "END:VCALENDAR\r\n"
    )
    for tzid, timezone, found in (
        ("Europe/Berlin", "", {"floating"}),
        ("x", own, {"floating"}),
        ("", "nonsense", set()),
        ("", "", set()),
    ):
        held.update(tzid=tzid, timezone=timezone)
        assert asking.found(hour_before) == found


@pytest.mark.parametrize(
    ("said", "condition"),
    [
        ("<C:timezone-id>Nowhere/At_All</C:timezone-id>", "valid-timezone"),
        ("<C:timezone-id/>", "valid-timezone"),
        ("<C:timezone>nonsense</C:timezone>", "valid-calendar-data"),
        ("<C:timezone>BEGIN:VCALENDAR\r\nEND:VCALENDAR</C:timezone>", "valid-calendar-data"),
    ],
)
def test_a_zone_that_is_none_is_refused(asking: Asking, said: str, condition: str) -> None:
    answer = asking.query(EVERYTHING, extra=said)
    assert (answer.status, answer.condition()) == (403, caldav(condition))
