"""Occurrences in a stretch of time, when people are busy, and tasks, over REST."""

from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from groupware.core import limits
from groupware.core.models import Account
from tests.api.dates import create_event, default_of, got, made, object_id, share, url
from tests.api.speaking import Api, problem
from tests.conftest import SetLimit
from tests.services.calendar_app.events import event, put

pytestmark = pytest.mark.django_db

MARCH = "start=2026-03-01&end=2026-04-01&zone=Europe/Berlin"


def listed(api: Api, query: str = MARCH) -> list[Any]:
    found: list[Any] = got(api.get(f"/occurrences?{query}"))["items"]
    return found


def told(api: Api, query: str = MARCH) -> list[tuple[str, str]]:
    return [(each["title"], each["start"]) for each in listed(api, query)]


def test_a_month_shows_each_time_of_a_series_in_the_wanted_zone(api: Api) -> None:
    create_event(api, title="Weekly", recurrence_rule="FREQ=WEEKLY;UNTIL=20260401T000000Z")
    create_event(api, title="Trip", start="2026-03-28", duration="P3D", time_zone=None)
    create_event(api, title="Later", start="2026-04-01T00:00:00")
    assert told(api) == [
        ("Weekly", "2026-03-02T10:00:00+01:00"),
        ("Weekly", "2026-03-09T10:00:00+01:00"),
        ("Weekly", "2026-03-16T10:00:00+01:00"),
        ("Weekly", "2026-03-23T10:00:00+01:00"),
        ("Trip", "2026-03-28"),
        ("Weekly", "2026-03-30T10:00:00+02:00"),
    ]
    trip = listed(api)[4]
    assert (trip["all_day"], trip["end"], trip["recurrence_id"]) == (True, "2026-03-31", None)
    assert told(api, "start=2026-03-02T09:00:00Z&end=2026-03-02T09:30:00Z&zone=Asia/Tokyo") == [
        ("Weekly", "2026-03-02T18:00:00+09:00")
    ]


def test_one_that_says_something_else_is_told_as_it_says(api: Api) -> None:
    series = create_event(api, title="Daily", recurrence_rule="FREQ=DAILY;COUNT=3")
    where = f"{url(series)}/occurrences/20260303T090000Z"
    got(api.patch(where, {"title": "Special"}, If_Match="*"))
    assert [title for title, _ in told(api)] == ["Daily", "Special", "Daily"]
    found = listed(api)[1]
    assert (found["event"], found["recurrence_id"]) == (series["id"], "20260303T090000Z")


def test_an_instant_ends_when_it_begins(api: Api) -> None:
    create_event(api, duration="PT0S")
    [found] = listed(api)
    assert found["start"] == found["end"]


def test_beyond_the_horizon_a_series_is_expanded(api: Api) -> None:
    create_event(api, title="For ever", recurrence_rule="FREQ=YEARLY")
    found = told(api, "start=2090-03-01&end=2090-04-01&zone=Europe/Berlin")
    assert found == [("For ever", "2090-03-02T10:00:00+01:00")]


def test_floating_times_are_those_of_the_wanted_zone(api: Api) -> None:
    create_event(api, time_zone=None)
    assert told(api, MARCH.replace("Europe/Berlin", "Asia/Tokyo")) == [
        ("Board", "2026-03-02T10:00:00+09:00")
    ]


def test_other_readers_are_shown_what_is_theirs_to_see(
    api: Api, ann: Account, bens: Api, ben: Account
) -> None:
    share(ann, default_of(ann), ben, "read")
    rule = "FREQ=DAILY;COUNT=2"
    for name in ("public", "confidential", "private"):
        create_event(api, title=name, classification=name, alerts=[{"offset": "-PT5M"}])
    veiled = create_event(api, title="x", classification="confidential", recurrence_rule=rule)
    where = f"{url(veiled)}/occurrences/20260303T090000Z"
    got(api.patch(where, {"title": "secret", "classification": "confidential"}, If_Match="*"))
    found = listed(bens)
    assert sorted(each["title"] for each in found) == ["Busy", "Busy", "Busy", "public"]
    assert [each["has_alerts"] for each in found if each["title"] == "Busy"] == [False] * 3
    assert len(listed(api)) == 5
    share(ann, default_of(ann), ben, "free-busy")
    assert listed(bens) == []


