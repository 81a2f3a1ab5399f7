"""CALDAV:calendar-data (RFC 4791 §9.6): whole, in part, expanded, and without known zones."""

import pytest

from groupware.core import limits
from groupware.core.models import Account
from groupware.core.resources.items import Content, put_resource
from groupware.core.resources.queries import find_by_slug
from groupware.dav.names import caldav, dav
from tests.conftest import SetLimit
from tests.services.dav.calendars import Asking, comp_filter, event_of, time_range
from tests.services.dav.client import Answer, DavClient
from tests.services.dav.samples import calendar

pytestmark = pytest.mark.django_db

OVERRIDE = (
    "END:VEVENT",
    "BEGIN:VEVENT",
    "UID:weekly",
    "DTSTAMP:20260101T000000Z",
    "RECURRENCE-ID;TZID=Europe/Berlin:20260309T090000",
    "DTSTART;TZID=Europe/Berlin:20260309T110000",
    "DURATION:PT1H",
    "SUMMARY:Moved",
)
ZONE = (
    "BEGIN:VTIMEZONE",
    "TZID:{}",
    "BEGIN:STANDARD",
    "DTSTART:19700101T000000",
    "TZOFFSETFROM:+0100",
    "TZOFFSETTO:+0100",
    "END:STANDARD",
    "END:VTIMEZONE",
)


@pytest.fixture
def asking(ann: Account, anns: DavClient) -> Asking:
    """Return a calendar with a weekly event of which one is moved."""
    held = Asking(ann, anns)
    held.put_event(
        "weekly",
        "DTSTART;TZID=Europe/Berlin:20260302T090000",
        "DURATION:PT1H",
        "RRULE:FREQ=WEEKLY;COUNT=5",
        "SUMMARY:Usual",
        "LOCATION:Room <1>",
        "BEGIN:VALARM",
        "ACTION:DISPLAY",
        "DESCRIPTION:soon",
        "TRIGGER:-PT15M",
        "END:VALARM",
        *OVERRIDE,
    )
    return held


def multiget(asking: Asking, data: str, *names: str, **headers: str) -> Answer:
    """Ask for objects by their names."""
    hrefs = "".join(f"<D:href>{name}.ics</D:href>" for name in names or ("weekly",))
    inner = f"<D:prop><D:getetag/>{data}</D:prop>{hrefs}"
    return asking.client.report(asking.path, "C:calendar-multiget", inner, **headers)


def test_objects_come_octet_for_octet(asking: Asking) -> None:
    stored = asking.client.request("GET", f"{asking.path}weekly.ics").body
    for said in (
        "<C:calendar-data/>",
        "<C:calendar-data content-type='text/calendar' version='2.0'/>",
    ):
        assert asking.data(multiget(asking, said), "weekly").encode() == stored
        answer = asking.query(comp_filter(time_range()), said)
        assert asking.data(answer, "weekly").encode() == stored
        inner = f"<D:sync-token/><D:sync-level>1</D:sync-level><D:prop>{said}</D:prop>"
        answer = asking.client.report(asking.path, "D:sync-collection", inner)
        assert asking.data(answer, "weekly").encode() == stored


@pytest.mark.parametrize("said", ["content-type='text/vcard'", "version='1.0'"])
def test_another_kind_of_data_is_refused(asking: Asking, said: str) -> None:
    answer = multiget(asking, f"<C:calendar-data {said}/>")
    assert (answer.status, answer.condition()) == (403, caldav("supported-calendar-data"))


def test_data_that_is_of_address_books_is_none_of_an_event(asking: Asking) -> None:
    answer = multiget(asking, "<CR:address-data/>")
    missing = answer.properties(f"{asking.path}weekly.ics", 404)
    assert [name.rpartition("}")[2] for name in missing] == ["address-data"]


def test_an_expansion_is_instances_in_utc(asking: Asking) -> None:
    expand = time_range("20260309T000000Z", "20260331T000000Z", "expand")
    answer = asking.query(comp_filter(time_range()), f"<C:calendar-data>{expand}</C:calendar-data>")
    text = asking.data(answer, "weekly")
    starts = [line for line in text.splitlines() if line.startswith("DTSTART")]
    assert starts == [
        "DTSTART:20260309T100000Z",
        "DTSTART:20260316T080000Z",
        "DTSTART:20260323T080000Z",
        "DTSTART:20260330T070000Z",
    ]
    assert "RRULE" not in text
    assert "TZID" not in text
    assert text.count("RECURRENCE-ID:") == 4
    assert text.count("SUMMARY:Moved") == 1


