"""Requests that nobody means well with: each is refused clearly, or answered in XML that is one."""

from typing import TYPE_CHECKING

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from groupware.core import limits
from groupware.core.errors import NotFound
from groupware.core.resources.queries import find_by_slug
from groupware.dav.ifheader import MOST
from groupware.dav.locks import list_locks
from groupware.dav.names import caldav, dav
from groupware.dav.queries import Holder
from groupware.dav.services.locks import Wish, take_lock
from groupware.dav.services.properties import store_dead
from tests.conftest import SetLimit
from tests.services.dav.calendars import event_of
from tests.services.dav.client import DECLARED, Answer, DavClient

if TYPE_CHECKING:
    from groupware.core.models import Account

pytestmark = pytest.mark.django_db

EVENT = event_of("a", "DTSTART:20260301T100000Z")
NO_ADDRESSES = ["%ff.ics", "%ed%a0%80.ics", "%00.ics", "%0d%0aX.ics", "%1f.ics"]


@pytest.fixture
def place(ann: "Account", anns: DavClient) -> str:
    """Return the path of a calendar that has an event at a.ics."""
    path = f"/{ann.pk}/calendar/"
    assert anns.request("PUT", f"{path}a.ics", EVENT).status == 201
    return path


@pytest.mark.parametrize("name", NO_ADDRESSES)
@pytest.mark.parametrize("method", ["COPY", "MOVE"])
def test_a_destination_that_is_no_text_is_refused(
    anns: DavClient, place: str, method: str, name: str
) -> None:
    for source in (place, f"{place}a.ics"):
        for target in (place + name, f"{place.rsplit('/', 2)[0]}/{name}/"):
            answer = anns.request(method, source, Destination=f"/dav{target}")
            assert answer.status == 400, (source, target, answer.body)


@pytest.mark.parametrize("name", NO_ADDRESSES)
def test_an_if_header_of_an_address_that_is_no_text_is_refused(
    anns: DavClient, place: str, name: str
) -> None:
    said = f'</dav{place}{name}> (["x"])'
    assert anns.request("PUT", f"{place}a.ics", EVENT, If=said).status == 400


