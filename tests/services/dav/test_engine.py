"""Radicale's own handlers over our storage: the engine runs on it, though ours answer first."""

from functools import lru_cache
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from radicale.app import Application as RadicaleApplication

from groupware.core import db
from groupware.core.models import Account
from groupware.core.rights import grant, parse_rights
from groupware.dav.application import Application, configuration
from groupware.dav.names import caldav, carddav, dav
from groupware.dav.storage import Storage
from tests.services.dav.client import DavClient, url_of
from tests.services.dav.samples import card, event, todo

pytestmark = pytest.mark.django_db

SPAN = (
    "<C:comp-filter name='VEVENT'>"
    "<C:time-range start='{}T000000Z' end='{}T000000Z'/></C:comp-filter>"
)
METHODS = ("DELETE", "GET", "MKCALENDAR", "MKCOL", "MOVE", "PROPFIND", "PROPPATCH", "PUT", "REPORT")
Engine: Any = type(
    "Engine",
    (Application,),
    {f"do_{name}": getattr(RadicaleApplication, f"do_{name}") for name in METHODS},
)


@lru_cache(maxsize=1)
def engine() -> Any:
    """Return an application with our door, rights and storage, and none of our handlers."""
    application = Engine()

    def mounted(environ: dict[str, Any], start_response: Any) -> Any:
        path = environ["PATH_INFO"].removeprefix("/dav")
        return application({**environ, "SCRIPT_NAME": "/dav", "PATH_INFO": path}, start_response)

    return mounted


@pytest.fixture
def anns(anns: DavClient) -> DavClient:
    """Ann's client, of the engine."""
    return DavClient(anns.login, anns.password, application=engine())


@pytest.fixture
def bens(bens: DavClient) -> DavClient:
    """Ben's client, of the engine."""
    return DavClient(bens.login, bens.password, application=engine())


@pytest.fixture
def home(ann: Account, anns: DavClient) -> str:
    path = f"/{ann.pk}/"
    assert anns.request("PUT", path + "calendar/1.ics", event("1")).status == 201
    assert anns.request("PUT", path + "tasks/2.ics", todo("2")).status == 201
    assert anns.request("PUT", path + "contacts/3.vcf", card("3")).status == 201
    return path


def report(client: DavClient, path: str, body: str) -> dict[str, str]:
    """Send a report; return the statuses that are told, by path."""
    answer = client.request("REPORT", path, body, Depth="1")
    return {
        href: found.findtext(f".//{dav('status')}") or ""
        for href, found in answer.responses().items()
    }


def test_members_are_put_read_and_removed(home: str, anns: DavClient) -> None:
    path = home + "calendar/1.ics"
    got = anns.request("GET", path)
    assert got.status == 200
    assert b"SUMMARY:Meeting" in got.body
    changed = anns.request("PUT", path, event("1", "Other"), If_Match=got.headers["etag"])
    assert changed.status == 204
    assert anns.request("PUT", path, event("1"), If_Match=got.headers["etag"]).status == 412
    assert b"SUMMARY:Other" in anns.request("GET", path).body
    assert anns.request("PUT", home + "calendar/2.ics", event("1")).status == 409
    assert anns.request("PUT", home + "calendar/2.ics", b"x").status == 400
    assert anns.request("PUT", home + "nothing/2.ics", event("2")).status == 409
    assert b"FN:Ann" in anns.request("GET", home + "contacts/").body
    assert anns.request("DELETE", path).status == 200
    assert anns.request("GET", path).status == 404


def test_properties_of_all_members_are_told(home: str, anns: DavClient) -> None:
    found = anns.propfind(home + "contacts/", "D:getetag", "D:getcontenttype", depth="1")
    assert found.properties(home + "contacts/3.vcf")[dav("getetag")].text
    below = anns.propfind(home, "D:resourcetype", "D:displayname", depth="1")
    types = below.properties(home + "calendar/")[dav("resourcetype")]
    assert caldav("calendar") in {child.tag for child in types}
    assert below.properties(home + "contacts/")[dav("displayname")].text == "Contacts"


@pytest.mark.parametrize(
    ("collection", "test", "found"),
    [
        ("calendar/", "<C:comp-filter name='VEVENT'/>", True),
        ("calendar/", "<C:comp-filter name='VTODO'/>", False),
        ("calendar/", "", True),
        (
            "calendar/",
            SPAN.format("20260302", "20260303"),
            True,
        ),
        (
            "calendar/",
            SPAN.format("20260402", "20260403"),
            False,
        ),
        ("tasks/", "<C:comp-filter name='VTODO'/>", True),
    ],
)
def test_a_query_finds_what_matches(
    collection: str, test: str, found: bool, home: str, anns: DavClient
) -> None:
    body = (
        "<C:calendar-query xmlns:D='DAV:' xmlns:C='urn:ietf:params:xml:ns:caldav'><D:prop>"
        "<D:getetag/><C:calendar-data/></D:prop><C:filter><C:comp-filter name='VCALENDAR'>"
        f"{test}</C:comp-filter></C:filter></C:calendar-query>"
    )
    assert bool(report(anns, home + collection, body)) is found


