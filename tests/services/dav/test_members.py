"""PUT, GET and DELETE of calendar objects and cards."""

from collections.abc import Callable
from email.utils import formatdate

import pytest

from groupware.core import limits
from groupware.core.models import Account
from groupware.core.rights import grant, parse_rights
from groupware.dav.names import caldav, carddav, dav
from tests.conftest import SetLimit
from tests.services.dav.client import Answer, DavClient
from tests.services.dav.samples import calendar, card, event, todo

pytestmark = pytest.mark.django_db


@pytest.fixture
def book(ann: Account) -> str:
    return f"/{ann.pk}/contacts/"


@pytest.fixture
def meetings(ann: Account) -> str:
    return f"/{ann.pk}/calendar/"


def put(client: DavClient, path: str, data: bytes, **headers: str) -> Answer:
    kind = "text/vcard" if b"VCARD" in data else "text/calendar"
    return client.request("PUT", path, data, **{"Content_Type": kind, **headers})


@pytest.mark.parametrize(
    ("collection", "data", "media_type"),
    [
        ("calendar", event("1", "Déjà vu"), "text/calendar; charset=utf-8; component=VEVENT"),
        ("tasks", todo("1"), "text/calendar; charset=utf-8; component=VTODO"),
        ("contacts", card("1", "Zoë"), "text/vcard; charset=utf-8"),
    ],
)
def test_what_was_put_is_got_octet_for_octet(
    collection: str, data: bytes, media_type: str, ann: Account, anns: DavClient
) -> None:
    data = data.replace(b"\r\n", b"\n")  # a program that does not keep to CRLF
    path = f"/{ann.pk}/{collection}/a b:c'é,%25.x"
    answer = put(anns, path, data)
    assert (answer.status, answer.body) == (201, b"")
    etag = answer.headers["etag"]
    got = anns.request("GET", path)
    assert (got.status, got.body, got.headers["etag"]) == (200, data, etag)
    assert got.headers["content-type"] == media_type
    assert got.headers["content-length"] == str(len(data))
    assert "last-modified" in got.headers
    head = anns.request("HEAD", path)
    assert (head.status, head.body) == (200, b"")
    assert head.headers == got.headers
    found = anns.propfind(path, "D:getetag").properties(path)
    assert found[dav("getetag")].text == etag


def test_a_put_over_another_is_told_apart_from_a_new_one(meetings: str, anns: DavClient) -> None:
    first = put(anns, meetings + "1.ics", event("1"))
    second = put(anns, meetings + "1.ics", event("1", "Longer"))
    assert (first.status, second.status) == (201, 204)
    assert "content-length" not in second.headers
    assert first.headers["etag"] != second.headers["etag"]
    assert put(anns, meetings + "1.ics", event("1")).headers["etag"] == first.headers["etag"]


@pytest.mark.parametrize(
    ("headers", "over", "new"),
    [
        ({"If_Match": "{etag}"}, 204, 412),
        ({"If_Match": '"x", {etag} ,"y"'}, 204, 412),
        ({"If_Match": "*"}, 204, 412),
        ({"If_Match": '"x"'}, 412, 412),
        ({"If_Match": "W/{etag}"}, 412, 412),
        ({"If_None_Match": "*"}, 412, 201),
        ({"If_None_Match": "{etag}"}, 412, 201),
        ({"If_None_Match": "W/{etag}"}, 412, 201),
        ({"If_None_Match": '"x"'}, 204, 201),
        ({"If_Unmodified_Since": formatdate(0, usegmt=True)}, 412, 412),
        ({"If_Unmodified_Since": formatdate(4e9, usegmt=True)}, 204, 412),
        ({"If_Unmodified_Since": "yesterday"}, 204, 201),
        ({"If_Match": '"'}, 400, 400),
    ],
)
def test_a_put_is_for_the_state_that_it_names(
    headers: dict[str, str], over: int, new: int, meetings: str, anns: DavClient
) -> None:
    etag = put(anns, meetings + "1.ics", event("1")).headers["etag"]
    filled = {name: value.format(etag=etag) for name, value in headers.items()}
    assert put(anns, meetings + "1.ics", event("1", "New"), **filled).status == over
    assert put(anns, meetings + "2.ics", event("2"), **filled).status == new


