from collections.abc import Iterator
from urllib.parse import unquote

import pytest

from tests.clients.dav.objects import card, event, plain, task
from tests.clients.dav.servers import DavServer
from tests.clients.dav.tsdav import tsdav
from tests.clients.dav.visitor import Visitor
from tests.clients.people import Person
from tests.clients.told import Told

MARCH = {"start": "2026-03-01T00:00:00.000Z", "end": "2026-04-01T00:00:00.000Z"}


@pytest.fixture
def client(dav: DavServer, person: Person) -> Iterator[Told]:
    with tsdav(dav, person) as session:
        yield session


@pytest.fixture
def calendar(client: Told, visitor: Visitor) -> str:
    """The URL of a calendar for events and tasks."""
    path = visitor.make_calendar("team", "VEVENT", "VTODO")
    return url_of(client.call("calendars"), path)


@pytest.fixture
def book(client: Told, visitor: Visitor) -> str:
    """The URL of an address book."""
    path = visitor.make_address_book("people")
    return url_of(client.call("books"), path)


def url_of(collections: list[dict[str, str]], path: str) -> str:
    [found] = [row["url"] for row in collections if path_of(row["url"]) == path]
    return found


def path_of(url: str) -> str:
    return unquote("/" + url.split("/", 3)[3])


def paths(objects: list[dict[str, str]]) -> list[str]:
    return [path_of(row["url"]) for row in objects]


def test_collections_are_found_from_the_root(client: Told, visitor: Visitor) -> None:
    calendar = visitor.make_calendar("team", "VEVENT")
    book = visitor.make_address_book("people")
    [found] = [row for row in client.call("calendars") if path_of(row["url"]) == calendar]
    assert (found["displayName"], found["components"]) == ("team", ["VEVENT"])
    assert found["syncToken"]
    assert found["ctag"]
    assert {"calendarQuery", "calendarMultiget", "syncCollection", "freeBusyQuery"} <= set(
        client.call("reports", found["url"])
    )
    assert url_of(client.call("books"), book)


def test_collections_are_found_by_who_knows_the_name_of_the_server_alone(
    dav: DavServer, person: Person, visitor: Visitor
) -> None:
    calendar = visitor.make_calendar("team", "VEVENT")
    book = visitor.make_address_book("people")
    with tsdav(dav, person, dav.origin) as client:
        assert url_of(client.call("calendars"), calendar)
        assert url_of(client.call("books"), book)


def test_calendar_is_made_with_its_properties(client: Told, visitor: Visitor) -> None:
    path = visitor.make_calendar("team", "VEVENT")
    url = url_of(client.call("calendars"), path)
    made = url.removesuffix("team/") + "made/"
    client.call("makeCalendar", made, {"d:displayname": "Équipe"})
    [found] = [row for row in client.call("calendars") if row["url"] == made]
    assert found["displayName"] == "Équipe"


def test_event_is_made_changed_and_removed_only_by_who_knows_its_etag(
    client: Told, visitor: Visitor, calendar: str
) -> None:
    made = client.call("create", calendar, "one.ics", event("one", "First").decode())
    assert made["status"] == 201
    assert (
        client.call("create", calendar, "one.ics", event("one", "Again").decode())["status"] == 412
    )
    [held] = client.call("objects", calendar)
    assert plain(held["data"]) == plain(event("one", "First"))
    visitor.put(path_of(held["url"]), event("one", "Second"))
    late = held | {"data": event("one", "Late").decode()}
    assert client.call("update", calendar, late)["status"] == 412
    assert client.call("remove", calendar, held)["status"] == 412
    [now] = client.call("objects", calendar)
    assert plain(now["data"]) == plain(event("one", "Second"))
    now["data"] = event("one", "Third").decode()
    assert client.call("update", calendar, now)["status"] in {200, 204}
    assert visitor.contents(path_of(calendar)) == {path_of(now["url"]): event("one", "Third")}
    [now] = client.call("objects", calendar)
    assert client.call("remove", calendar, now)["status"] in {200, 204}
    assert client.call("objects", calendar) == []


def test_sync_tells_what_came_changed_and_went(
    client: Told, visitor: Visitor, calendar: str
) -> None:
    path = path_of(calendar)
    for name in ("one", "two"):
        visitor.put(f"{path}{name}.ics", event(name))
    first = client.call("sync", calendar)
    assert [len(first[name]) for name in ("created", "updated", "deleted")] == [2, 0, 0]
    visitor.put(f"{path}two.ics", event("two", "Changed"))
    visitor.put(f"{path}three.ics", task("three"))
    visitor.done("DELETE", f"{path}one.ics")
    told = client.call("sync", calendar)
    assert paths(told["created"]) == [f"{path}three.ics"]
    assert [plain(row["data"]) for row in told["updated"]] == [plain(event("two", "Changed"))]
    assert paths(told["deleted"]) == [f"{path}one.ics"]
    assert client.call("sync", calendar) == {"created": [], "updated": [], "deleted": []}


def test_ctag_changes_with_the_calendar(client: Told, visitor: Visitor, calendar: str) -> None:
    assert not client.call("isDirty", calendar)
    visitor.put(f"{path_of(calendar)}one.ics", event("one"))
    assert client.call("isDirty", calendar)


def test_time_range_finds_and_expands_what_repeats(
    client: Told, visitor: Visitor, calendar: str
) -> None:
    path = path_of(calendar)
    weekly = event("weekly", "Weekly", "RRULE:FREQ=WEEKLY", start="20260216T093000")
    visitor.put(f"{path}weekly.ics", weekly)
    visitor.put(f"{path}may.ics", event("may", "May", start="20260504T093000"))
    [found] = client.call("objects", calendar, {"timeRange": MARCH})
    assert plain(found["data"]) == plain(weekly)
    [expanded] = client.call("objects", calendar, {"timeRange": MARCH, "expand": True})
    starts = [line for line in expanded["data"].splitlines() if line.startswith("DTSTART")]
    hours = {2: "08", 9: "08", 16: "08", 23: "08", 30: "07"}
    assert starts == [f"DTSTART:202603{day:02}T{hour}3000Z" for day, hour in hours.items()]
    assert "RRULE" not in expanded["data"]


def test_free_busy_tells_when_somebody_is_busy(
    client: Told, visitor: Visitor, calendar: str
) -> None:
    visitor.put(f"{path_of(calendar)}one.ics", event("one"))
    answer = client.call("freeBusy", calendar, MARCH)
    assert "20260302T083000Z/20260302T090000Z" in answer or "20260302T083000Z/PT30M" in answer


def test_card_is_made_changed_and_removed(client: Told, visitor: Visitor, book: str) -> None:
    assert client.call("create", book, "zoe.vcf", card("zoe").decode())["status"] == 201
    [held] = client.call("objects", book)
    assert plain(held["data"]) == plain(card("zoe"))
    held["data"] = card("zoe", "Zoë Meier").decode()
    assert client.call("update", book, held)["status"] in {200, 204}
    assert visitor.contents(path_of(book)) == {path_of(held["url"]): card("zoe", "Zoë Meier")}
    first = client.call("sync", book)
    assert [plain(row["data"]) for row in first["created"]] == [plain(card("zoe", "Zoë Meier"))]
    [held] = client.call("objects", book)
    assert client.call("remove", book, held)["status"] in {200, 204}
    assert paths(client.call("sync", book)["deleted"]) == paths([held])
