"""Subscribed calendars: what their sources have, and nothing told of what stays as it is."""

import ipaddress
from collections.abc import Iterator
from threading import Event

import pytest
from pytest_django.fixtures import Settings as Configured

from calendar_app.models import Calendar
from calendar_app.queries import CalendarInfo, find_calendar
from calendar_app.services import subscriptions
from calendar_app.services.calendars import (
    UNCHANGED,
    CalendarSettings,
    change_calendar,
    create_calendar,
    delete_calendar,
)
from calendar_app.services.objects import Prepared, prepare_object
from calendar_app.services.subscriptions import refresh, refresh_due
from groupware.core import limits
from groupware.core.clock import epoch
from groupware.core.errors import Invalid, NotAllowed, NotFound
from groupware.core.models import Account, Resource
from groupware.core.resources import queries
from groupware.core.resources.collections import Face
from groupware.duties import find_duty
from tests.conftest import SetLimit
from tests.services.calendar_app.events import calendar_data, component, event, put, task
from tests.services.damage import find
from tests.services.store import state_of
from tests.services.web import Web, serving

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_data")]


@pytest.fixture
def web(settings: Configured) -> Iterator[Web]:
    settings.GROUPWARE_SOURCE_NETWORKS = (ipaddress.ip_network("127.0.0.1/32"),)
    with serving() as found:
        yield found


def holidays(*names: str, stamp: str = "20260101T000000Z") -> bytes:
    parts = (
        component("VEVENT", name, f"DTSTART;VALUE=DATE:2026030{number + 1}", f"SUMMARY:{name}")
        for number, name in enumerate(names)
    )
    return calendar_data(*parts).replace(b"20260101T000000Z", stamp.encode())


def subscribe(account: Account, url: str, seconds: int = 0) -> int:
    settings = CalendarSettings(source=url, source_seconds=seconds)
    return create_calendar(account.pk, Face(display_name="Holidays"), settings=settings)


def info_of(calendar: int) -> CalendarInfo:
    info = find_calendar(calendar)
    assert info is not None
    return info


def uids(calendar: int) -> list[str]:
    return sorted(str(row.ical_uid) for row in queries.list_resources(calendar))


def modseq_of(calendar: int) -> int:
    info = queries.find_collection(calendar)
    assert info is not None
    return info.highest_modseq


def test_a_calendar_is_replaced_by_difference(ann: Account, web: Web) -> None:
    calendar = subscribe(ann, web.page("/", holidays("a", "b", "c"), ETag='"1"'))
    assert refresh_due() == 1
    assert uids(calendar) == ["a", "b", "c"]
    assert find(deep=True) == []
    known = modseq_of(calendar)
    changed = holidays("a", "x", "c").replace(b"SUMMARY:c", b"SUMMARY:other")
    web.page("/", changed, ETag='"2"')
    assert refresh(calendar)
    assert uids(calendar) == ["a", "c", "x"]
    told = {row.etag is None for row in queries.list_changes(calendar, known)}
    assert len(queries.list_changes(calendar, known)) == 3
    assert told == {True, False}
    assert web.asked[-1][1]["If-None-Match"] == '"1"'
    assert info_of(calendar).source_etag == '"2"'


def test_of_what_stays_as_it_is_nobody_hears(ann: Account, web: Web) -> None:
    calendar = subscribe(ann, web.page("/", holidays("a", "b"), ETag='"1"'))
    refresh(calendar)
    known = state_of(ann).next_modseq
    web.page("/", status=304)
    assert not refresh(calendar)
    web.page("/", holidays("a", "b", stamp="20260202T000000Z"))
    assert not refresh(calendar), "only the time of the answer differs"
    assert state_of(ann).next_modseq == known
    assert (info_of(calendar).source_error, info_of(calendar).source_etag) == ("", "")


def test_while_the_source_cannot_be_had_the_calendar_stays_and_says_why(
    ann: Account, web: Web
) -> None:
    calendar = subscribe(ann, web.page("/", holidays("a")))
    refresh(calendar)
    for data, status, why in (
        (b"x", 404, "answers 404, Not Found"),
        (b"<html>Sign in</html>", 200, "is no calendar"),
        (holidays("a", "b")[:-9], 200, "or not all of one"),
    ):
        web.page("/", data, status=status)
        assert not refresh(calendar)
        assert why in info_of(calendar).source_error
        assert uids(calendar) == ["a"]
    web.page("/", holidays("b"))
    assert refresh(calendar)
    assert (uids(calendar), info_of(calendar).source_error) == (["b"], "")


def test_what_cannot_be_read_is_said_and_the_rest_is_there(ann: Account, web: Web) -> None:
    bad = component("VEVENT", "bad", "DTSTART:never")
    data = calendar_data(bad, component("VEVENT", "a", "DTSTART:20260310T090000Z"))
    calendar = subscribe(ann, web.page("/", data))
    assert refresh(calendar)
    assert uids(calendar) == ["a"]
    assert info_of(calendar).source_error.startswith("1 parts cannot be read, first: line 4: ")