def test_a_read_is_for_who_does_not_have_it(book: str, anns: DavClient) -> None:
    etag = put(anns, book + "1.vcf", card("1")).headers["etag"]
    got = anns.request("GET", book + "1.vcf")
    for same in (etag, f"W/{etag}", "*", f'"x", {etag}'):
        answer = anns.request("GET", book + "1.vcf", If_None_Match=same)
        assert (answer.status, answer.body, answer.headers["etag"]) == (304, b"", etag)
        assert "content-length" not in answer.headers
    assert anns.request("GET", book + "1.vcf", If_None_Match='"x"').status == 200
    date = got.headers["last-modified"]
    assert anns.request("GET", book + "1.vcf", If_Modified_Since=date).status == 304
    # The entity tag says more than the date (RFC 9110 §13.1.3).
    both = {"If_Modified_Since": date, "If_None_Match": '"x"'}
    assert anns.request("GET", book + "1.vcf", **both).status == 200
    assert anns.request("GET", book + "1.vcf", If_Match='"x"').status == 412
    assert anns.request("GET", book + "1.vcf", If_Match=etag).status == 200
    assert anns.request("GET", book + "2.vcf").status == 404


@pytest.mark.parametrize(
    ("collection", "data", "condition"),
    [
        ("calendar", b"", "valid-calendar-data"),
        ("calendar", b"\xff\x00" * 50, "valid-calendar-data"),
        ("calendar", todo("1"), "supported-calendar-component"),
        ("calendar", calendar(), "valid-calendar-object-resource"),
        ("calendar", event("1").replace(b"UID:1\r\n", b""), "valid-calendar-object-resource"),
        ("contacts", b"", "valid-address-data"),
        ("contacts", card("1", version="2.1"), "supported-address-data"),
        ("contacts", card("1") + card("2"), "valid-address-data"),
    ],
)
def test_what_no_collection_can_hold_names_the_precondition(
    collection: str, data: bytes, condition: str, ann: Account, anns: DavClient
) -> None:
    name = carddav if collection == "contacts" else caldav
    answer = anns.request("PUT", f"/{ann.pk}/{collection}/1", data)
    assert (answer.status, answer.condition()) == (403, name(condition))
    assert answer.xml().findtext(dav("responsedescription"))
    assert anns.request("GET", f"/{ann.pk}/{collection}/1").status == 404


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content_Type": "text/calendar; charset=UTF-8; component=vevent"}, 201),
        ({"Content_Type": ""}, 201),
        ({"Content_Type": "application/octet-stream"}, 201),
        ({"Content_Type": "text/vcard"}, 403),
        ({"Content_Type": "image/png"}, 403),
        ({"Content_Type": 'text/calendar; charset="iso-8859-1"'}, 403),
        ({"Content_Encoding": "gzip"}, 415),
        ({"Content_Range": "bytes 0-1/9"}, 400),
    ],
)
def test_what_it_says_that_it_sends_is_believed(
    headers: dict[str, str], status: int, meetings: str, anns: DavClient
) -> None:
    answer = anns.request("PUT", meetings + "1.ics", event("1"), **headers)
    assert answer.status == status
    if status == 403:
        assert answer.condition() == caldav("supported-calendar-data")


def test_a_uid_is_in_a_collection_once(meetings: str, book: str, anns: DavClient) -> None:
    for collection, data, condition in (
        (meetings, event("1"), caldav("no-uid-conflict")),
        (book, card("1"), carddav("no-uid-conflict")),
    ):
        assert put(anns, collection + "a é", data).status == 201
        answer = put(anns, collection + "b", data)
        assert (answer.status, answer.condition()) == (409, condition)
        [href] = answer.xml()[0]
        assert href.text == f"/dav{collection}a%20%C3%A9"


