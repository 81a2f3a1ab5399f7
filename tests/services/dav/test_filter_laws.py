"""Laws of calendar-query: indexes take nothing away, and whatever is sent gets an answer.

The oracle reads every object and holds it against the filter.
"""

import xml.etree.ElementTree as ET
from collections.abc import Iterable
from itertools import product
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calendar_app.ical.filters import matches
from calendar_app.ical.fuel import Fuel
from calendar_app.ical.objects import read_object
from calendar_app.ical.zones import UTC, find_iana_zone
from groupware.core.models import Account
from groupware.dav.reports.calendar_filters import parse_calendar_filter
from tests.services.dav.calendars import Asking
from tests.services.dav.client import DECLARED, DavClient
from tests.services.dav.samples import calendar

pytestmark = pytest.mark.django_db

ALARM = ("BEGIN:VALARM", "ACTION:DISPLAY", "DESCRIPTION:Plan", "TRIGGER:-PT30M", "END:VALARM")
OBJECTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "one": ("VEVENT", ("DTSTART:20260310T090000Z", "DURATION:PT1H", "SUMMARY:Plan")),
    "instant": ("VEVENT", ("DTSTART:20260310T100000Z", "SUMMARY:plan B", "LOCATION:Stra\u00dfe")),
    "floating": ("VEVENT", ("DTSTART:20260310T000000", "DURATION:PT2H", "CATEGORIES:a,B")),
    "day": ("VEVENT", ("DTSTART;VALUE=DATE:20260310", "SUMMARY:Cafe\u0301", "COMMENT:x\\, y")),
    "weekly": (
        "VEVENT",
        (
            "DTSTART;TZID=Europe/Berlin:20250107T090000",
            "DURATION:PT30M",
            "RRULE:FREQ=WEEKLY",
            "SUMMARY:Weekly \u0130stanbul",
            "ATTENDEE;CN=Ben;PARTSTAT=ACCEPTED:mailto:ben@example.test",
            *ALARM,
        ),
    ),
    "moved": (
        "VEVENT",
        (
            "DTSTART:20260303T090000Z",
            "DTEND:20260303T100000Z",
            "RRULE:FREQ=WEEKLY;COUNT=3",
            "SUMMARY:Usual",
            "END:VEVENT",
            "BEGIN:VEVENT",
            "UID:moved",
            "DTSTAMP:20260101T000000Z",
            "RECURRENCE-ID:20260310T090000Z",
            "DTSTART:20260401T090000Z",
            "SUMMARY:Moved plan",
            "DESCRIPTION:caf\u00e9",
        ),
    ),
    "long": ("VEVENT", ("DTSTART:20250101T000000Z", "DTEND:20270101T000000Z", "CLASS:PRIVATE")),
    "due": ("VTODO", ("DUE:20260310T120000Z", "SUMMARY:Plan")),
    "any": ("VTODO", ("SUMMARY:Whenever", "PERCENT-COMPLETE:5")),
    "done": ("VTODO", ("CREATED:20260301T000000Z", "COMPLETED:20260310T093000Z")),
    "daily": ("VTODO", ("DTSTART:20260305T080000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY;COUNT=9")),
    "note": ("VJOURNAL", ("DTSTART;VALUE=DATE:20260310", "SUMMARY:Note of the plan")),
    "undated": ("VJOURNAL", ("DESCRIPTION:Plan",)),
}
EDGES = (
    *("20250101T000000Z", "20260303T090000Z", "20260309T230000Z", "20260310T000000Z"),
    *("20260310T083000Z", "20260310T090000Z", "20260310T100000Z", "20260310T100001Z"),
    *("20260310T120000Z", "20260311T000000Z", "20260401T090000Z", "20300101T000000Z"),
)
NAMES = (
    *(
        "SUMMARY",
        "SUMMARY",
        "summary",
        "summary",
        "DESCRIPTION",
        "LOCATION",
        "CATEGORIES",
        "COMMENT",
        "UID",
        "DTSTART",
    ),
    *("ATTENDEE", "CLASS", "COMPLETED", "RRULE", "PERCENT-COMPLETE", "X-NONE"),
)
TEXTS = (
    *("plan", "PLAN", "Plan", "", " ", "o", "stra\u00dfe", "STRASSE", "caf\u00e9", "cafe\u0301"),
    *("e\u0301", "\u0301", "istanbul", "\u0130", "a,b", "x, y", "mailto:", "ben@", "5", "weekly"),
    *("2026", "private", "moved", "MOVED"),
)
COLLATIONS = ("i;ascii-casemap", "i;octet", "i;unicode-casemap")
ZONES = ("", "UTC", "Europe/Berlin", "Asia/Tokyo", "America/New_York")