def test_members_are_got_by_name(home: str, anns: DavClient) -> None:
    body = (
        "<CR:addressbook-multiget xmlns:D='DAV:' xmlns:CR='urn:ietf:params:xml:ns:carddav'><D:prop>"
        f"<CR:address-data/></D:prop><D:href>/dav{home}contacts/3.vcf</D:href>"
        f"<D:href>/dav{home}contacts/4.vcf</D:href></CR:addressbook-multiget>"
    )
    answer = anns.request("REPORT", home + "contacts/", body, Depth="1")
    data = answer.properties(home + "contacts/3.vcf")[carddav("address-data")]
    assert "FN:Ann" in (data.text or "")
    assert " 404 " in report(anns, home + "contacts/", body)[home + "contacts/4.vcf"]


def test_a_token_tells_what_changed_since(home: str, anns: DavClient) -> None:
    body = (
        "<D:sync-collection xmlns:D='DAV:'><D:sync-token>{}</D:sync-token>"
        "<D:sync-level>1</D:sync-level><D:prop><D:getetag/></D:prop></D:sync-collection>"
    )
    path = home + "calendar/"
    first = anns.request("REPORT", path, body.format(""))
    assert set(first.responses()) == {path + "1.ics"}
    token = first.xml().findtext(dav("sync-token"))
    anns.request("PUT", path + "2.ics", event("2"))
    anns.request("DELETE", path + "1.ics")
    told = report(anns, path, body.format(token))
    assert {href: status.split()[1] for href, status in told.items()} == {
        path + "1.ics": "404",
        path + "2.ics": "200",
    }
    for stale in ("urn:none", f"{token}0"):
        refused = anns.request("REPORT", path, body.format(stale))
        assert refused.condition() == dav("valid-sync-token")


def test_collections_are_made_described_and_removed(home: str, anns: DavClient) -> None:
    assert anns.request("MKCALENDAR", home + "work/").status == 201
    patch = (
        "<D:propertyupdate xmlns:D='DAV:' xmlns:I='http://apple.com/ns/ical/'><D:set><D:prop>"
        "<D:displayname>Work</D:displayname><I:calendar-color>#f00</I:calendar-color>"
        "<x xmlns='urn:x'>y</x></D:prop></D:set></D:propertyupdate>"
    )
    assert anns.request("PROPPATCH", home + "work/", patch).status == 207
    found = anns.propfind(home + "work/", "D:displayname", "I:calendar-color")
    assert [child.text for child in found.properties(home + "work/").values()] == ["Work", "#f00"]
    body = (
        "<D:mkcol xmlns:D='DAV:' xmlns:CR='urn:ietf:params:xml:ns:carddav'><D:set><D:prop>"
        "<D:resourcetype><D:collection/><CR:addressbook/></D:resourcetype>"
        "<D:displayname>People</D:displayname></D:prop></D:set></D:mkcol>"
    )
    assert anns.request("MKCOL", home + "people/", body).status == 201
    assert anns.request("MKCOL", home + "plain/").status in (400, 403)
    # A whole address book is put at once, in place of what was there.
    whole = anns.request("PUT", home + "people/", card("1") + card("2"), Content_Type="text/vcard")
    assert whole.status == 201
    assert len(anns.propfind(home + "people/", "D:getetag", depth="1").responses()) == 3
    for name in ("work/", "people/"):
        assert anns.request("DELETE", home + name).status == 200
        assert anns.propfind(home + name, "D:displayname").status in (403, 404)


def test_a_member_is_moved(home: str, anns: DavClient) -> None:
    anns.request("MKCALENDAR", home + "work/")
    source, target = home + "calendar/1.ics", home + "work/1.ics"
    assert anns.request("MOVE", source, Destination=url_of(target)).status == 201
    assert (anns.request("GET", source).status, anns.request("GET", target).status) == (404, 200)


def test_what_is_not_granted_is_not_there(
    ann: Account, ben: Account, home: str, bens: DavClient
) -> None:
    path = home + "calendar/1.ics"
    assert [bens.request(m, path).status for m in ("GET", "DELETE")] == [403, 403]
    grant(ann, None, ben, parse_rights("read"))
    assert bens.request("GET", path).status == 200
    assert bens.request("PUT", path, event("1", "Mine")).status == 403
    grant(ann, None, ben, parse_rights("write"))
    assert bens.request("PUT", path, event("1", "Mine")).status == 204


def test_a_writer_holds_the_locks_of_owners_in_their_order(
    ann: Account, ben: Account, home: str
) -> None:
    grant(ann, None, ben, parse_rights("write"))
    storage = Storage(configuration())
    mine = f"/{ben.pk}/calendar/1.ics"
    hers = home + "calendar/1.ics"
    with (
        CaptureQueriesContext(connection) as seen,
        storage.acquire_lock("w", str(ben.pk), path=mine, to_path=hers),
    ):
        [item] = storage.discover(hers)
        assert item.etag
        assert connection.in_atomic_block
    locked = [str(query["sql"]) for query in seen if "FOR UPDATE" in str(query["sql"])]
    expected = [] if db.is_sqlite() else sorted([ann.pk, ben.pk])
    assert [int(sql.split("account_id = ")[1].split()[0]) for sql in locked] == expected
    # Outside of a lock it is nobody's request.
    assert list(storage.discover(hers)) == []
