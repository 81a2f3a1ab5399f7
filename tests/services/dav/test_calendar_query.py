"""CALDAV:calendar-query (RFC 4791 §7.8): what filters find, and what is refused."""

from typing import Any

import pytest

from groupware.core import limits
from groupware.core.models import Account
from groupware.core.resources.items import Content, put_resource
from groupware.core.resources.queries import find_by_slug
from groupware.core.rights import grant, parse_rights
from groupware.dav.names import caldav, dav
from groupware.dav.reports.card_filters import MAX_CONDITIONS
from tests.conftest import SetLimit
from tests.services.dav.calendars import EVERYTHING, Asking, comp_filter, time_range
from tests.services.dav.client import DavClient
from tests.services.dav.samples import calendar

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("inner", "found"),
    [
        ("", {"march", "may", "weekly", "day"}),
        (time_range(), {"march", "weekly"}),
        (time_range("20260510T095959Z", "20260510T100000Z"), {"may"}),
        (time_range("20260510T100000Z", "20260510T110000Z"), set()),
        ("<C:time-range start='20260402T000000Z'/>", {"may", "weekly"}),
        ("<C:time-range end='20250101T000000Z'/>", set()),
        (time_range("20240101T000000Z", "20250106T083000Z"), {"weekly"}),
        ("<C:prop-filter name='ATTENDEE'/>", {"march"}),
        (
            "<C:prop-filter name='RRULE'><C:is-not-defined/></C:prop-filter>",
            {"march", "may", "day"},
        ),
        (
            "<C:prop-filter name='summary'><C:text-match>PLAN</C:text-match></C:prop-filter>",
            {"march", "weekly"},
        ),
        (
            "<C:prop-filter name='SUMMARY'><C:text-match collation='i;octet'>Plan</C:text-match></C:prop-filter>",
            {"march"},
        ),
        (
            "<C:prop-filter name='SUMMARY'><C:text-match collation='i;unicode-casemap'>\u00e4RGER</C:text-match></C:prop-filter>",
            {"march"},
        ),
        (
            "<C:prop-filter name='SUMMARY'><C:text-match>\u00e4rger</C:text-match></C:prop-filter>",
            set(),
        ),
        (
            "<C:prop-filter name='SUMMARY'><C:text-match negate-condition='yes'>plan</C:text-match></C:prop-filter>",
            {"may", "day"},
        ),
        ("<C:prop-filter name='UID'><C:text-match>MAR</C:text-match></C:prop-filter>", {"march"}),
        (
            "<C:prop-filter name='UID'><C:text-match collation='i;octet'>MAR</C:text-match></C:prop-filter>",
            set(),
        ),
        (
            "<C:prop-filter name='ATTENDEE'><C:text-match>mailto:ben@</C:text-match></C:prop-filter>",
            {"march"},
        ),
        (
            (
                "<C:prop-filter name='ATTENDEE'><C:param-filter name='partstat'>"
                "<C:text-match>needs-action</C:text-match></C:param-filter></C:prop-filter>"
            ),
            {"march"},
        ),
        (
            (
                "<C:prop-filter name='ATTENDEE'><C:param-filter name='ROLE'><C:is-not-defined/>"
                "</C:param-filter></C:prop-filter>"
            ),
            {"march"},
        ),
        (f"<C:prop-filter name='DTSTART'>{time_range()}</C:prop-filter>", {"march"}),
        ("<C:comp-filter name='VALARM'/>", {"weekly"}),
        (
            "<C:comp-filter name='VALARM'><C:is-not-defined/></C:comp-filter>",
            {"march", "may", "day"},
        ),
        (
            (
                f"<C:comp-filter name='VALARM'>{time_range('20260302T074500Z', '20260302T074600Z')}"
                "</C:comp-filter>"
            ),
            {"weekly"},
        ),
        (
            (
                f"{time_range()}<C:prop-filter name='SUMMARY'><C:text-match>picnic</C:text-match>"
                "</C:prop-filter>"
            ),
            set(),
        ),
        (
            (
                f"{time_range()}<C:prop-filter name='SUMMARY'><C:text-match>weekly</C:text-match>"
                "</C:prop-filter>"
            ),
            {"weekly"},
        ),
    ],
)
def test_filters_find_what_they_say(asking: Asking, inner: str, found: set[str]) -> None:
    assert asking.found(comp_filter(inner)) == found