def test_a_size_is_bounded(meetings: str, anns: DavClient, set_limit: SetLimit) -> None:
    set_limit(limits.RESOURCE_SIZE, 16 << 10)
    answer = put(anns, meetings + "1.ics", event("1", "x" * (16 << 10)))
    assert (answer.status, answer.condition()) == (403, caldav("max-resource-size"))
    assert put(anns, meetings + "1.ics", event("1", "x" * (15 << 10))).status == 201


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/{ann}/nothing/1.ics", 409),
        ("/{ann}/nothing", 409),
        ("/{ben}/calendar/1.ics", 409),
        ("/{ann}/calendar/", 405),
        ("/{ann}/", 405),
        ("/", 405),
        ("/{ann}/calendar/a/b", 409),
        ("/{ann}/birthdays/1.ics", 403),
    ],
)
def test_what_has_no_collection_cannot_be_put(
    path: str, status: int, ann: Account, ben: Account, anns: DavClient
) -> None:
    answer = put(anns, path.format(ann=ann.pk, ben=ben.pk), event("1"))
    assert answer.status == status


def test_a_put_can_be_answered_with_what_is_there(meetings: str, anns: DavClient) -> None:
    path, prefer = meetings + "1.ics", {"Prefer": "return=representation"}
    first = put(anns, path, event("1"), **prefer)
    assert (first.status, first.body) == (201, event("1"))
    assert first.headers["preference-applied"] == "return=representation"
    assert first.headers["content-location"] == f"/dav{path}"
    assert put(anns, path, event("1", "New"), **prefer).status == 200
    refused = put(anns, path, event("1"), If_None_Match="*", **prefer)
    assert (refused.status, refused.body) == (412, event("1", "New"))
    assert put(anns, meetings + "2.ics", event("2"), If_Match="*", **prefer).status == 412


def test_a_member_is_added_under_a_name_of_the_server(
    meetings: str, book: str, ann: Account, anns: DavClient, bens: DavClient
) -> None:
    for collection, data in ((meetings, event("1")), (book, card("1"))):
        target = anns.propfind(collection, "D:add-member").properties(collection)
        assert target[dav("add-member")].findtext(dav("href")) == f"/dav{collection}"
        posted = anns.request("POST", collection, data)
        assert posted.status == 201
        path = posted.headers["location"].removeprefix("/dav")
        got = anns.request("GET", path)
        assert (got.body, got.headers["etag"]) == (data, posted.headers["etag"])
        again = anns.request("POST", collection, data)
        assert again.status == 409
        assert again.xml()[0].findtext(dav("href")) == posted.headers["location"]
        assert anns.request("POST", collection, b"x").status == 403
        assert anns.request("POST", path, data).status == 405
        assert bens.request("POST", collection, data).status == 404
    calendar_of = ann.collections.get(kind="calendars", name="Calendar")
    grant(ann, calendar_of, Account.objects.get(login=bens.login), parse_rights("read"))
    assert bens.request("POST", meetings, event("2")).condition() == dav("need-privileges")


def test_what_is_deleted_is_gone(meetings: str, book: str, anns: DavClient) -> None:
    for path, data in ((meetings + "1.ics", event("1")), (book + "1.vcf", card("1"))):
        etag = put(anns, path, data).headers["etag"]
        assert anns.request("DELETE", path, If_Match='"x"').status == 412
        assert anns.request("DELETE", path, If_Match=etag).status == 204
        assert anns.request("GET", path).status == 404
        assert anns.request("DELETE", path).status == 404


def test_a_collection_is_deleted_with_all_that_is_in_it(
    meetings: str, book: str, ann: Account, anns: DavClient
) -> None:
    put(anns, meetings + "1.ics", event("1"))
    put(anns, book + "1.vcf", card("1"))
    for path in (meetings, book):
        assert anns.request("DELETE", path, Depth="0").status == 400
        assert anns.request("DELETE", path, If_Match='"x"').status == 412
        assert anns.request("DELETE", path).status == 204
        assert anns.propfind(path, "D:displayname").status == 404
    for path in (f"/{ann.pk}/birthdays/", f"/{ann.pk}/", "/"):
        assert anns.request("DELETE", path).status == 403


