"""Subscribed calendars as clients make them and see them."""

import ipaddress
from collections.abc import Iterator

import pytest
from pytest_django.fixtures import Settings as Configured

from calendar_app.services.subscriptions import refresh_due
from groupware.core.models import Account, Collection
from groupware.core.resources.queries import find_by_slug
from groupware.core.rights import grant, parse_rights
from groupware.dav.names import apple, caldav, calserver, dav
from tests.services.dav.client import DavClient
from tests.services.dav.samples import event
from tests.services.dav.test_making import DECLARED, make
from tests.services.web import Web, serving

pytestmark = pytest.mark.django_db
NAMES = ("CS:source", "I:refreshrate", "D:resourcetype", "D:current-user-privilege-set")
TYPES = {
    "MKCALENDAR": "",
    "MKCOL": "<D:resourcetype><D:collection/><CS:subscribed/></D:resourcetype>",
}


@pytest.fixture
def web(settings: Configured) -> Iterator[Web]:
    settings.GROUPWARE_SOURCE_NETWORKS = (ipaddress.ip_network("127.0.0.1/32"),)
    with serving() as found:
        yield found


def subscribe(client: DavClient, path: str, url: str, method: str = "MKCALENDAR") -> int:
    source = f"<CS:source><D:href>{url}</D:href></CS:source>"
    rate = "<I:refreshrate>PT6H</I:refreshrate>"
    return make(client, method, path, TYPES[method] + source + rate).status


@pytest.mark.parametrize("method", sorted(TYPES))
def test_a_subscribed_calendar_shows_what_its_source_has(
    ann: Account, anns: DavClient, web: Web, method: str
) -> None:
    path = f"/{ann.pk}/holidays/"
    url = web.page("/a.ics?x=1&amp;y=2".replace("&amp;", "&"), event("one", "Hello"))
    assert subscribe(anns, path, url.replace("&", "&amp;"), method) == 201
    assert refresh_due() == 1
    found = anns.propfind(path, *NAMES).properties(path)
    assert found[calserver("source")].findtext(dav("href")) == url
    assert found[apple("refreshrate")].text == "PT21600S"
    assert caldav("calendar") in {child.tag for child in found[dav("resourcetype")]}
    members = anns.propfind(path, "D:getetag", depth="1").responses()
    assert len(members) == 2


def test_nobody_writes_to_it_and_its_owner_may_delete_it(
    ann: Account, anns: DavClient, web: Web
) -> None:
    path = f"/{ann.pk}/holidays/"
    subscribe(anns, path, web.page("/", event("one", "Hello")))
    assert anns.request("PUT", f"{path}two.ics", event("two", "No")).status == 403
    found = anns.propfind(path, *NAMES).properties(path)
    privileges = {each[0].tag for each in found[dav("current-user-privilege-set")]}
    assert dav("read") in privileges
    assert not {dav("bind"), dav("unbind"), dav("write-content"), dav("write")} & privileges
    assert anns.request("DELETE", path).status == 204
    assert find_by_slug(ann.pk, "holidays") is None


def test_where_it_comes_from_is_told_to_its_owner_alone(
    ann: Account, ben: Account, anns: DavClient, bens: DavClient, web: Web
) -> None:
    path = f"/{ann.pk}/holidays/"
    subscribe(anns, path, web.url.replace("//", "//ann:secret@") + "/a.ics")
    info = find_by_slug(ann.pk, "holidays")
    assert info is not None
    grant(ann, Collection.objects.get(pk=info.collection_id), ben, parse_rights("write"))
    answer = bens.propfind(path, *NAMES)
    assert calserver("source") in answer.properties(path, 404)
    assert b"secret" not in answer.body
    assert b"secret" in anns.propfind(path, *NAMES).body


@pytest.mark.parametrize("url", ["file:///etc/passwd", "http://", "x"])
def test_an_address_that_can_be_none_is_refused(ann: Account, anns: DavClient, url: str) -> None:
    path = f"/{ann.pk}/holidays/"
    assert subscribe(anns, path, url) == 207
    assert find_by_slug(ann.pk, "holidays") is None


def test_a_calendar_with_events_does_not_become_one(ann: Account, anns: DavClient) -> None:
    path = f"/{ann.pk}/work/"
    assert make(anns, "MKCALENDAR", path, "").status == 201
    anns.request("PUT", f"{path}one.ics", event("one", "Mine"))
    source = "<CS:source><D:href>https://example.org/a.ics</D:href></CS:source>"
    prop = f"<D:set><D:prop>{source}</D:prop></D:set>"
    body = f"<D:propertyupdate {DECLARED}>{prop}</D:propertyupdate>"
    answer = anns.request("PROPPATCH", path, body)
    assert calserver("source") in answer.properties(path, 409)
    assert b"has events of its own" in answer.body
    assert anns.request("GET", f"{path}one.ics").status == 200
    found = anns.propfind(path, *NAMES).properties(path, 404)
    assert calserver("source") in found
