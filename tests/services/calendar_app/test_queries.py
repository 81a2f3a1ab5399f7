"""Questions about calendars: what is in a time-range, when somebody is busy, what holds a text."""

from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from calendar_app import queries
from calendar_app.ical.objects import read_object
from calendar_app.ical.recurrence import expand
from calendar_app.ical.values import serialize_date, serialize_local, serialize_utc
from calendar_app.ical.zones import UTC, IanaZone, Zone
from calendar_app.lanes import UNEXPANDED, Span, make_span
from calendar_app.models import Occurrence
from calendar_app.queries import BusyPeriod
from calendar_app.queries import spans as span_queries
from calendar_app.services.calendars import CalendarSettings, create_calendar
from calendar_app.services.objects import prepare_object, put_object, remove_object
from groupware.core import db, limits
from groupware.core.errors import LimitExceeded
from groupware.core.models import Account
from groupware.core.resources import queries as resource_queries
from groupware.core.resources.collections import Face
from tests.conftest import SetLimit
from tests.services.calendar_app.events import at, event, hrefs_of, put, task
from tests.services.damage import damage

pytestmark = pytest.mark.django_db
BERLIN = IanaZone(ZoneInfo("Europe/Berlin"))
AUCKLAND = IanaZone(ZoneInfo("Pacific/Auckland"))
Count = DjangoAssertNumQueries


def found(calendar: int, start: str, end: str, zone: Zone = UTC, component: str = "") -> set[str]:
    span = Span(at(start), at(end))
    return hrefs_of(calendar, queries.find_in_span([calendar], span, zone, component=component))


def busy(calendar: int, start: str, end: str, zone: Zone = UTC) -> list[BusyPeriod]:
    return queries.busy_periods([calendar], Span(at(start), at(end)), zone)


def test_a_time_range_has_its_start_and_not_its_end(ann: Account, calendar: int) -> None:
    put(ann, calendar, event("one", "20260310T090000Z"))
    assert found(calendar, "20260310T090000", "20260310T100000") == {"one.ics"}
    assert found(calendar, "20260310T080000", "20260310T090000") == set()
    assert found(calendar, "20260310T095959", "20260310T100000") == {"one.ics"}
    assert found(calendar, "20260310T100000", "20260310T110000") == set()


def test_long_events_are_found_from_within(ann: Account, calendar: int) -> None:
    for days in (1, 7, 30, 300, 3000):
        put(ann, calendar, event(f"d{days}", "20200101T000000Z", f"DURATION:P{days}D"), f"{days}")
    assert found(calendar, "20200101T120000", "20200101T130000") == {"1", "7", "30", "300", "3000"}
    assert found(calendar, "20200120", "20200121") == {"30", "300", "3000"}
    assert found(calendar, "20250101", "20250102") == {"3000"}


def test_dates_and_floating_times_are_in_the_zone_of_the_query(ann: Account, calendar: int) -> None:
    put(ann, calendar, event("day", "20260310"), "day")
    put(ann, calendar, event("floating", "20260310T003000"), "floating")
    for zone, start in ((UTC, "20260310T000000"), (BERLIN, "20260309T230000")):
        assert found(calendar, start, start[:-4] + "3100", zone) == {"day", "floating"}
        assert found(calendar, "20260309T220000", start, zone) == set()
    assert found(calendar, "20260309T110000", "20260309T113100", AUCKLAND) == {"day", "floating"}


def test_a_component_is_asked_for_by_its_name(ann: Account, calendar: int) -> None:
    put(ann, calendar, event(), "event")
    put(ann, calendar, task("t", "DUE:20260310T093000Z"), "task")
    put(ann, calendar, task("u"), "undated")
    assert found(calendar, "20260310", "20260311", component="VEVENT") == {"event"}
    assert found(calendar, "20260310", "20260311", component="VTODO") == {"task", "undated"}
    assert hrefs_of(calendar, queries.find_by_component(calendar, "VTODO")) == {"task", "undated"}