def test_filters_of_the_calendar_itself(asking: Asking) -> None:
    everything = {"march", "may", "weekly", "day"}
    assert asking.found(EVERYTHING) == everything
    gone = (
        "<C:filter><C:comp-filter name='VCALENDAR'><C:is-not-defined/></C:comp-filter></C:filter>"
    )
    assert asking.found(gone) == set()
    with_prop = EVERYTHING.replace(
        "name='VCALENDAR'/>",
        "name='VCALENDAR'><C:prop-filter name='VERSION'><C:text-match>2.0</C:text-match>"
        "</C:prop-filter></C:comp-filter>",
    )
    assert asking.found(with_prop) == everything
    assert asking.found(with_prop.replace("2.0", "3.0")) == set()
    assert asking.found(comp_filter("<C:is-not-defined/>")) == set()
    assert asking.found(comp_filter("<C:is-not-defined/>", "VTODO")) == everything
    assert asking.found(comp_filter("", "VTIMEZONE")) == set()
    assert asking.found(comp_filter("", "X-OTHER")) == set()
    both = comp_filter("").replace(
        "</C:comp-filter></C:filter>", "<C:comp-filter name='VTODO'/></C:comp-filter></C:filter>"
    )
    assert asking.found(both) == set()


def test_a_query_of_both_time_and_content_meets_one_instance(asking: Asking) -> None:
    lines = ("DTSTART:20260301T100000Z", "DURATION:PT1H", "SUMMARY:Usual")
    override = (
        "END:VEVENT",
        "BEGIN:VEVENT",
        "UID:series",
        "DTSTAMP:20260101T000000Z",
        "RECURRENCE-ID:20260308T100000Z",
        "DTSTART:20260308T100000Z",
        "DURATION:PT1H",
        "SUMMARY:Special",
    )
    asking.put_event("series", *lines, "RRULE:FREQ=WEEKLY;COUNT=3", *override)
    special = "<C:prop-filter name='SUMMARY'><C:text-match>special</C:text-match></C:prop-filter>"
    on_eighth = time_range("20260308T000000Z", "20260309T000000Z")
    on_fifteenth = time_range("20260315T000000Z", "20260316T000000Z")
    assert asking.found(comp_filter(on_eighth + special)) == {"series"}
    assert asking.found(comp_filter(on_fifteenth + special)) == set()


def test_tasks_are_found_by_their_times_or_without(
    asking: Asking, ann: Account, anns: DavClient
) -> None:
    tasks = Asking(ann, anns, "tasks")
    for name, *lines in (
        ("due", "DUE:20260310T100000Z"),
        ("later", "DUE:20260510T100000Z"),
        ("any",),
        ("done", "CREATED:20250101T000000Z", "COMPLETED:20250201T000000Z"),
    ):
        head = ("BEGIN:VTODO", f"UID:{name}", "DTSTAMP:20260101T000000Z")
        tasks.put(name, calendar(*head, *lines, "END:VTODO"))
    assert tasks.found(comp_filter(time_range(), "VTODO")) == {"due", "any"}
    open_tasks = "<C:prop-filter name='COMPLETED'><C:is-not-defined/></C:prop-filter>"
    assert tasks.found(comp_filter(open_tasks, "VTODO")) == {"due", "later", "any"}
    assert tasks.found(comp_filter(time_range())) == set()


