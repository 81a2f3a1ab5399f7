"""Events over REST: both ways, beside raw iCalendar, by other readers, one of a series."""

import base64
from typing import Any

import pytest

from calendar_app.services.objects import remove_object
from groupware.core.models import Account
from groupware.core.resources import queries
from groupware.rest.tokens import unpack
from tests.api.dates import EVENT, create_event, default_of, got, made, object_id, share, url
from tests.api.speaking import Api, problem
from tests.services.calendar_app.events import event, put

pytestmark = pytest.mark.django_db

SERIES = {"recurrence_rule": "FREQ=DAILY;COUNT=4"}


def titles(page: Any) -> list[str]:
    return [each["title"] for each in page["items"]]


def id_of(collection_id: int, href: str) -> str:
    name = base64.urlsafe_b64encode(href.encode()).rstrip(b"=").decode()
    return f"{object_id(collection_id)}.{name}"


def test_an_event_is_made_in_ones_own_calendar_and_read_back(api: Api, ann: Account) -> None:
    response = api.post(
        "/calendar-events", {**EVENT, "location": "Room 2", "alerts": [{"offset": "-PT10M"}]}
    )
    event_ = made(response)
    assert response["Location"] == f"/api/v1{url(event_)}"
    assert response["ETag"] == event_["etag"]
    assert event_["calendar"] == object_id(default_of(ann))
    assert event_["end"] == "2026-03-02T11:00:00"
    assert event_["alerts"] == [
        {"action": "display", "offset": "-PT10M", "related": "start", "at": None}
    ]
    assert got(api.get(url(event_))) == event_
    assert api.get(url(event_), If_None_Match=event_["etag"]).status_code == 304


def test_who_invites_is_named_where_others_take_part(api: Api) -> None:
    event_ = create_event(api, participants=[{"email": "ben@example.test"}])
    assert event_["organizer"] == {"email": "ann@example.test", "name": ""}


def test_a_change_is_for_the_state_that_was_read(api: Api) -> None:
    event_ = create_event(api)
    problem(api.patch(url(event_), {"title": "x"}), 428, "condition-required")
    changed = got(api.patch(url(event_), {"title": "Team"}, If_Match=event_["etag"]))
    assert (changed["title"], changed["start"]) == ("Team", event_["start"])
    assert changed["etag"] != event_["etag"]
    problem(api.patch(url(event_), {"title": "y"}, If_Match=event_["etag"]), 412, "stale")
    problem(api.delete(url(event_), If_Match=event_["etag"]), 412, "stale")
    assert api.delete(url(event_), If_Match=changed["etag"]).status_code == 204
    problem(api.get(url(event_)), 404, "not-found")


def test_a_change_that_changes_nothing_keeps_the_state(api: Api) -> None:
    event_ = create_event(api)
    again = got(api.patch(url(event_), {"title": "Board"}, If_Match=event_["etag"]))
    assert again == event_


def test_what_json_does_not_know_survives_a_change(api: Api, ann: Account) -> None:
    data = event("odd", "20260310T090000Z", "SUMMARY:Odd", 'X-THING;X-P="a;b":  kept', "GEO:1;2")
    put(ann, default_of(ann), data, "odd.ics")
    where = f"/calendar-events/{id_of(default_of(ann), 'odd.ics')}"
    got(api.patch(where, {"title": "Even"}, If_Match="*"))
    raw = api.get(f"{where}/raw")
    assert raw["Content-Type"] == "text/calendar"
    assert b'X-THING;X-P="a;b":  kept\r\nGEO:1;2\r\n' in raw.content
    assert b"SUMMARY:Even\r\n" in raw.content