def test_open_ranges_find_what_is_behind_and_ahead(ann: Account, calendar: int) -> None:
    put(ann, calendar, event("old", "20010310T090000Z"), "old")
    put(ann, calendar, event("new", "20990310T090000Z"), "new")
    now = at("20260310")
    ids = queries.find_in_span([calendar], make_span(None, now), UTC)
    assert hrefs_of(calendar, ids) == {"old"}
    ids = queries.find_in_span([calendar], make_span(now, None), UTC)
    assert hrefs_of(calendar, ids) == {"new"}
    assert len(queries.find_in_span([calendar], make_span(None, None), UTC)) == 2


def test_beyond_the_horizon_series_are_expanded(
    ann: Account, calendar: int, set_limit: SetLimit
) -> None:
    set_limit(limits.CALENDAR_HORIZON, 62)
    put(ann, calendar, event("monday", "20240101T090000Z", "RRULE:FREQ=WEEKLY"), "monday")
    put(ann, calendar, event("day", "20240103", "RRULE:FREQ=WEEKLY"), "wednesday")
    put(ann, calendar, event("ends", "20240101T090000Z", "RRULE:FREQ=WEEKLY;COUNT=9"), "ends")
    assert found(calendar, "20600105", "20600106") == {"monday"}
    assert found(calendar, "20600107T220000", "20600107T230000", BERLIN) == {"wednesday"}
    assert found(calendar, "20600106", "20600107") == set()
    assert found(calendar, "20600105", "20610101") == {"monday", "wednesday"}
    assert busy(calendar, "20600105", "20600106") == [
        BusyPeriod(at("20600105T090000"), at("20600105T100000"), "B")
    ]


def test_what_cannot_be_read_any_more_hides_nothing_else(ann: Account, calendar: int) -> None:
    for name in ("a", "b"):
        put(ann, calendar, event(name, "20240101T090000Z", "RRULE:FREQ=DAILY"), name)
    damage(
        "UPDATE core_resourcedata SET data = %s"
        " WHERE resource_id = (SELECT MIN(id) FROM core_resource)",
        b"x",
    )
    assert found(calendar, "20600105", "20600106") == {"b"}
    assert len(busy(calendar, "20600105", "20600106")) == 1


def test_more_times_than_one_query_finds_are_refused(
    ann: Account, calendar: int, set_limit: SetLimit
) -> None:
    put(ann, calendar, event("daily", "20260310T090000Z", "RRULE:FREQ=DAILY;COUNT=20"))
    set_limit(limits.CALENDAR_FOUND, 20)
    assert found(calendar, "20260101", "20270101") == {"one.ics"}
    assert len(busy(calendar, "20260101", "20270101")) == 20
    set_limit(limits.CALENDAR_FOUND, 19)
    for ask in (found, busy):
        with pytest.raises(LimitExceeded, match="ask for a shorter one"):
            ask(calendar, "20260101", "20270101")
    assert found(calendar, "20260310", "20260320") == {"one.ics"}