@pytest.mark.parametrize(
    ("filtered", "condition"),
    [
        ("", "valid-filter"),
        ("<C:filter/>", "valid-filter"),
        ("<C:filter><C:comp-filter name='VEVENT'/></C:filter>", "valid-filter"),
        ("<C:filter><C:comp-filter/></C:filter>", "valid-filter"),
        (
            EVERYTHING.replace(
                "<C:comp-filter name='VCALENDAR'/>", "<C:comp-filter name='VCALENDAR'/>" * 2
            ),
            "valid-filter",
        ),
        (comp_filter("", "VALARM"), "valid-filter"),
        (comp_filter("<C:comp-filter name='VTODO'/>"), "valid-filter"),
        (comp_filter("<C:comp-filter name='VCALENDAR'/>"), "valid-filter"),
        (comp_filter("<C:time-range/>"), "valid-filter"),
        (comp_filter("<C:time-range start='20260101'/>"), "valid-filter"),
        (comp_filter("<C:time-range start='20260101T000000'/>"), "valid-filter"),
        (comp_filter("<C:time-range start='20261301T000000Z'/>"), "valid-filter"),
        (comp_filter(time_range("20260102T000000Z", "20260101T000000Z")), "valid-filter"),
        (comp_filter(time_range() * 2), "valid-filter"),
        (comp_filter(time_range(), "VTIMEZONE"), "valid-filter"),
        (comp_filter("<C:is-not-defined/><C:prop-filter name='X'/>"), "valid-filter"),
        (comp_filter("<C:prop-filter/>"), "valid-filter"),
        (
            comp_filter("<C:prop-filter name='X'><C:text-match/><C:text-match/></C:prop-filter>"),
            "valid-filter",
        ),
        (
            comp_filter(f"<C:prop-filter name='X'><C:text-match/>{time_range()}</C:prop-filter>"),
            "valid-filter",
        ),
        (
            comp_filter("<C:prop-filter name='X'><C:text-match match-type='x'/></C:prop-filter>"),
            "valid-filter",
        ),
        (comp_filter("<C:nothing/>"), "supported-filter"),
        (comp_filter("<C:prop-filter name='X'><C:nothing/></C:prop-filter>"), "supported-filter"),
        (comp_filter("<C:prop-filter name='X'/>" * MAX_CONDITIONS), "supported-filter"),
        (
            comp_filter("<C:prop-filter name='X'><C:text-match collation='i;x'/></C:prop-filter>"),
            "supported-collation",
        ),
        (comp_filter("<C:time-range start='00000101T000000Z'/>"), "min-date-time"),
        (comp_filter("<C:time-range end='100000101T000000Z'/>"), "max-date-time"),
    ],
)
def test_a_filter_that_is_none_is_refused(asking: Asking, filtered: str, condition: str) -> None:
    answer = asking.query(filtered)
    assert (answer.status, answer.condition()) == (403, caldav(condition))


def test_the_query_reaches_members_at_depth_one_and_not_at_zero(asking: Asking) -> None:
    assert len(asking.query(EVERYTHING, Depth="infinity").responses()) == 4
    assert asking.query(EVERYTHING, Depth="0").responses() == {}
    without = asking.client.report(asking.path, "C:calendar-query", EVERYTHING)
    assert len(without.responses()) == 4


def test_an_object_itself_is_found_or_not(asking: Asking) -> None:
    path = f"{asking.path}weekly.ics"
    for inner, found in ((time_range(), [path]), ("<C:prop-filter name='ATTENDEE'/>", [])):
        body = f"<D:prop><D:getetag/></D:prop>{comp_filter(inner)}"
        answer = asking.client.report(path, "C:calendar-query", body, Depth="0")
        assert list(answer.responses()) == found


def test_more_than_is_told_at_once_is_refused(asking: Asking, set_limit: SetLimit) -> None:
    slow = comp_filter("<C:prop-filter name='SUMMARY'/>")
    set_limit(limits.DAV_RESULTS, 4)
    assert asking.query(EVERYTHING).status == asking.query(slow).status == 207
    set_limit(limits.DAV_RESULTS, 3)
    for filtered in (EVERYTHING, slow):
        for prop in ("<D:getetag/>", "<C:calendar-data/>"):
            answer = asking.query(filtered, prop)
            assert answer.status == 403
            assert answer.condition() == dav("number-of-matches-within-limits")
    set_limit(limits.DAV_RESULTS, 5)
    asking.put_event("large", "DTSTART:20260310T090000Z", f"DESCRIPTION:{'x' * 10_000}")
    set_limit(limits.DAV_ANSWER, 10_000)
    assert asking.query(EVERYTHING).status == 207
    answer = asking.query(EVERYTHING, "<C:calendar-data/>")
    assert answer.condition() == dav("number-of-matches-within-limits")


