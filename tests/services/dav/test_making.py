"""MKCALENDAR and MKCOL."""

import pytest

from groupware.core import limits
from groupware.core.models import Account
from groupware.core.rights import grant, parse_rights
from groupware.dav.names import PREFIXES, apple, caldav, calserver, carddav, dav
from tests.conftest import SetLimit
from tests.services.dav.client import Answer, DavClient
from tests.services.dav.samples import event, todo

pytestmark = pytest.mark.django_db

DECLARED = " ".join(f'xmlns:{prefix}="{name}"' for prefix, name in PREFIXES.items())
CALENDAR = "<D:resourcetype><D:collection/><C:calendar/></D:resourcetype>"
BOOK = "<D:resourcetype><D:collection/><CR:addressbook/></D:resourcetype>"


def make(client: DavClient, method: str, path: str, properties: str, **headers: str) -> Answer:
    name = "C:mkcalendar" if method == "MKCALENDAR" else "D:mkcol"
    body = f"<{name} {DECLARED}><D:set><D:prop>{properties}</D:prop></D:set></{name}>"
    return client.request(method, path, body, **headers)


@pytest.fixture
def home(ann: Account) -> str:
    return f"/{ann.pk}/"


@pytest.mark.parametrize(("method", "types"), [("MKCALENDAR", ""), ("MKCOL", CALENDAR)])
def test_a_calendar_is_made_as_described(
    method: str, types: str, home: str, anns: DavClient
) -> None:
    path = f"{home}Les fêtes/"
    answer = make(
        anns,
        method,
        path,
        f"{types}<D:displayname>Fêtes</D:displayname>"
        "<C:calendar-description xml:lang='fr'>Tout</C:calendar-description>"
        "<C:supported-calendar-component-set><C:comp name='VTODO'/>"
        "</C:supported-calendar-component-set>"
        "<C:calendar-timezone-id>Europe/Paris</C:calendar-timezone-id>"
        "<C:schedule-calendar-transp><C:transparent/></C:schedule-calendar-transp>"
        "<I:calendar-color symbolic-color='red'>#f00</I:calendar-color>"
        "<I:calendar-order>3</I:calendar-order><x xmlns='urn:x'>y</x>",
    )
    assert (answer.status, answer.body) == (201, b"")
    names = ("D:displayname", "D:resourcetype", "C:supported-calendar-component-set")
    others = ("C:calendar-timezone-id", "I:calendar-color", "I:calendar-order")
    found = anns.propfind(path, *names, *others).properties(path)
    assert found[dav("displayname")].text == "Fêtes"
    assert caldav("calendar") in {child.tag for child in found[dav("resourcetype")]}
    [component] = found[caldav("supported-calendar-component-set")]
    assert component.get("name") == "VTODO"
    assert found[caldav("calendar-timezone-id")].text == "Europe/Paris"
    assert found[apple("calendar-color")].text == "#f00"
    everything = anns.request("PROPFIND", path, Depth="0").properties(path)
    assert everything["{urn:x}x"].text == "y"
    assert path in anns.propfind(home, "D:displayname", depth="1").responses()
    assert anns.request("PUT", path + "1.ics", todo("1")).status == 201
    assert anns.request("PUT", path + "2.ics", event("2")).status == 403


def test_a_calendar_is_made_without_a_description(home: str, anns: DavClient) -> None:
    assert anns.request("MKCALENDAR", home + "work").status == 201
    found = anns.propfind(home + "work/", "D:displayname").properties(home + "work/")
    assert found[dav("displayname")].text == "work"
    assert anns.request("PUT", home + "work/1.ics", event("1")).status == 201


def test_an_address_book_is_made(home: str, anns: DavClient) -> None:
    described = f"{BOOK}<CR:addressbook-description>All</CR:addressbook-description>"
    assert make(anns, "MKCOL", home + "people/", described).status == 201
    name = "CR:addressbook-description"
    found = anns.propfind(home + "people/", name, "D:resourcetype").properties(home + "people/")
    assert found[carddav("addressbook-description")].text == "All"
    assert carddav("addressbook") in {child.tag for child in found[dav("resourcetype")]}