def test_raw_icalendar_is_stored_octet_for_octet(api: Api) -> None:
    data = event("raw", "20260310T090000Z", "X-THING:1")
    response = api.send("POST", "/calendar-events", data, kind="text/calendar")
    where = url(made(response))
    assert api.get(f"{where}/raw").content == data
    other = data.replace(b"X-THING:1", b"X-THING:2")
    response = api.send(
        "PUT", f"{where}/raw", other, kind="text/calendar", If_Match=response["ETag"]
    )
    assert (response.status_code, response.content) == (200, other)
    broken = api.send("PUT", f"{where}/raw", b"BEGIN:", kind="text/calendar", If_Match="*")
    problem(broken, 422, "invalid")
    empty = api.send("PUT", f"{where}/raw", b"", kind="text/calendar", If_Match="*")
    problem(empty, 422, "invalid")
    task = api.send(
        "PUT", f"{where}/raw", data.replace(b"VEVENT", b"VTODO"), kind="text/calendar", If_Match="*"
    )
    problem(task, 422, "invalid")


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"title": 5, "start": None}, "/start"),
        ({"start": "2026-03-02T10:00:00+01:00"}, "/start"),
        ({"time_zone": "Europe/Atlantis"}, "/time_zone"),
        ({"recurrence_rule": "FREQ=NEVER"}, "/recurrence_rule"),
        ({"status": "postponed"}, "/status"),
        ({"participants": [{"email": "nobody"}]}, "/participants"),
        ({"participants": [{}]}, "/participants/0/email"),
        ({"duration": None, "end": "2026-03-02T09:00:00"}, "/duration"),
    ],
)
def test_what_cannot_be_is_told_by_its_field(
    api: Api, fields: dict[str, object], pointer: str
) -> None:
    told = problem(api.post("/calendar-events", {**EVENT, **fields}), 422, "invalid")
    assert pointer in [each["pointer"] for each in told["errors"]]


def test_one_uid_is_once_in_a_calendar(api: Api) -> None:
    create_event(api, uid="one")
    told = problem(api.post("/calendar-events", {**EVENT, "uid": "one"}), 409, "conflict")
    assert "ics" not in told["detail"]


def test_a_calendar_that_takes_no_events_refuses_them(api: Api, ann: Account) -> None:
    tasks = object_id(default_of(ann, role="tasks"))
    problem(api.post("/calendar-events", {**EVENT, "calendar": tasks}), 422, "invalid")
    birthdays = object_id(default_of(ann, role="birthdays"))
    problem(api.post("/calendar-events", {**EVENT, "calendar": birthdays}), 403, "not-allowed")


def test_pages_make_up_the_list_and_since_goes_on_from_it(api: Api, ann: Account) -> None:
    made_ = [create_event(api, title=str(number)) for number in range(5)]
    first = got(api.get("/calendar-events?limit=3"))
    second = got(api.get(f"/calendar-events?limit=3&cursor={first['next']}"))
    assert titles(first) + titles(second) == ["0", "1", "2", "3", "4"]
    assert (second["next"], second["state"]) == (None, first["state"])
    got(api.patch(url(made_[1]), {"title": "changed"}, If_Match="*"))
    api.delete(url(made_[3]), If_Match="*")
    create_event(api, title="new")
    news = got(api.get(f"/calendar-events?since={second['state']}"))
    assert sorted(titles(news)) == ["changed", "new"]
    assert (news["removed"], news["more"]) == ([made_[3]["id"]], False)
    assert got(api.get(f"/calendar-events?since={news['state']}"))["items"] == []


def test_changes_come_in_pieces(api: Api) -> None:
    state = got(api.get("/calendar-events"))["state"]
    for number in range(5):
        create_event(api, title=str(number))
    told: list[str] = []
    for _ in range(10):
        page = got(api.get(f"/calendar-events?limit=2&since={state}"))
        assert len(page["items"]) <= 2
        told += titles(page)
        state = page["state"]
        if not page["more"]:
            break
    assert sorted(told) == ["0", "1", "2", "3", "4"]


def test_words_are_searched_in_what_a_reader_sees(
    api: Api, ann: Account, bens: Api, ben: Account
) -> None:
    share(ann, default_of(ann), ben, "read")
    for name in ("public", "confidential", "private"):
        create_event(api, title=f"{name} plan", classification=name)
    assert len(titles(got(api.get("/calendar-events?q=PLAN")))) == 3
    assert titles(got(bens.get("/calendar-events?q=plan"))) == ["public plan"]


def test_other_readers_see_what_is_theirs_to_see(
    api: Api, ann: Account, bens: Api, ben: Account
) -> None:
    share(ann, default_of(ann), ben, "write")
    shown, veiled, hidden = (
        create_event(api, title=name, classification=name)
        for name in ("public", "confidential", "private")
    )
    page = got(bens.get("/calendar-events"))
    assert titles(page) == ["public", "Busy"]
    problem(bens.get(url(hidden)), 404, "not-found")
    problem(bens.get(f"{url(hidden)}/raw"), 404, "not-found")
    seen = got(bens.get(url(veiled)))
    assert (seen["is_whole"], seen["title"], seen["start"]) == (False, "Busy", EVENT["start"])
    assert b"confidential" not in bens.get(f"{url(veiled)}/raw").content
    problem(bens.patch(url(veiled), {"title": "x"}, If_Match="*"), 403, "not-allowed")
    problem(bens.delete(url(veiled), If_Match="*"), 403, "not-allowed")
    assert got(bens.patch(url(shown), {"title": "ours"}, If_Match="*"))["title"] == "ours"


