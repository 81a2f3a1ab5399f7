"""CALDAV:free-busy-query (RFC 4791 §7.10, RFC 7953): when somebody is busy, for whom and how."""

from typing import Any

import pytest

from calendar_app.models import Calendar
from groupware.core import limits
from groupware.core.models import Account
from groupware.core.resources.queries import find_by_slug
from groupware.core.rights import grant, parse_rights
from groupware.dav.names import dav
from tests.conftest import SetLimit
from tests.services.dav.calendars import Asking, time_range
from tests.services.dav.client import Answer, DavClient
from tests.services.dav.samples import calendar

pytestmark = pytest.mark.django_db

DAY = ("20260310T000000Z", "20260311T000000Z")


@pytest.fixture
def asking(ann: Account, anns: DavClient) -> Asking:
    """Return a calendar with a few events on one day."""
    held = Asking(ann, anns)
    nine, ten = "DTSTART:20260310T090000Z", "DTSTART:20260310T100000Z"
    held.put_event("busy", nine, "DURATION:PT1H", "SUMMARY:Secret")
    held.put_event("beside", ten, "DURATION:PT30M", "CLASS:PRIVATE")
    held.put_event("free", "DTSTART:20260310T120000Z", "DURATION:PT1H", "TRANSP:TRANSPARENT")
    held.put_event("gone", "DTSTART:20260310T130000Z", "DURATION:PT1H", "STATUS:CANCELLED")
    held.put_event("perhaps", "DTSTART:20260310T140000Z", "DURATION:PT1H", "STATUS:TENTATIVE")
    held.put_event(
        "weekly",
        "DTSTART;TZID=Europe/Berlin:20250107T190000",
        "DURATION:PT1H",
        "RRULE:FREQ=WEEKLY",
        "EXDATE;TZID=Europe/Berlin:20260303T190000",
    )
    return held


def ask(client: DavClient, path: str, inner: str = "", **headers: str) -> Answer:
    """Ask when somebody is busy."""
    return client.report(path, "C:free-busy-query", inner or time_range(*DAY), **headers)


def periods(answer: Answer) -> list[str]:
    """Return what an answer tells, as TYPE start/end."""
    assert answer.status == 200, answer.body
    assert answer.headers["content-type"].startswith("text/calendar")
    told: list[str] = []
    for line in answer.body.replace(b"\r\n ", b"").decode().splitlines():
        name, _, value = line.partition(":")
        if name.startswith("FREEBUSY"):
            kind = name.partition("FBTYPE=")[2]
            told += [f"{kind} {period}" for period in value.split(",")]
    return told


BUSY = [
    "BUSY 20260310T090000Z/20260310T103000Z",
    "BUSY 20260310T180000Z/20260310T190000Z",
    "BUSY-TENTATIVE 20260310T140000Z/20260310T150000Z",
]


def test_busy_times_are_merged_and_told_without_anything_else(asking: Asking) -> None:
    answer = ask(asking.client, asking.path, Depth="1")
    assert periods(answer) == BUSY
    text = answer.body.decode()
    assert "BEGIN:VFREEBUSY\r\n" in text
    assert f"DTSTART:{DAY[0]}\r\nDTEND:{DAY[1]}\r\n" in text
    assert "Secret" not in text
    before = time_range("20260303T000000Z", "20260304T000000Z")
    assert periods(ask(asking.client, asking.path, before)) == []
    cut = time_range("20260310T093000Z", "20260310T100000Z")
    assert periods(ask(asking.client, asking.path, cut)) == [
        "BUSY 20260310T093000Z/20260310T100000Z"
    ]


def test_who_may_learn_when_somebody_is_busy_need_not_read(
    asking: Asking, ben: Account, bens: DavClient
) -> None:
    assert ask(bens, asking.path).status == 404
    account = Account.objects.get(pk=asking.account.pk)
    held = account.collections.get(kind="calendars", face__slug="calendar")
    grant(account, held, ben, parse_rights("free-busy"))
    assert periods(ask(bens, asking.path)) == BUSY
    query = "<C:filter><C:comp-filter name='VCALENDAR'/></C:filter>"
    answer = bens.report(asking.path, "C:calendar-query", query, Depth="1")
    assert (answer.status, answer.condition()) == (403, dav("need-privileges"))
    grant(account, held, ben, parse_rights("read"))
    assert periods(ask(bens, asking.path)) == BUSY