def test_what_lies_too_far_is_refused_instead_of_left_out(
    ann: Account, calendar: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(ann, calendar, event("daily", "20240101T090000Z", "RRULE:FREQ=DAILY;COUNT=9999"))
    monkeypatch.setattr(span_queries, "FUEL_OF_A_QUERY", 1_000)
    with pytest.raises(LimitExceeded, match="ask for an earlier time"):
        found(calendar, "20500101", "20500102")


def test_busy_periods_are_those_of_events_that_take_time(ann: Account, calendar: int) -> None:
    put(ann, calendar, event("a", "20260310T090000Z"), "a")
    put(ann, calendar, event("b", "20260310T093000Z", "STATUS:TENTATIVE"), "b")
    put(ann, calendar, event("c", "20260310T090000Z", "TRANSP:TRANSPARENT"), "c")
    put(ann, calendar, event("d", "20260310T090000Z", "STATUS:CANCELLED"), "d")
    put(ann, calendar, event("e", "20260310T120000"), "e")
    put(ann, calendar, task("t", "DUE:20260310T093000Z"), "task")
    assert busy(calendar, "20260310", "20260311", BERLIN) == [
        BusyPeriod(at("20260310T090000"), at("20260310T100000"), "B"),
        BusyPeriod(at("20260310T093000"), at("20260310T103000"), "T"),
        BusyPeriod(at("20260310T110000"), at("20260310T120000"), "B"),
    ]
    assert busy(calendar, "20260310T100000", "20260310T101500") == [
        BusyPeriod(at("20260310T093000"), at("20260310T103000"), "T")
    ]


def test_a_question_takes_one_query_whatever_it_finds(
    ann: Account, ben: Account, calendar: int, other: int, django_assert_num_queries: Count
) -> None:
    for number in range(20):
        put(ann, calendar, event(f"{number}", "20260310T090000Z"), f"{number}")
        put(ben, other, event(f"{number}", "20260310T090000Z"), f"{number}")
    span = Span(at("20260301"), at("20260401"))
    for calendars in ([calendar], [calendar, other]):
        with django_assert_num_queries(1):
            ids = queries.find_in_span(calendars, span, UTC)
        assert len(ids) == 20 * len(calendars)
        with django_assert_num_queries(1):
            assert len(queries.busy_periods(calendars, span, UTC)) == 1
        with django_assert_num_queries(1):
            assert len(queries.read_found(ids)) == len(ids)
    with django_assert_num_queries(1):
        queries.find_by_text([calendar], "plan")
    with django_assert_num_queries(1):
        queries.list_calendars(ann.pk)


@pytest.mark.sqlite
def test_each_lane_is_one_range_of_the_index(ann: Account, calendar: int, other: int) -> None:
    plans: list[str] = []
    fetch = db.fetch_rows

    def explain(query: str, params: list[int]) -> list[tuple[object, ...]]:
        plans.extend(str(row[3]) for row in fetch(f"EXPLAIN QUERY PLAN {query}", params))
        return fetch(query, params)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(db, "fetch_rows", explain)
        queries.find_in_span([calendar], Span(0, 1), UTC, component="VEVENT")
        queries.busy_periods([calendar, other], Span(0, 1), UTC)
    looked_up = [plan for plan in plans if "calendar_app_occurrence" in plan]
    assert len(looked_up) == 2 * (UNEXPANDED + 1)
    for plan in looked_up:
        assert "SEARCH calendar_app_occurrence USING INDEX calendar_occurrence_time" in plan
        assert "(collection_id=? AND lane=? AND start_at>? AND start_at<?)" in plan


@pytest.mark.postgresql
def test_each_lane_is_a_range_of_the_index_however_full_one_is(ann: Account, calendar: int) -> None:
    put(ann, calendar, event())
    one = Occurrence.objects.get()
    for number in range(3_000):
        one.pk, one.start_at, one.end_at = None, number * 3_600, number * 3_600 + 1_800
        one.save()
    fetch, plans = db.fetch_rows, list[str]()
    db.execute("ANALYZE calendar_app_occurrence")

    def explain(query: str, params: list[int]) -> list[tuple[object, ...]]:
        plans.extend(str(row[0]) for row in fetch(f"EXPLAIN {query}", params))
        return fetch(query, params)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(db, "fetch_rows", explain)
        queries.busy_periods([calendar, 1], Span(3_600, 7_200), UTC)
    assert not [plan for plan in plans if "Seq Scan" in plan]


def test_found_objects_tell_their_class(ann: Account, calendar: int) -> None:
    put(ann, calendar, event("a", "20260310T090000Z", "CLASS:PRIVATE"), "a")
    put(ann, calendar, event("b", "20260310T090000Z", "CLASS:CONFIDENTIAL"), "b")
    put(ann, calendar, event("c", "20260310T090000Z"), "c")
    ids = queries.find_in_span([calendar], make_span(None, None), UTC)
    rows = queries.read_found(ids)
    assert [(row.href, row.classification) for row in rows] == [
        ("a", "private"),
        ("b", "confidential"),
        ("c", ""),
    ]
    etags = dict(resource_queries.list_etags(calendar))
    assert {row.href: row.etag for row in rows} == etags
    assert queries.classify(calendar) == {"a": "private", "b": "confidential"}
    assert queries.classify(calendar, ["b", "c", "none"]) == {"b": "confidential"}


def test_a_text_is_found_in_any_case_and_spelling(ann: Account, calendar: int) -> None:
    put(ann, calendar, event("a", "20260310T090000Z", "SUMMARY:Große Straße"), "a")
    put(ann, calendar, event("b", "20260310T090000Z", "LOCATION:100% sure"), "b")
    put(ann, calendar, task("t", "DESCRIPTION:the GROSSE plan"), "t")
    for text, hrefs in (("grosse", {"a", "t"}), ("0% S", {"b"}), ("_", set()), ("STRASSE", {"a"})):
        assert hrefs_of(calendar, queries.find_by_text([calendar], text)) == hrefs
    ids = queries.find_by_text([calendar], "grosse", component="VTODO")
    assert hrefs_of(calendar, ids) == {"t"}


def test_a_calendar_tells_its_settings(ann: Account) -> None:
    settings = CalendarSettings(tzid="Europe/Berlin", is_transparent=True, source_seconds=60)
    made = create_calendar(ann.pk, Face(), components=["VTODO", "VEVENT"], settings=settings)
    info = queries.find_calendar(made)
    assert info is not None
    assert (info.components, info.tzid, info.is_transparent, info.has_link) == (
        ("VEVENT", "VTODO"),
        "Europe/Berlin",
        True,
        False,
    )
    assert queries.list_calendars(ann.pk)[made] == info
    assert len(queries.list_calendars(ann.pk)) == 4
    assert queries.find_calendar(0) is None


RULES = st.sampled_from(
    [
        (),
        ("RRULE:FREQ=DAILY",),
        ("RRULE:FREQ=WEEKLY;BYDAY=MO,FR;COUNT=40",),
        ("RRULE:FREQ=MONTHLY;BYMONTHDAY=-1",),
        ("RRULE:FREQ=YEARLY",),
        ("RRULE:FREQ=DAILY;INTERVAL=3;UNTIL=20270101T000000Z",),
    ]
)
HOURS = st.integers(at("20240101") // 3600, at("20280101") // 3600)


@settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True
)
@given(
    hour=HOURS,
    kind=st.sampled_from("zfd"),
    rule=RULES,
    lasting=st.sampled_from(["PT1H", "P1D", "P9D", "P40D"]),
    begin=HOURS,
    hours=st.integers(1, 2000),
    zone=st.sampled_from([UTC, BERLIN, AUCKLAND]),
)
def test_the_index_finds_what_an_expansion_finds(
    ann: Account,
    calendar: int,
    *,
    hour: int,
    kind: str,
    rule: tuple[str, ...],
    lasting: str,
    begin: int,
    hours: int,
    zone: Zone,
) -> None:
    write = {"z": serialize_utc, "f": serialize_local, "d": serialize_date}[kind]
    lines = [*rule, f"DURATION:{'P1D' if kind == 'd' and lasting == 'PT1H' else lasting}"]
    data = event("one", write(hour * 3600), *lines)
    put_object(ann.pk, calendar, "one.ics", prepare_object(data))
    span = Span(begin * 3600, (begin + hours) * 3600)
    expected = expand(read_object(data), *span, zone=zone)
    assert bool(queries.find_in_span([calendar], span, zone)) == bool(expected)
    to_utc = [
        (seen.start, seen.end)
        if seen.kind == "z"
        else (zone.to_utc(seen.start), zone.to_utc(seen.end))
        for seen in expected
    ]
    periods = queries.busy_periods([calendar], span, zone)
    assert [(period.start, period.end) for period in periods] == sorted(set(to_utc))
    remove_object(ann.pk, calendar, "one.ics")