def test_nothing_is_made_where_a_property_is_refused(home: str, anns: DavClient) -> None:
    wrong = "<D:displayname>x</D:displayname><D:getetag>y</D:getetag>"
    refused = make(anns, "MKCALENDAR", home + "a/", wrong)
    assert set(refused.properties(home + "a/", 403)) == {dav("getetag")}
    assert set(refused.properties(home + "a/", 424)) == {dav("displayname")}
    refused = make(anns, "MKCOL", home + "a/", CALENDAR + wrong)
    assert refused.status == 403
    root = refused.xml()
    assert root.tag == dav("mkcol-response")
    assert [child.tag for child in root] == [dav("propstat")] * 2
    assert [int((s.text or "").split()[1]) for s in root.iter(dav("status"))] == [403, 424]
    components = "<C:supported-calendar-component-set/>"
    refused = make(anns, "MKCALENDAR", home + "a/", components)
    assert set(refused.properties(home + "a/", 409)) == {caldav("supported-calendar-component-set")}
    assert anns.propfind(home + "a/", "D:displayname").status == 404


@pytest.mark.parametrize(
    "types",
    [
        "",
        "<D:resourcetype><D:collection/></D:resourcetype>",
        "<D:resourcetype><D:collection/><O:other xmlns:O='urn:o'/></D:resourcetype>",
        "<D:resourcetype><C:calendar/></D:resourcetype>",
        "<D:resourcetype><D:collection/><C:calendar/><CR:addressbook/></D:resourcetype>",
    ],
)
def test_what_a_home_does_not_hold_is_not_made(types: str, home: str, anns: DavClient) -> None:
    answer = make(anns, "MKCOL", home + "a/", types)
    assert (answer.status, answer.condition()) == (403, dav("valid-resourcetype"))


def test_a_plain_collection_is_refused_with_a_reason(home: str, anns: DavClient) -> None:
    answer = anns.request("MKCOL", home + "a/")
    assert (answer.status, answer.condition()) == (403, dav("valid-resourcetype"))
    assert "MKCALENDAR" in (answer.xml().findtext(dav("responsedescription")) or "")


@pytest.mark.parametrize(
    ("path", "status", "condition"),
    [
        ("/", 405, "{DAV:}resource-must-be-null"),
        ("/{ann}/", 405, "{DAV:}resource-must-be-null"),
        ("/{ann}/calendar/", 405, "{DAV:}resource-must-be-null"),
        ("/{ann}/calendar/1.ics", 405, "{DAV:}resource-must-be-null"),
        ("/{ann}/calendar/a/", 403, caldav("calendar-collection-location-ok")),
        ("/{ann}/a/b/", 409, ""),
        ("/{ben}/a/", 403, "{DAV:}need-privileges"),
        ("/{ann}/calendar-proxy-read/", 405, "{DAV:}resource-must-be-null"),
        ("/{ann}/~a/", 403, ""),
        ("/999999/", 403, ""),
        ("/999999/a/", 403, ""),
        ("/a/", 403, ""),
    ],
)
def test_nothing_is_made_elsewhere(
    path: str, status: int, condition: str, ann: Account, ben: Account, anns: DavClient
) -> None:
    anns.request("PUT", f"/{ann.pk}/calendar/1.ics", event("1"))
    for method in ("MKCALENDAR", "MKCOL"):
        answer = make(anns, method, path.format(ann=ann.pk, ben=ben.pk), CALENDAR)
        assert (answer.status, answer.condition() if condition else "") == (status, condition)


def test_what_is_shared_is_no_place_to_make_something_in(
    ann: Account, ben: Account, bens: DavClient
) -> None:
    grant(ann, None, ben, parse_rights("write"))
    assert make(bens, "MKCOL", f"/{ann.pk}/a/", CALENDAR).status == 403