def test_a_transparent_calendar_leaves_its_owner_free(asking: Asking) -> None:
    info = find_by_slug(asking.account.pk, "calendar")
    assert info is not None
    Calendar.objects.filter(collection_id=info.collection_id).update(is_transparent=True)
    assert periods(ask(asking.client, asking.path)) == []


def test_floating_days_are_in_the_zone_of_the_calendar(asking: Asking) -> None:
    asking.put_event("day", "DTSTART;VALUE=DATE:20260312")
    info = find_by_slug(asking.account.pk, "calendar")
    assert info is not None
    span = time_range("20260311T000000Z", "20260314T000000Z")
    assert periods(ask(asking.client, asking.path, span)) == [
        "BUSY 20260312T000000Z/20260313T000000Z"
    ]
    Calendar.objects.filter(collection_id=info.collection_id).update(tzid="Europe/Berlin")
    assert periods(ask(asking.client, asking.path, span)) == [
        "BUSY 20260311T230000Z/20260312T230000Z"
    ]


@pytest.mark.parametrize(
    "inner",
    [
        "<C:nothing/>",
        "<C:time-range start='20260310T000000Z'/>",
        "<C:time-range start='x' end='y'/>",
    ],
)
def test_a_query_names_a_whole_range(asking: Asking, inner: str) -> None:
    assert ask(asking.client, asking.path, inner).status == 400


def test_only_calendars_are_asked(asking: Asking) -> None:
    for path in (
        f"/{asking.account.pk}/",
        f"/{asking.account.pk}/contacts/",
        f"{asking.path}busy.ics",
    ):
        answer = ask(asking.client, path)
        assert (answer.status, answer.condition()) == (403, dav("supported-report"))


def test_a_month_is_answered_from_the_index_alone(
    asking: Asking, django_assert_num_queries: Any
) -> None:
    ask(asking.client, asking.path)
    with django_assert_num_queries(5) as held:
        ask(asking.client, asking.path, time_range())
    assert not [query for query in held.captured_queries if "resourcedata" in query["sql"]]


def test_too_much_that_repeats_is_refused(asking: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    from calendar_app.queries import spans

    monkeypatch.setattr(spans, "FUEL_OF_A_QUERY", 0)
    far = time_range("20900101T000000Z", "20910101T000000Z")
    answer = ask(asking.client, asking.path, far)
    assert (answer.status, answer.condition()) == (403, dav("number-of-matches-within-limits"))
    filtered = (
        "<C:filter><C:comp-filter name='VCALENDAR'><C:comp-filter name='VEVENT'>"
        f"{far}</C:comp-filter></C:comp-filter></C:filter>"
    )
    assert asking.query(filtered).condition() == dav("number-of-matches-within-limits")


def availability(name: str, *lines: str) -> bytes:
    """Return a VAVAILABILITY."""
    head = ("BEGIN:VAVAILABILITY", f"UID:{name}", "DTSTAMP:20260101T000000Z")
    return calendar(*head, *lines, "END:VAVAILABILITY")


def available(name: str, *lines: str) -> tuple[str, ...]:
    """Return the lines of an AVAILABLE."""
    return ("BEGIN:AVAILABLE", f"UID:{name}", "DTSTAMP:20260101T000000Z", *lines, "END:AVAILABLE")


def test_an_availability_makes_busy_what_is_not_available(
    asking: Asking, set_limit: SetLimit
) -> None:
    info = find_by_slug(asking.account.pk, "calendar")
    assert info is not None
    Calendar.objects.filter(collection_id=info.collection_id).update(
        components="VEVENT VAVAILABILITY"
    )
    office = available(
        "office",
        "DTSTART;TZID=Europe/Berlin:20260105T090000",
        "DTEND;TZID=Europe/Berlin:20260105T170000",
        "RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR",
    )
    asking.put("hours", availability("hours", *office))
    told = periods(ask(asking.client, asking.path))
    held = limits.DAV_ANSWER.value
    set_limit(limits.DAV_ANSWER, 10)
    answer = ask(asking.client, asking.path)
    set_limit(limits.DAV_ANSWER, held)
    assert (answer.status, answer.condition()) == (403, dav("number-of-matches-within-limits"))
    set_limit(limits.RESOURCE_SIZE, 100)
    assert periods(ask(asking.client, asking.path)) == BUSY  # it can no longer be read
    assert sorted(told) == sorted(
        [
            "BUSY-UNAVAILABLE 20260310T000000Z/20260310T080000Z",
            "BUSY-UNAVAILABLE 20260310T160000Z/20260310T180000Z",
            "BUSY-UNAVAILABLE 20260310T190000Z/20260311T000000Z",
            *BUSY,
        ]
    )