def test_calendars_are_chosen(api: Api, ann: Account) -> None:
    team = made(api.post("/calendars", {"name": "Team"}))
    create_event(api, title="own")
    create_event(api, title="team", calendar=team["id"])
    assert told(api, f"{MARCH}&calendar={team['id']}") == [("team", "2026-03-02T10:00:00+01:00")]
    own = object_id(default_of(ann))
    assert len(told(api, f"{MARCH}&calendar={team['id']}&calendar={own}")) == 2
    problem(api.get(f"/occurrences?{MARCH}&calendar=nowhere"), 404, "not-found")


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("end=2026-04-01", "/start"),
        ("start=soon&end=2026-04-01", "/start"),
        ("start=2026-04-01&end=2026-04-01", "/end"),
        ("start=2026-04-01&end=2030-04-01", "/end"),
        (MARCH.replace("Berlin", "Atlantis"), "/zone"),
    ],
)
def test_a_stretch_of_time_has_bounds(api: Api, query: str, pointer: str) -> None:
    found = problem(api.get(f"/occurrences?{query}"), 422, "invalid")
    assert [each["pointer"] for each in found["errors"]] == [pointer]


def test_more_than_a_limit_are_not_told(api: Api, set_limit: SetLimit) -> None:
    set_limit(limits.API_OCCURRENCES, 100)
    create_event(api, recurrence_rule="FREQ=HOURLY;COUNT=100")
    assert len(listed(api)) == 100
    create_event(api)
    problem(api.get(f"/occurrences?{MARCH}"), 422, "limit-exceeded")


def test_a_month_takes_few_queries_however_much_is_in_it(
    api: Api, ann: Account, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(30):
        data = event(str(number), f"202603{number % 28 + 1:02}T090000Z", f"SUMMARY:{number}")
        put(ann, default_of(ann), data, f"{number}.ics")
    listed(api)
    with django_assert_max_num_queries(20):
        assert len(listed(api)) == 30


def busy(api: Api, *who: str) -> Any:
    names = "".join(f"&who={each}" for each in who)
    return got(api.get(f"/free-busy?{MARCH}{names}"))["people"]


def test_of_several_people_it_is_told_when_they_are_busy(
    api: Api, ann: Account, bens: Api, ben: Account
) -> None:
    create_event(api, classification="private")
    create_event(api, start="2026-03-02T10:30:00", status="tentative")
    create_event(api, start="2026-03-03T10:00:00", free_busy_status="free")
    [own, unknown, nobody] = busy(bens, ben.login, ann.login, "x@example.test")
    assert (own["is_known"], own["periods"]) == (True, [])
    assert [unknown["is_known"], nobody["is_known"]] == [False, False]
    share(ann, default_of(ann), ben, "free-busy")
    [anns] = busy(bens, ann.login)
    assert anns["periods"] == [
        {
            "start": "2026-03-02T10:00:00+01:00",
            "end": "2026-03-02T11:00:00+01:00",
            "status": "busy",
        },
        {
            "start": "2026-03-02T11:00:00+01:00",
            "end": "2026-03-02T11:30:00+01:00",
            "status": "tentative",
        },
    ]


def test_a_calendar_that_is_transparent_makes_nobody_busy(api: Api, ann: Account) -> None:
    create_event(api)
    where = f"/calendars/{object_id(default_of(ann))}"
    assert len(busy(api, ann.login)[0]["periods"]) == 1
    got(api.patch(where, {"is_transparent": True}, If_Match="*"))
    assert busy(api, ann.login)[0] == {"address": ann.login, "is_known": True, "periods": []}


def test_tasks_are_made_changed_and_done(api: Api, ann: Account) -> None:
    task = made(api.post("/tasks", {"title": "Tax", "due": "2026-05-31"}))
    assert task["calendar"] == object_id(default_of(ann, role="tasks"))
    part = made(api.post("/tasks", {"title": "Receipts", "parent_uid": task["uid"]}))
    assert part["parent_uid"] == task["uid"]
    where = url(task, "tasks")
    done = got(api.patch(where, {"status": "completed"}, If_Match=task["etag"]))
    assert done["percent"] == 100
    assert done["completed_at"]
    assert [each["title"] for each in got(api.get("/tasks"))["items"]] == ["Tax", "Receipts"]
    assert b"STATUS:COMPLETED" in api.get(f"{where}/raw").content
    problem(api.get(url(task)), 404, "not-found")
    assert api.delete(where, If_Match=done["etag"]).status_code == 204
    problem(api.post("/tasks", {"title": "x", "percent": 100}), 422, "invalid")