@pytest.mark.parametrize(
    ("method", "body", "headers", "status"),
    [
        ("MKCALENDAR", "<a/>", {}, 400),
        ("MKCALENDAR", "<", {}, 400),
        ("MKCOL", "<a/>", {}, 415),
        ("MKCOL", "xyz", {"Content_Type": "xzy-foo/bar-512"}, 415),
        ("MKCALENDAR", "xyz", {"Content_Type": "text/calendar"}, 415),
        ("MKCALENDAR", "", {"Content_Type": "text/calendar"}, 201),
    ],
)
def test_a_body_that_is_no_description_is_refused(
    method: str, body: str, headers: dict[str, str], status: int, home: str, anns: DavClient
) -> None:
    assert anns.request(method, home + "a/", body, **headers).status == status


def test_collections_are_bounded(home: str, anns: DavClient, set_limit: SetLimit) -> None:
    set_limit(limits.COLLECTIONS, 4)
    assert anns.request("MKCALENDAR", home + "a/").status == 201
    assert anns.request("MKCALENDAR", home + "b/").status == 507


SUBSCRIBED = "<D:resourcetype><D:collection/><CS:subscribed/></D:resourcetype>"


def test_a_calendar_follows_an_address(
    home: str, ann: Account, ben: Account, anns: DavClient, bens: DavClient
) -> None:
    path, source = home + "holidays/", "https://example.test/holidays.ics"
    described = (
        f"<CS:source><D:href>{source}</D:href></CS:source><I:refreshrate>P1D</I:refreshrate>"
    )
    assert make(anns, "MKCOL", path, SUBSCRIBED + described).status == 201
    names = ("CS:source", "I:refreshrate", "D:resourcetype", "D:current-user-privilege-set")
    found = anns.propfind(path, *names).properties(path)
    assert found[calserver("source")].findtext(dav("href")) == source
    assert found[apple("refreshrate")].text == "PT86400S"
    assert caldav("calendar") in {child.tag for child in found[dav("resourcetype")]}
    held = {privilege[0].tag for privilege in found[dav("current-user-privilege-set")]}
    assert dav("read") in held
    assert dav("bind") not in held
    assert anns.request("PUT", path + "1.ics", event("1")).status == 403
    # The address may hold a secret: it is its owner's.
    grant(ann, ann.collections.get(face__slug="holidays"), ben, parse_rights("read"))
    assert bens.propfind(path, "CS:source").properties(path) == {}
    body = (
        f"<D:propertyupdate {DECLARED}><D:remove><D:prop><CS:source/></D:prop></D:remove>"
        "</D:propertyupdate>"
    )
    assert anns.request("PROPPATCH", path, body).properties(path)
    assert anns.request("PUT", path + "1.ics", event("1")).status == 201


@pytest.mark.parametrize(
    ("properties", "refused"),
    [
        ("", calserver("source")),
        ("<CS:source><D:href>ftp://example.test/x</D:href></CS:source>", calserver("source")),
        ("<CS:source><D:href/></CS:source>", calserver("source")),
        (
            "<CS:source>https://example.test/</CS:source><I:refreshrate>x</I:refreshrate>",
            apple("refreshrate"),
        ),
        (
            "<CS:source>https://example.test/</CS:source><I:refreshrate>P400D</I:refreshrate>",
            apple("refreshrate"),
        ),
    ],
)
def test_a_calendar_follows_no_other_address(
    properties: str, refused: str, home: str, anns: DavClient
) -> None:
    answer = make(anns, "MKCOL", home + "a/", SUBSCRIBED + properties)
    assert answer.status == 403
    told = {
        child.tag: propstat.findtext(dav("status"))
        for propstat in answer.xml()
        for child in propstat.find(dav("prop")) or ()
    }
    assert told[refused] == "HTTP/1.1 409 Conflict"
    assert anns.propfind(home + "a/", "D:displayname").status == 404