def test_what_repeats_beyond_reason_is_refused(asking: Asking) -> None:
    for number in range(3):
        asking.put_event(
            f"minutes{number}", "DTSTART:20260101T000000Z", "RRULE:FREQ=DAILY", "SUMMARY:Beat"
        )
    far = time_range("99981231T235959Z", "99991231T000000Z")
    answer = asking.query(comp_filter(far))
    assert answer.status in {207, 403}
    if answer.status == 403:
        assert answer.condition() == dav("number-of-matches-within-limits")


def test_an_object_that_can_no_longer_be_read_is_not_found(asking: Asking) -> None:
    info = find_by_slug(asking.account.pk, "calendar")
    assert info is not None
    broken = Content(b"nothing", "x", "VEVENT")
    put_resource(asking.account.pk, info.collection_id, "broken.ics", broken)
    assert "broken" not in asking.found(comp_filter("<C:prop-filter name='SUMMARY'/>"))


def test_long_texts_are_found_to_their_ends(asking: Asking) -> None:
    asking.put_event("long", "DTSTART:20260310T090000Z", f"DESCRIPTION:{'x' * 70_000} needle")
    needle = "<C:prop-filter name='DESCRIPTION'><C:text-match>needle</C:text-match></C:prop-filter>"
    assert asking.found(comp_filter(needle)) == {"long"}


def test_a_month_is_told_in_a_fixed_number_of_queries(
    asking: Asking, django_assert_num_queries: Any
) -> None:
    month = comp_filter(time_range())
    asking.query(month)
    for prop in ("<D:getetag/>", "<D:getetag/><C:calendar-data/>"):
        with django_assert_num_queries(6) as queries:
            asking.query(month, prop)
        assert not [q for q in queries.captured_queries if "UPDATE" in q["sql"]]


def test_who_may_not_see_private_details_finds_nothing_by_them(
    asking: Asking, ben: Account, bens: DavClient
) -> None:
    lines = ("DTSTART:20260310T090000Z", "DURATION:PT1H")
    asking.put_event("secret", *lines, "CLASS:PRIVATE", "SUMMARY:Doctor")
    asking.put_event("veiled", *lines, "CLASS:CONFIDENTIAL", "SUMMARY:Doctor")
    account = Account.objects.get(pk=asking.account.pk)
    held = account.collections.get(kind="calendars", face__slug="calendar")
    grant(account, held, ben, parse_rights("read"))
    seen = Asking(asking.account, bens)
    doctor = "<C:prop-filter name='SUMMARY'><C:text-match>doctor</C:text-match></C:prop-filter>"
    assert asking.found(comp_filter(doctor)) == {"secret", "veiled"}
    assert seen.found(comp_filter(doctor)) == set()
    busy = doctor.replace("doctor", "busy")
    assert seen.found(comp_filter(busy)) == {"veiled"}
    assert asking.found(comp_filter(busy)) == set()
    assert seen.found(comp_filter(time_range())) == {"march", "weekly", "veiled"}
    answer = seen.query(comp_filter(time_range()), "<D:getetag/><C:calendar-data/>")
    assert b"Doctor" not in answer.body
    etags = {path: answer.properties(path)[dav("getetag")].text for path in answer.responses()}
    alone = seen.query(comp_filter(time_range()))
    assert {p: alone.properties(p)[dav("getetag")].text for p in alone.responses()} == etags
    grant(account, held, ben, parse_rights("read private"))
    assert seen.found(comp_filter(doctor)) == {"secret", "veiled"}