def test_an_expansion_of_floating_times_is_in_the_zone_that_is_said(asking: Asking) -> None:
    asking.put_event("floating", "DTSTART:20260310T000000", "DURATION:PT1H", "RRULE:FREQ=DAILY")
    expand = time_range("20260309T230000Z", "20260310T000000Z", "expand")
    said = f"<C:calendar-data>{expand}</C:calendar-data>"
    filtered = comp_filter(time_range("20260309T230000Z", "20260310T000000Z"))
    assert asking.names(asking.query(filtered, said)) == set()
    zone = "<C:timezone-id>Europe/Berlin</C:timezone-id>"
    answer = asking.query(filtered, said, zone)
    assert "DTSTART:20260310T000000\n" in asking.data(answer, "floating").replace("\r", "")


def test_overrides_outside_of_a_range_are_left_out(asking: Asking) -> None:
    for end, count in (("20260309T000000Z", 0), ("20260310T000000Z", 1)):
        limit = time_range("20260301T000000Z", end, "limit-recurrence-set")
        answer = multiget(asking, f"<C:calendar-data>{limit}</C:calendar-data>")
        text = asking.data(answer, "weekly")
        assert text.count("SUMMARY:Moved") == count
        assert "RRULE:FREQ=WEEKLY;COUNT=5" in text


def test_busy_periods_outside_of_a_range_are_left_out(ann: Account, anns: DavClient) -> None:
    home = f"/{ann.pk}/"
    asking = Asking(ann, anns)
    periods = "FREEBUSY:20260310T090000Z/PT1H,20260510T090000Z/PT1H"
    data = calendar(
        "BEGIN:VFREEBUSY", "UID:busy", "DTSTAMP:20260101T000000Z", periods, "END:VFREEBUSY"
    )
    info = find_by_slug(ann.pk, "calendar")
    assert info is not None
    put_resource(ann.pk, info.collection_id, "busy.ics", Content(data, "busy", "VFREEBUSY"))
    limit = time_range(name="limit-freebusy-set")
    answer = multiget(asking, f"<C:calendar-data>{limit}</C:calendar-data>", "busy")
    assert "FREEBUSY:20260310T090000Z/PT1H\r\n" in asking.data(answer, "busy")
    assert anns.propfind(home, "D:displayname").status == 207


