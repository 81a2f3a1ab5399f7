"""Calendars and address books over REST."""

import pytest

from groupware.core.models import Account
from tests.api.dates import create_event, default_of, got, made, object_id, share
from tests.api.speaking import Api, problem

pytestmark = pytest.mark.django_db


def test_own_calendars_are_listed_with_what_they_hold(api: Api, ann: Account) -> None:
    page = got(api.get("/calendars"))
    assert [(each["role"], each["holds"]) for each in page["items"]] == [
        ("default", ["event"]),
        ("tasks", ["task"]),
        ("birthdays", ["event"]),
    ]
    assert page["items"][0]["owner"] == {"id": ann.pk, "address": "ann@example.test"}


def test_a_calendar_is_made_changed_and_deleted(api: Api) -> None:
    response = api.post("/calendars", {"name": "Team", "color": "#336699", "holds": ["event"]})
    calendar = made(response)
    where = response["Location"]
    assert where == f"/api/v1/calendars/{calendar['id']}"
    assert response["ETag"] == calendar["etag"]
    changed = api.patch(where, {"name": "All", "time_zone": "Europe/Berlin"}, If_Match="*")
    assert (got(changed)["name"], changed.json()["time_zone"]) == ("All", "Europe/Berlin")
    assert changed.json()["color"] == "#336699"
    problem(api.patch(where, {"name": "Mine"}, If_Match=calendar["etag"]), 412, "stale")
    assert api.delete(where, If_Match=changed["ETag"]).status_code == 204
    problem(api.get(where), 404, "not-found")


def test_events_that_come_make_no_change_of_a_calendar_wait(api: Api) -> None:
    calendar = got(api.get("/calendars"))["items"][0]
    create_event(api)
    where = f"/calendars/{calendar['id']}"
    again = got(api.get(where))
    assert again["etag"] != calendar["etag"]
    assert again["items"] == 1
    assert api.patch(where, {"color": "red"}, If_Match=calendar["etag"]).status_code == 200


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/name"),
        ({"name": "x", "color": "light green"}, "/color"),
        ({"name": "x", "time_zone": "Europe/Atlantis"}, "/time_zone"),
        ({"name": "x", "holds": ["note"]}, "/holds/0"),
    ],
)
def test_what_cannot_be_is_told_by_its_field(
    api: Api, body: dict[str, object], pointer: str
) -> None:
    told = problem(api.post("/calendars", body), 422, "invalid")
    assert [each["pointer"] for each in told["errors"]] == [pointer]


def test_since_tells_what_changed_and_what_is_gone(api: Api) -> None:
    state = got(api.get("/calendars"))["state"]
    calendar = made(api.post("/calendars", {"name": "Team"}))
    page = got(api.get(f"/calendars?since={state}"))
    assert [each["name"] for each in page["items"]] == ["Team"]
    api.delete(f"/calendars/{calendar['id']}", If_Match="*")
    page = got(api.get(f"/calendars?since={page['state']}"))
    assert (page["items"], page["removed"]) == ([], [calendar["id"]])


def test_of_others_a_reader_sets_how_he_sees_it(
    api: Api, bens: Api, ann: Account, ben: Account
) -> None:
    share(ann, default_of(ann), ben, "read")
    calendar = got(bens.get("/calendars"))["items"][-1]
    assert calendar["owner"]["address"] == "ann@example.test"
    where = f"/calendars/{calendar['id']}"
    changed = got(bens.patch(where, {"name": "Ann's", "color": "#ff0000"}, If_Match="*"))
    assert (changed["name"], changed["color"]) == ("Ann's", "#ff0000")
    assert got(api.get(where))["name"] == "Calendar"
    problem(bens.patch(where, {"time_zone": "UTC"}, If_Match="*"), 403, "not-allowed")
    problem(bens.delete(where, If_Match="*"), 403, "not-allowed")
    problem(bens.post(f"{where}/link", {}), 403, "not-allowed")
    problem(bens.get(f"{where}/shares"), 403, "not-allowed")


def test_the_calendar_of_birthdays_stays(api: Api, ann: Account) -> None:
    where = f"/calendars/{object_id(default_of(ann, role='birthdays'))}"
    problem(api.delete(where, If_Match="*"), 403, "not-allowed")


@pytest.mark.parametrize("kind", ["calendars", "address-books"])
def test_something_is_shared_by_its_owner_and_taken_back(
    api: Api, bens: Api, ben: Account, kind: str
) -> None:
    made_ = made(api.post(f"/{kind}", {"name": "Team"}))
    where = f"/{kind}/{made_['id']}"
    problem(bens.get(where), 404, "not-found")
    granted = made(api.post(f"{where}/shares", {"grantee": ben.login, "rights": "read"}))
    assert granted["rights"] == "lrs"
    assert got(bens.get(where))["rights"] == "lrs"
    again = made(api.post(f"{where}/shares", {"grantee": ben.login, "rights": "write"}))
    assert got(api.get(f"{where}/shares"))["items"] == [again]
    response = api.delete(f"{where}/shares/{again['id']}", If_Match="*")
    assert response.status_code == 204
    problem(bens.get(where), 404, "not-found")
    problem(api.post(f"{where}/shares", {"grantee": ben.login, "rights": "?"}), 422, "invalid")
    problem(
        api.post(f"{where}/shares", {"grantee": "x@y.test", "rights": "read"}), 404, "not-found"
    )


def test_a_public_address_opens_a_calendar_until_it_is_taken_back(api: Api) -> None:
    calendar = got(api.get("/calendars"))["items"][0]
    create_event(api, title="Lunch")
    where = f"/calendars/{calendar['id']}"
    link = made(api.post(f"{where}/link", {}))["url"]
    path = link[link.index("/public/") :]
    assert b"SUMMARY:Lunch" in api.client.get(path, secure=True).content
    assert got(api.get(where))["has_link"]
    assert api.delete(f"{where}/link").status_code == 204
    assert api.client.get(path, secure=True).status_code == 404


def test_address_books_are_made_changed_and_deleted(api: Api) -> None:
    book = made(api.post("/address-books", {"name": "Suppliers"}))
    assert [each["name"] for each in got(api.get("/address-books"))["items"]] == [
        "Contacts",
        "Suppliers",
    ]
    where = f"/address-books/{book['id']}"
    changed = got(api.patch(where, {"description": "Who sells"}, If_Match=book["etag"]))
    assert changed["description"] == "Who sells"
    state = got(api.get("/address-books"))["state"]
    assert api.delete(where, If_Match=changed["etag"]).status_code == 204
    assert got(api.get(f"/address-books?since={state}"))["removed"] == [book["id"]]