def test_a_resource_that_an_if_header_names_often_is_looked_at_once(
    anns: DavClient, place: str, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    other = f'</dav{place}b.ics> (["x"])'
    with CaptureQueriesContext(connection) as queries:
        assert anns.request("PUT", f"{place}a.ics", EVENT, If=other).status == 412
    with django_assert_max_num_queries(len(queries)):
        assert anns.request("PUT", f"{place}a.ics", EVENT, If=other * MOST).status == 412
    assert anns.request("PUT", f"{place}a.ics", EVENT, If=other * (MOST + 1)).status == 400


@pytest.mark.parametrize("name", NO_ADDRESSES)
def test_an_href_that_is_no_text_is_nobody_and_nothing(
    anns: DavClient, place: str, name: str
) -> None:
    href = f"<D:href>/dav{place}{name}</D:href>"
    granted = "<D:grant><D:privilege><D:read/></D:privilege></D:grant>"
    ace = f"<D:ace><D:principal>{href}</D:principal>{granted}</D:ace>"
    answer = anns.request("ACL", place, f"<D:acl {DECLARED}>{ace}</D:acl>")
    assert (answer.status, answer.condition()) == (403, dav("recognized-principal"))
    multiget = anns.report(place, "C:calendar-multiget", f"<D:prop><D:getetag/></D:prop>{href}")
    [found] = multiget.xml().findall(dav("response"))
    assert found.findtext(dav("status")) in {"HTTP/1.1 403 Forbidden", "HTTP/1.1 404 Not Found"}


@pytest.mark.parametrize(
    "name",
    [
        "<x:foo xmlns:x='a&lt;&amp;&quot;b'/>",
        "<x:foo xmlns:x='%s%b%'/>",
        "<xml:foo/>",
        "<foo/>",
    ],
)
def test_a_property_of_any_name_is_told_by_that_name(
    anns: DavClient, place: str, name: str
) -> None:
    def ask() -> list[Answer]:
        body = f"<D:propfind {DECLARED}><D:prop>{name}</D:prop></D:propfind>"
        return [
            anns.request("PROPFIND", place, body, Depth="1"),
            anns.request("PROPFIND", f"{place}a.ics", body, Depth="0"),
        ]

    tag = anns.request(
        "PROPFIND", place, f"<D:propfind {DECLARED}><D:prop>{name}</D:prop></D:propfind>", Depth="0"
    ).properties(place, 404)
    [known] = tag
    for answer in ask():
        assert set(answer.properties(f"{place}a.ics", 404)) == {known}
    change = (
        f"<D:propertyupdate {DECLARED}><D:set><D:prop>{name}</D:prop></D:set></D:propertyupdate>"
    )
    for path in (place, f"{place}a.ics"):
        assert set(anns.request("PROPPATCH", path, change).properties(path)) == {known}
    for answer in ask():
        assert set(answer.properties(f"{place}a.ics")) == {known}
    told = anns.request(
        "PROPFIND", place, f"<D:propfind {DECLARED}><D:propname/></D:propfind>", Depth="1"
    )
    assert known in told.properties(f"{place}a.ics")


@pytest.mark.parametrize(
    ("name", "namespace"),
    [
        ("foo", "a}D:x/&gt;&lt;D:evil"),
        ("foo", "a}b"),
        ("foo", "http://www.w3.org/2000/xmlns/"),
        ("foo²", "DAV:"),
        ("foo&#10;", "DAV:"),
        ("a:b", "DAV:"),
    ],
)
def test_a_property_that_no_element_can_be_is_not_expanded(
    anns: DavClient, place: str, name: str, namespace: str
) -> None:
    asked = f'<D:property name="{name}" namespace="{namespace}"/>'
    assert anns.report(place, "D:expand-property", asked).status == 400


NAMES = "".join(f"<n{number}/>" for number in range(9))
TERM = "<D:property-search><D:prop>{}</D:prop><D:match>a</D:match></D:property-search>"


@pytest.mark.parametrize(
    ("method", "root", "inner"),
    [
        ("PROPFIND", "D:propfind", f"<D:prop>{NAMES}</D:prop>"),
        ("PROPFIND", "D:propfind", f"<D:allprop/><D:include>{NAMES}</D:include>"),
        ("PROPPATCH", "D:propertyupdate", f"<D:set><D:prop>{NAMES}</D:prop></D:set>"),
        ("PROPPATCH", "D:propertyupdate", f"<D:remove><D:prop>{NAMES}</D:prop></D:remove>"),
        ("REPORT", "D:sync-collection", f"<D:sync-token/><D:prop>{NAMES}</D:prop>"),
        ("REPORT", "D:principal-property-search", TERM.format("<D:displayname/>" * 9)),
        ("REPORT", "D:principal-match", f"<D:self/><D:prop>{NAMES}</D:prop>"),
        ("REPORT", "D:expand-property", "<D:property name='a'/>" * 9),
    ],
)
def test_a_request_names_no_more_properties_than_may_be(
    anns: DavClient,
    place: str,
    set_limit: SetLimit,
    method: str,
    root: str,
    inner: str,
) -> None:
    body = f"<{root} {DECLARED}>{inner}</{root}>"
    assert anns.request(method, place, body, Depth="0").status in {200, 207}
    set_limit(limits.DAV_NAMES, 8)
    assert anns.request(method, place, body, Depth="0").status == 413


@pytest.mark.parametrize("name", ["a", "D:lockdiscovery"])
def test_properties_of_members_are_no_more_than_an_answer_holds(
    anns: DavClient, place: str, set_limit: SetLimit, name: str
) -> None:
    for number in range(20):
        event = event_of(f"{number}", "DTSTART:20260301T100000Z")
        assert anns.request("PUT", f"{place}{number}.ics", event).status == 201
    asked = f"<D:prop>{NAMES}<{name}/></D:prop>"
    sync = f"<D:sync-token/><D:sync-level>1</D:sync-level>{asked}"
    body = f"<D:propfind {DECLARED}>{asked}</D:propfind>"
    told = anns.request("PROPFIND", place, body, Depth="1")
    assert anns.report(place, "D:sync-collection", sync).status == told.status == 207
    set_limit(limits.DAV_MULTISTATUS, len(told.body) * 9 // 10)
    for answer in (
        anns.request("PROPFIND", place, body, Depth="1"),
        anns.report(place, "D:sync-collection", sync),
    ):
        assert (answer.status, answer.condition()) == (507, dav("number-of-matches-within-limits"))
    few = f"<D:propfind {DECLARED}><D:prop><D:getetag/></D:prop></D:propfind>"
    assert anns.request("PROPFIND", place, few, Depth="1").status == 207


def test_a_time_zone_is_no_larger_than_a_property(
    anns: DavClient, place: str, set_limit: SetLimit
) -> None:
    by_name = "<C:calendar-timezone-id>Europe/Berlin</C:calendar-timezone-id>"
    change = "<D:set><D:prop>{}</D:prop></D:set>"
    body = f"<D:propertyupdate {DECLARED}>{{}}</D:propertyupdate>"
    assert anns.request("PROPPATCH", place, body.format(change.format(by_name))).status == 207
    zone = anns.propfind(place, "C:calendar-timezone").properties(place)[
        caldav("calendar-timezone")
    ]
    whole = f"<C:calendar-timezone>{zone.text}</C:calendar-timezone>"
    request = body.format(change.format(whole))
    assert anns.request("PROPPATCH", place, request).properties(place)
    set_limit(limits.DAV_PROPERTY, len(zone.text or "") - 1)
    assert anns.request("PROPPATCH", place, request).properties(place, 507)


def test_what_hangs_on_a_collection_does_not_outlive_it(
    ann: "Account", ben: "Account", anns: DavClient, place: str
) -> None:

    info = find_by_slug(ann.pk, "calendar")
    assert info is not None
    take_lock(info, ann.pk, Wish("", is_deep=True, is_shared=True, note="", seconds=9))
    store_dead(Holder(ben.pk, info.collection_id), {"{x}y": "<y xmlns='x'/>"})
    tokens = [lock.token for lock in list_locks([info.collection_id])]
    answer = anns.request("DELETE", place, If=f"(<{tokens[0]}>)")
    assert answer.status == 204, answer.body
    # A request that found the collection before it went comes to its writing now.
    with pytest.raises(NotFound):
        take_lock(info, ann.pk, Wish("", is_deep=True, is_shared=True, note="", seconds=9))
    for account in (ann, ben):
        with pytest.raises(NotFound):
            store_dead(Holder(account.pk, info.collection_id), {"{x}y": "<y xmlns='x'/>"})


@pytest.mark.parametrize("below", ["", "{}.vcf", "calendar-proxy-read/", "nothing.vcf"])
def test_what_the_server_fills_itself_takes_nothing(
    ann: "Account", anns: DavClient, below: str
) -> None:
    book = f"/{ann.pk}/directory/"
    assert anns.propfind(book, "D:getetag", depth="1").status == 207
    path = book + below.format(ann.pk)
    lock = "<D:lockscope><D:exclusive/></D:lockscope><D:locktype><D:write/></D:locktype>"
    change = "<D:set><D:prop><x:y xmlns:x='x:'>z</x:y></D:prop></D:set>"
    name = "<D:set><D:prop><D:displayname>z</D:displayname></D:prop></D:set>"
    for method, body in [
        ("PROPPATCH", f"<D:propertyupdate {DECLARED}>{change}</D:propertyupdate>"),
        ("PROPPATCH", f"<D:propertyupdate {DECLARED}>{name}</D:propertyupdate>"),
        ("LOCK", f"<D:lockinfo {DECLARED}>{lock}</D:lockinfo>"),
        ("PUT", "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:x\r\nFN:x\r\nN:x;;;;\r\nEND:VCARD\r\n"),
        ("DELETE", ""),
        ("MOVE", ""),
        ("ACL", f"<D:acl {DECLARED}/>"),
        ("MKCOL", ""),
        ("MKCALENDAR", ""),
    ]:
        answer = anns.request(method, path, body, Destination=f"/dav/{ann.pk}/contacts/x.vcf")
        assert 400 <= answer.status < 500, (method, answer.status, answer.body)
