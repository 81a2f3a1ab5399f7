"""People of the tests with a DAV client each."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from groupware.core.models import Account
    from tests.services.dav.calendars import Asking
    from tests.services.dav.client import DavClient


@pytest.fixture
def anns(ann: "Account") -> "DavClient":
    """Return ann's client."""
    from tests.services.dav.client import client_of

    return client_of(ann)


@pytest.fixture
def bens(ben: "Account") -> "DavClient":
    """Return ben's client."""
    from tests.services.dav.client import client_of

    return client_of(ben)


@pytest.fixture
def asking(ann: "Account", anns: "DavClient") -> "Asking":
    """Return a calendar with an event in March, one in May, a weekly one and a day."""
    from tests.services.dav.calendars import Asking

    held = Asking(ann, anns)
    held.put_event(
        "march",
        "DTSTART:20260310T090000Z",
        "DTEND:20260310T100000Z",
        "SUMMARY:Plan <&> \u00c4rger",
        "ATTENDEE;PARTSTAT=NEEDS-ACTION;CN=Ben:mailto:ben@example.test",
    )
    held.put_event("may", "DTSTART:20260510T090000Z", "DURATION:PT1H", "SUMMARY:Picnic")
    held.put_event(
        "weekly",
        "DTSTART;TZID=Europe/Berlin:20250106T090000",
        "DURATION:PT30M",
        "RRULE:FREQ=WEEKLY",
        "SUMMARY:Weekly plan",
        "BEGIN:VALARM",
        "ACTION:DISPLAY",
        "DESCRIPTION:soon",
        "TRIGGER:-PT15M",
        "END:VALARM",
    )
    held.put_event("day", "DTSTART;VALUE=DATE:20260401", "SUMMARY:All of a day")
    return held