def test_each_right_allows_what_it_names_and_no_more(
    ann: Account, ben: Account, anns: DavClient, bens: DavClient, meetings: str
) -> None:
    put(anns, meetings + "1.ics", event("1"))
    calendar_of = ann.collections.get(kind="calendars", name="Calendar")
    requests: dict[str, Callable[[], int]] = {
        "GET": lambda: bens.request("GET", meetings + "1.ics").status,
        "new": lambda: put(bens, meetings + "2.ics", event("2")).status,
        "over": lambda: put(bens, meetings + "1.ics", event("1", "Other")).status,
        "DELETE": lambda: bens.request("DELETE", meetings + "1.ics").status,
        "DELETE all": lambda: bens.request("DELETE", meetings).status,
    }
    for rights, allowed in (
        ("read", {"GET": 200}),
        ("lri", {"GET": 200, "new": 201}),
        ("lrw", {"GET": 200, "over": 204}),
        ("lrt", {"GET": 200, "DELETE": 204}),
        ("free-busy", {"GET": 404, "over": 403, "DELETE": 404}),
    ):
        grant(ann, calendar_of, ben, parse_rights(rights))
        for name, send in requests.items():
            assert send() == allowed.get(name, 403), (rights, name)
        anns.request("DELETE", meetings + "2.ics")
        put(anns, meetings + "1.ics", event("1"))


def test_cards_are_sent_in_the_version_that_is_asked_for(book: str, anns: DavClient) -> None:
    etag = put(anns, book + "1.vcf", card("1", "Ann", "TEL;TYPE=pref:1")).headers["etag"]
    four = anns.request("GET", book + "1.vcf", Accept="text/vcard; version=4.0")
    assert four.headers["content-type"] == "text/vcard; charset=utf-8; version=4.0"
    assert b"VERSION:4.0" in four.body
    # It is not what is stored, so that nobody writes over it by this tag.
    assert four.headers["etag"] == f"W/{etag}"
    for accept in ("text/vcard", "*/*", "text/vcard; version=3.0", ""):
        got = anns.request("GET", book + "1.vcf", Accept=accept)
        assert (got.body, got.headers["etag"]) == (card("1", "Ann", "TEL;TYPE=pref:1"), etag)


def test_a_collection_is_got_as_one_file(
    meetings: str, book: str, anns: DavClient, set_limit: SetLimit
) -> None:
    for uid in ("1", "2"):
        put(anns, f"{meetings}{uid}.ics", event(uid))
        put(anns, f"{book}{uid}.vcf", card(uid))
    cards = anns.request("GET", book)
    assert cards.body == card("1") + card("2")
    assert cards.headers["content-type"] == "text/vcard; charset=utf-8"
    got = anns.request("GET", meetings)
    assert got.headers["content-type"] == "text/calendar; charset=utf-8"
    assert got.headers["content-disposition"] == 'attachment; filename="Calendar.ics"'
    assert got.body.count(b"BEGIN:VCALENDAR") == 1
    assert got.body.count(b"BEGIN:VEVENT") == 2
    assert b"X-WR-CALNAME:Calendar\r\n" in got.body
    assert anns.request("GET", meetings, If_None_Match=got.headers["etag"]).status == 304
    put(anns, f"{meetings}3.ics", event("3"))
    assert anns.request("GET", meetings, If_None_Match=got.headers["etag"]).status == 200
    set_limit(limits.DAV_DOWNLOAD, 100)
    assert anns.request("GET", meetings).status == 507


def test_other_places_say_what_they_are(ann: Account, anns: DavClient) -> None:
    for path in ("/", f"/{ann.pk}/"):
        assert b"CalDAV" in anns.request("GET", path).body