def test_what_becomes_private_is_told_as_gone_and_its_changes_never(
    api: Api, ann: Account, bens: Api, ben: Account
) -> None:
    share(ann, default_of(ann), ben, "read")
    event_ = create_event(api)
    state = got(bens.get("/calendar-events"))["state"]
    got(api.patch(url(event_), {"classification": "private"}, If_Match="*"))
    page = got(bens.get(f"/calendar-events?since={state}"))
    assert (page["items"], page["removed"]) == ([], [event_["id"]])
    got(api.patch(url(event_), {"title": "secret"}, If_Match="*"))
    again = got(bens.get(f"/calendar-events?since={page['state']}"))
    assert (again["items"], again["removed"]) == ([], [])
    assert unpack(again["state"]) == unpack(page["state"])


def test_rights_are_asked_of_each_change(api: Api, ann: Account, bens: Api, ben: Account) -> None:
    calendar = default_of(ann)
    share(ann, calendar, ben, "read")
    event_ = create_event(api)
    body = {**EVENT, "calendar": object_id(calendar)}
    problem(bens.post("/calendar-events", body), 403, "not-allowed")
    problem(bens.patch(url(event_), {"title": "x"}, If_Match="*"), 403, "not-allowed")
    problem(bens.delete(url(event_), If_Match="*"), 403, "not-allowed")
    share(ann, calendar, ben, "lri")
    made(bens.post("/calendar-events", body))
    problem(bens.patch(url(event_), {"title": "x"}, If_Match="*"), 403, "not-allowed")
    share(ann, calendar, ben, "free-busy")
    problem(bens.get(url(event_)), 404, "not-found")


def test_what_is_shared_no_more_makes_a_state_expire(
    api: Api, ann: Account, bens: Api, ben: Account
) -> None:
    share(ann, default_of(ann), ben, "read")
    create_event(api)
    state = got(bens.get("/calendar-events"))["state"]
    share(ann, default_of(ann), ben, "read private")
    problem(bens.get(f"/calendar-events?since={state}"), 410, "state-expired")
    state = got(bens.get("/calendar-events"))["state"]
    problem(bens.get(f"/calendar-events?q=board&since={state}"), 410, "state-expired")


def test_one_of_a_series_is_changed_and_taken_out(api: Api) -> None:
    series = create_event(api, **SERIES)
    where = f"{url(series)}/occurrences/20260303T090000Z"
    assert got(api.get(where))["start"] == "2026-03-03T10:00:00"
    moved = api.patch(where, {"start": "2026-03-03T15:00:00"}, If_Match=series["etag"])
    assert got(moved)["end"] == "2026-03-03T16:00:00"
    [override] = got(api.get(url(series)))["overrides"]
    assert override["recurrence_id"] == "20260303T090000Z"
    gone = f"{url(series)}/occurrences/20260304T090000Z"
    problem(api.delete(gone, If_Match=series["etag"]), 412, "stale")
    assert api.delete(gone, If_Match=moved["ETag"]).status_code == 204
    problem(api.get(gone), 404, "not-found")
    assert got(api.get(url(series)))["excluded"] == ["20260304T090000Z"]
    problem(api.get(f"{url(series)}/occurrences/20260320T090000Z"), 404, "not-found")


def test_an_id_in_another_spelling_leads_nowhere(api: Api, ann: Account) -> None:
    event_ = create_event(api)
    calendar, name = event_["id"].split(".")
    for other in (f"{calendar}.{name}A", f"{calendar}.{name}=", f"{calendar}.AA", f"x.{name}"):
        assert api.get(f"/calendar-events/{other}").status_code == 404
    problem(api.get(f"/tasks/{event_['id']}"), 404, "not-found")


def test_what_changes_between_reading_and_writing_is_not_lost(
    api: Api, ann: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    from calendar_app.services import forms

    event_ = create_event(api)
    edit = forms.edit_object

    def meanwhile(data: bytes, changes: dict[str, object]) -> object:
        prepared = edit(data, changes)
        row = queries.list_resources(default_of(ann))[0]
        remove_object(ann.pk, default_of(ann), row.href)
        return prepared

    monkeypatch.setattr(forms, "edit_object", meanwhile)
    response = api.patch(url(event_), {"title": "x"}, If_Match="*")
    assert response.status_code in {404, 412}
    assert queries.list_resources(default_of(ann)) == []