def element(tag: str, inner: str = "", /, **attributes: str) -> str:
    """Return an element of CalDAV."""
    said = "".join(f" {key.replace('_', '-')}={quoteattr(v)}" for key, v in attributes.items())
    return f"<C:{tag}{said}>{inner}</C:{tag}>"


NOT_DEFINED = element("is-not-defined")
ranges = st.lists(st.sampled_from(EDGES), min_size=2, max_size=2, unique=True).flatmap(
    lambda pair: st.sampled_from(
        [
            element("time-range", start=min(pair), end=max(pair)),
            element("time-range", start=pair[0]),
            element("time-range", end=pair[0]),
        ]
    )
)
texts = st.builds(
    lambda text, collation, negated: element(
        "text-match", escape(text), collation=collation, negate_condition=negated
    ),
    st.sampled_from(TEXTS),
    st.sampled_from(COLLATIONS),
    st.sampled_from(["no", "no", "yes"]),
)
params = st.builds(
    lambda name, inner: element("param-filter", inner, name=name),
    st.sampled_from(["PARTSTAT", "cn", "TZID"]),
    st.just("") | st.just(NOT_DEFINED) | texts,
)
props = st.builds(
    lambda name, inner: element("prop-filter", inner, name=name),
    st.sampled_from(NAMES),
    st.just("")
    | st.just(NOT_DEFINED)
    | texts
    | ranges
    | texts
    | st.builds(lambda text, more: text + "".join(more), texts, st.lists(params, max_size=2)),
)
alarms = st.builds(
    lambda inner: element("comp-filter", inner, name="VALARM"),
    st.just("") | st.just(NOT_DEFINED) | ranges | props,
)
components = st.builds(
    lambda name, inner: element("comp-filter", inner, name=name),
    st.sampled_from(["VEVENT", "VEVENT", "VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY"]),
    st.builds(
        lambda span, held: span + "".join(held),
        st.just("") | ranges,
        st.lists(props, max_size=2),
    )
    | st.just(NOT_DEFINED),
)
with_alarms = st.builds(
    lambda name, span, alarm: element("comp-filter", span + alarm, name=name),
    st.sampled_from(["VEVENT", "VTODO"]),
    st.just("") | ranges,
    alarms,
)
one_or_two = st.tuples(components) | st.tuples(with_alarms) | st.tuples(components, components)


def in_calendar(held: Iterable[str]) -> str:
    """Return a filter of these comp-filters in a VCALENDAR."""
    return element("filter", element("comp-filter", "".join(held), name="VCALENDAR"))


filters = one_or_two.map(in_calendar)


@pytest.fixture
def asking(ann: Account, anns: DavClient) -> Asking:
    """Return a calendar with all the objects."""
    held = Asking(ann, anns, "all")
    assert anns.request("MKCALENDAR", held.path).status == 201
    for name, (component, lines) in OBJECTS.items():
        held.put(name, whole(name, component, lines))
    return held