def test_only_what_is_named_is_told(asking: Asking) -> None:
    comp = (
        "<C:comp name='VCALENDAR'><C:prop name='VERSION'/><C:comp name='VEVENT'>"
        "<C:prop name='summary'/><C:prop name='UID' novalue='yes'/></C:comp></C:comp>"
    )
    answer = multiget(asking, f"<C:calendar-data>{comp}</C:calendar-data>")
    assert asking.data(answer, "weekly").splitlines() == [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "BEGIN:VEVENT",
        "UID:",
        "SUMMARY:Usual",
        "END:VEVENT",
        "BEGIN:VEVENT",
        "UID:",
        "SUMMARY:Moved",
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    whole = asking.client.request("GET", f"{asking.path}weekly.ics").body
    everything = "<C:comp name='VCALENDAR'><C:allprop/><C:allcomp/></C:comp>"
    for comp in (everything, "<C:comp name='VCALENDAR'/>"):
        answer = multiget(asking, f"<C:calendar-data>{comp}</C:calendar-data>")
        assert asking.data(answer, "weekly").encode() == whole
    events = "<C:comp name='VCALENDAR'><C:comp name='VEVENT'/></C:comp>"
    text = asking.data(multiget(asking, f"<C:calendar-data>{events}</C:calendar-data>"), "weekly")
    assert "BEGIN:VALARM" in text
    assert "VERSION" not in text


@pytest.mark.parametrize(
    "inner",
    [
        time_range(name="expand") + time_range(name="limit-recurrence-set"),
        "<C:expand start='20260301T000000Z'/>",
        "<C:expand/>",
        "<C:expand start='20260301T000000Z' end='20260301T000000Z'/>",
        "<C:expand start='2026' end='2027'/>",
        "<C:comp name='VCALENDAR'/><C:comp name='VCALENDAR'/>",
        "<C:comp/>",
        "<C:comp name='VCALENDAR'><C:prop name='X' novalue='maybe'/></C:comp>",
    ],
)
def test_a_selection_that_is_none_is_refused(asking: Asking, inner: str) -> None:
    answer = multiget(asking, f"<C:calendar-data>{inner}</C:calendar-data>")
    assert answer.status == 400, answer.body


def test_an_expansion_is_bounded(asking: Asking, set_limit: SetLimit) -> None:
    asking.put_event("daily", "DTSTART:20260101T000000Z", "RRULE:FREQ=DAILY", "SUMMARY:Beat")
    for end, status in (("20260201T000000Z", 207), ("20270101T000000Z", 403)):
        set_limit(limits.DAV_ANSWER, 10_000)
        expand = time_range("20260101T000000Z", end, "expand")
        answer = multiget(asking, f"<C:calendar-data>{expand}</C:calendar-data>", "daily")
        assert answer.status == status
    assert answer.condition() == caldav("max-instances")
    expand = time_range("20260101T000000Z", "20260201T000000Z", "expand")
    again = f"<C:calendar-data>{expand}</C:calendar-data>"
    asking.put_event("second", "DTSTART:20260101T000000Z", "RRULE:FREQ=DAILY", "SUMMARY:Beat")
    assert multiget(asking, again, "second").status == 207
    answer = multiget(asking, again, "daily", "second")
    assert answer.condition() == caldav("max-instances")
    set_limit(limits.DAV_ANSWER, 1 << 20)
    expand = time_range("20260101T000000Z", "99990101T000000Z", "expand")
    answer = multiget(asking, f"<C:calendar-data>{expand}</C:calendar-data>", "daily")
    assert answer.condition() == caldav("max-instances")


def test_several_objects_share_the_room_of_an_answer(asking: Asking, set_limit: SetLimit) -> None:
    names = [f"event{number}" for number in range(5)]
    for name in names:
        asking.put_event(name, "DTSTART:20260101T000000Z", f"DESCRIPTION:{'x' * 1_000}")
    whole = "<C:calendar-data><C:comp name='VCALENDAR'/></C:calendar-data>"
    set_limit(limits.DAV_ANSWER, 10_000)
    assert multiget(asking, whole, *names).status == 207
    set_limit(limits.DAV_ANSWER, 4_000)
    assert multiget(asking, whole, *names[:2]).status == 207


def test_an_object_that_cannot_be_cut_is_told_so(asking: Asking) -> None:
    info = find_by_slug(asking.account.pk, "calendar")
    assert info is not None
    broken = Content(b"nothing", "x", "VEVENT")
    put_resource(asking.account.pk, info.collection_id, "broken.ics", broken)
    whole = "<C:calendar-data><C:comp name='VCALENDAR'/></C:calendar-data>"
    answer = multiget(asking, whole, "weekly", "broken")
    status = answer.responses()[f"{asking.path}broken.ics"].findtext(dav("status")) or ""
    assert " 415 " in status
    assert asking.data(answer, "weekly")
    answer = multiget(asking, "<C:calendar-data/>", "broken")
    assert asking.data(answer, "broken") == "nothing"


def test_known_zones_are_left_out_where_they_are_not_wanted(asking: Asking) -> None:
    zones = {}
    for name in ("Europe/Berlin", "My own"):
        zones[name] = [line.format(name) for line in ZONE]
        inner = event_of(name[:2], "DTSTART:20260310T090000Z").split(b"\r\n", 3)
        head, tail = b"\r\n".join(inner[:3]), inner[3]
        asking.put(name[:2], head + b"\r\n" + "\r\n".join(zones[name]).encode() + b"\r\n" + tail)
    for said in (
        "<C:calendar-data/>",
        "<C:calendar-data><C:comp name='VCALENDAR'/></C:calendar-data>",
    ):
        for wants, count in (("T", 2), ("F", 1)):
            answer = multiget(asking, said, "Eu", "My", CalDAV_Timezones=wants)
            assert answer.body.count(b"BEGIN:VTIMEZONE") == count
        assert "TZID:My own" in asking.data(answer, "My")
        assert "BEGIN:VEVENT" in asking.data(answer, "Eu")


def test_properties_that_differ_between_members_come_with_the_data(asking: Asking) -> None:
    stored = asking.client.request("GET", f"{asking.path}weekly.ics").body
    answer = multiget(asking, "<D:lockdiscovery/><D:displayname/><C:calendar-data/>")
    assert asking.data(answer, "weekly").encode() == stored
    found = answer.properties(f"{asking.path}weekly.ics")
    assert set(found) == {dav("getetag"), dav("lockdiscovery"), caldav("calendar-data")}
    inner = "<D:sync-token/><D:sync-level>1</D:sync-level><D:propname/>"
    answer = asking.client.report(asking.path, "D:sync-collection", inner)
    assert dav("getetag") in answer.properties(f"{asking.path}weekly.ics")
    answer = asking.client.report(
        asking.path, "D:sync-collection", inner.replace("propname", "allprop")
    )
    assert dav("getcontenttype") in answer.properties(f"{asking.path}weekly.ics")


def test_zones_that_are_missing_are_put_in_where_they_are_wanted(asking: Asking) -> None:
    stored = asking.client.request("GET", f"{asking.path}weekly.ics")
    assert b"VTIMEZONE" not in stored.body
    whole = asking.client.request("GET", f"{asking.path}weekly.ics", CalDAV_Timezones="T")
    assert whole.body.count(b"BEGIN:VTIMEZONE\r\nTZID:Europe/Berlin") == 1
    assert whole.headers["etag"] == stored.headers["etag"]
    answer = multiget(asking, "<C:calendar-data/>", CalDAV_Timezones="T")
    assert asking.data(answer, "weekly").encode() == whole.body
    answer = multiget(asking, "<C:calendar-data/>")
    assert asking.data(answer, "weekly").encode() == stored.body