def test_what_repeats_too_often_is_said_and_what_was_there_stays(
    ann: Account, web: Web, set_limit: SetLimit
) -> None:
    daily = component("VEVENT", "a", "DTSTART:20260310T090000Z", "RRULE:FREQ=DAILY;COUNT=200")
    calendar = subscribe(ann, web.page("/", holidays("a", "b")))
    refresh(calendar)
    set_limit(limits.CALENDAR_INSTANCES, 100)
    web.page("/", calendar_data(daily))
    assert refresh(calendar)
    assert uids(calendar) == ["a"]
    assert "more than 100 instances" in info_of(calendar).source_error


def test_reading_a_source_ends_in_time(
    ann: Account, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    calendar = subscribe(ann, web.page("/", holidays("a", "b", "c")))
    moments = iter(range(0, 10_000, 50))
    monkeypatch.setattr(subscriptions, "monotonic", lambda: next(moments))
    assert not refresh(calendar)
    assert "too long to read" in info_of(calendar).source_error
    assert uids(calendar) == []


def test_what_takes_too_long_to_expand_is_left_and_the_next_time_goes_on(
    ann: Account, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    calendar = subscribe(ann, web.page("/", holidays("a", "b", "c")))
    now = 0

    def expand(data: bytes) -> Prepared:
        nonlocal now
        now += 20
        return prepare_object(data)

    monkeypatch.setattr(subscriptions, "BATCH", 1)
    monkeypatch.setattr(subscriptions, "monotonic", lambda: now)
    monkeypatch.setattr(subscriptions, "prepare_object", expand)
    assert not refresh(calendar)
    assert "too long to read" in info_of(calendar).source_error
    assert uids(calendar) == ["a", "b"]
    assert refresh(calendar)
    assert (uids(calendar), info_of(calendar).source_error) == (["a", "b", "c"], "")


def test_series_of_many_times_are_written_few_at_once(
    ann: Account, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscriptions, "BATCH_ROWS", 10)
    parts = [
        component("VEVENT", f"{n}", "DTSTART:20260310T090000Z", "RRULE:FREQ=DAILY;COUNT=8")
        for n in range(5)
    ]
    calendar = subscribe(ann, web.page("/", calendar_data(*parts)))
    known = modseq_of(calendar)
    refresh(calendar)
    modseqs = {change.modseq for change in queries.list_changes(calendar, known)}
    assert len(modseqs) == 5
    assert len(uids(calendar)) == 5


def test_a_calendar_takes_of_its_source_what_it_is_for(ann: Account, web: Web) -> None:
    url = web.page("/", holidays("a") + task("t"))
    settings = CalendarSettings(source=url)
    calendar = create_calendar(ann.pk, Face(), components=["VTODO"], settings=settings)
    refresh(calendar)
    assert uids(calendar) == ["t"]
    assert info_of(calendar).source_error == ""


def test_each_calendar_is_fetched_when_it_is_due(
    ann: Account, ben: Account, web: Web, set_limit: SetLimit
) -> None:
    web.page("/slow", holidays("a"))
    web.page("/fast", holidays("b"))
    slow, fast = subscribe(ann, web.url + "/slow", 86_400), subscribe(ben, web.url + "/fast", 1)
    assert refresh_due() == 2
    assert refresh_due() == 0
    assert len(web.asked) == 2
    Calendar.objects.filter(pk__in=[slow, fast]).update(fetched_at=epoch() - 3_600)
    refresh_due()
    assert [path for path, _ in web.asked[2:]] == ["/fast"]
    set_limit(limits.SOURCE_INTERVAL, 7_200)
    Calendar.objects.filter(pk__in=[slow, fast]).update(fetched_at=epoch() - 3_600)
    refresh_due()
    assert len(web.asked) == 3
    assert find_duty("calendar-sources").run is refresh_due


def test_who_has_many_calendars_keeps_nobody_waiting(
    ann: Account, ben: Account, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    times = iter(range(10**9, 10**10, 10))
    monkeypatch.setattr(subscriptions, "epoch", lambda: next(times))
    for number in range(4):
        subscribe(ann, web.page(f"/ann-{number}", holidays("a")))
    subscribe(ben, web.page("/ben", holidays("b")))
    refresh_due()
    assert [path for path, _ in web.asked[:3]].count("/ben") == 1
    assert len(web.asked) == 5


def test_what_comes_is_bounded(ann: Account, web: Web, set_limit: SetLimit) -> None:
    calendar = subscribe(ann, web.page("/", holidays("a", "b")))
    set_limit(limits.SOURCE_SIZE, 100)
    refresh(calendar)
    assert info_of(calendar).source_error == "It is larger than 100 octets."
    set_limit(limits.SOURCE_SIZE, 10_000)

    def wait(_: object) -> None:
        Event().wait(0.5)

    web.pages["/"] = wait
    set_limit(limits.SOURCE_TIMEOUT, 0.1)
    refresh(calendar)
    assert "took too long" in info_of(calendar).source_error


def test_nothing_is_asked_of_this_machine(ann: Account, web: Web, settings: Configured) -> None:
    calendar = subscribe(ann, web.page("/", holidays("a")))
    settings.GROUPWARE_SOURCE_NETWORKS = ()
    assert not refresh(calendar)
    assert "no public host" in info_of(calendar).source_error
    assert web.asked == []


def test_a_quota_holds_for_what_is_fetched_too(ann: Account, web: Web) -> None:
    calendar = subscribe(ann, web.page("/", holidays("a", "b")))
    state = state_of(ann)
    state.quota_bytes = state.bytes_used + 100
    state.save()
    refresh(calendar)
    assert "full" in info_of(calendar).source_error
    assert uids(calendar) == []


def test_what_repeats_is_bounded_for_what_is_fetched_too(
    ann: Account, web: Web, set_limit: SetLimit
) -> None:
    set_limit(limits.CALENDAR_REPEATS, 100)
    daily = component("VEVENT", "a", "DTSTART:20260310T090000Z", "RRULE:FREQ=DAILY;COUNT=200")
    calendar = subscribe(ann, web.page("/", calendar_data(daily)))
    refresh(calendar)
    assert "let some end" in info_of(calendar).source_error
    assert uids(calendar) == []


def test_nobody_else_writes_until_the_subscription_ends(ann: Account, web: Web) -> None:
    calendar = subscribe(ann, web.page("/", holidays("a")))
    refresh(calendar)
    with pytest.raises(NotAllowed):
        put(ann, calendar, event("b"))
    change_calendar(ann.pk, calendar, Face(), CalendarSettings(source=""))
    put(ann, calendar, event("b"))
    assert uids(calendar) == ["a", "b"]
    with pytest.raises(NotFound):
        refresh(calendar)
    with pytest.raises(Invalid, match="events of its own"):
        change_calendar(ann.pk, calendar, Face(), CalendarSettings(source=web.url))


def test_another_source_is_fetched_at_once_and_an_old_answer_is_dropped(
    ann: Account, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    calendar = subscribe(ann, web.page("/old", holidays("a"), ETag='"1"'))
    refresh(calendar)
    web.page("/new", holidays("b"))

    def change(data: bytes) -> Prepared:
        settings = CalendarSettings(source=web.url + "/new")
        change_calendar(ann.pk, calendar, Face(), settings)
        return prepare_object(data)

    web.page("/old", holidays("x"))
    monkeypatch.setattr(subscriptions, "prepare_object", change)
    assert not refresh(calendar)
    monkeypatch.undo()
    assert uids(calendar) == ["a"]
    assert (info_of(calendar).source_etag, info_of(calendar).fetched_at) == ("", 0)
    assert refresh_due() == 1
    assert uids(calendar) == ["b"]


def test_a_calendar_that_is_deleted_meanwhile_stays_so(
    ann: Account, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    calendar = subscribe(ann, web.page("/", holidays("a")))

    def delete(data: bytes) -> Prepared:
        delete_calendar(ann.pk, calendar)
        return prepare_object(data)

    monkeypatch.setattr(subscriptions, "prepare_object", delete)
    assert not refresh(calendar)
    assert not Resource.objects.exists()


def test_many_changes_are_written_in_batches(
    ann: Account, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subscriptions, "BATCH", 2)
    calendar = subscribe(ann, web.page("/", holidays(*"abcde")))
    refresh(calendar)
    assert uids(calendar) == list("abcde")
    web.page("/", holidays(*"edcba", stamp="20260202T000000Z"))
    refresh(calendar)
    assert uids(calendar) == list("abcde")
    web.page("/", calendar_data())
    refresh(calendar)
    assert uids(calendar) == []


@pytest.mark.parametrize("url", ["file:///etc/passwd", "http://", "gopher://example.org/"])
def test_a_source_is_an_address_on_the_web(ann: Account, calendar: int, url: str) -> None:
    with pytest.raises(Invalid):
        subscribe(ann, url)
    with pytest.raises(Invalid):
        change_calendar(ann.pk, calendar, Face(), CalendarSettings(source=url))


def test_addresses_are_kept_as_they_are_fetched(ann: Account, calendar: int) -> None:
    change_calendar(ann.pk, calendar, Face(), CalendarSettings(source="webcal://example.org/a.ics"))
    assert info_of(calendar).source == "https://example.org/a.ics"
    change_calendar(ann.pk, calendar, Face(description="x"), UNCHANGED)
    assert info_of(calendar).source == "https://example.org/a.ics"