def whole(name: str, component: str, lines: tuple[str, ...]) -> bytes:
    """Return one of the objects."""
    head = (f"BEGIN:{component}", f"UID:{name}", "DTSTAMP:20260101T000000Z")
    return calendar(*head, *lines, f"END:{component}")


def expected(filtered: str, zone_name: str) -> set[str]:
    """Return what a filter finds where every object is read."""
    root = ET.fromstring(f"<C:calendar-query {DECLARED}>{filtered}</C:calendar-query>")  # noqa: S314
    asked = parse_calendar_filter(root)
    zone = (find_iana_zone(zone_name) if zone_name else None) or UTC
    return {
        name
        for name, (component, lines) in OBJECTS.items()
        if matches(
            read_object(whole(name, component, lines)), asked, zone=zone, fuel=Fuel(10_000_000)
        )
    }


@pytest.mark.slow
def test_indexes_take_nothing_away_and_add_nothing(asking: Asking) -> None:
    @settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
    @given(filtered=filters, zone=st.sampled_from(ZONES))
    def law(filtered: str, zone: str) -> None:
        said = element("timezone-id", zone) if zone else ""
        assert asking.found(filtered, said) == expected(filtered, zone)

    law()


@pytest.mark.slow
@pytest.mark.parametrize("collation", COLLATIONS)
def test_every_text_is_found_as_if_all_were_read(asking: Asking, collation: str) -> None:
    for name, text, negated in product({*NAMES}, TEXTS, ("no", "yes")):
        match = element("text-match", escape(text), collation=collation, negate_condition=negated)
        prop = element("prop-filter", match, name=name)
        filtered = in_calendar([element("comp-filter", prop, name="VEVENT")])
        assert asking.found(filtered) == expected(filtered, ""), (name, text, negated)


VOCABULARY = (
    *("filter", "comp-filter", "prop-filter", "param-filter", "text-match", "time-range"),
    *("is-not-defined", "calendar-data", "comp", "prop", "allprop", "allcomp", "expand"),
    *("limit-recurrence-set", "limit-freebusy-set", "timezone", "timezone-id", "x"),
)
VALUES = (
    *("", "VCALENDAR", "VEVENT", "VALARM", "SUMMARY", "yes", "maybe", "i;octet", "x"),
    *("20260101T000000Z", "20270101T000000Z", "99991231T235959Z", "00010101T000000Z", "2.0"),
    *("20260101", "\u0660" * 8 + "T000000Z", "20260230T000000Z", "text/calendar", "\U0001f600"),
)
attributes = st.dictionaries(
    st.sampled_from(
        ["name", "start", "end", "collation", "negate-condition", "test", "novalue", "version"]
    ),
    st.sampled_from(VALUES),
    max_size=3,
)
trees: st.SearchStrategy[str] = st.recursive(
    st.sampled_from(["", "text", "BEGIN:VCALENDAR"]),
    lambda inner: st.builds(
        lambda name, said, held: element(name, "".join(held), **said),
        st.sampled_from(VOCABULARY),
        attributes,
        st.lists(inner, max_size=3),
    ),
    max_leaves=12,
)


@pytest.mark.slow
def test_whatever_is_sent_gets_an_answer(asking: Asking) -> None:
    roots = ("C:calendar-query", "C:calendar-multiget", "C:free-busy-query", "D:sync-collection")

    @settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        root=st.sampled_from(roots),
        inner=st.lists(trees, max_size=3),
        prop=trees,
        depth=st.sampled_from(["0", "1", "infinity", "x"]),
    )
    def law(root: str, inner: list[str], prop: str, depth: str) -> None:
        usual = "<D:sync-token/><D:href>one.ics</D:href>"
        body = f"<D:prop>{prop}</D:prop>{usual}{''.join(inner)}"
        answer: Any = asking.client.report(asking.path, root, body, Depth=depth)
        assert answer.status in {200, 207, 400, 403, 413}, (answer.status, answer.body)
        if answer.status in {207, 403}:
            answer.xml()

    law()
