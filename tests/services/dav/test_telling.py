"""What PROPFIND tells of a collection's members, and what a client would rather not be told."""

import pytest

from groupware.core.models import Account
from groupware.dav import telling
from groupware.dav.names import dav
from tests.services.dav.client import DavClient
from tests.services.dav.test_application import put_card

pytestmark = pytest.mark.django_db

ODD = "{http://example.test/100%b}odd"


@pytest.fixture
def book(ann: Account) -> str:
    for href in ("a.vcf", "b.vcf"):
        put_card(ann, href, href)
    return f"/{ann.pk}/contacts/"


def test_members_have_what_every_member_has_and_lack_what_none_has(
    book: str, ann: Account, anns: DavClient
) -> None:
    body = (
        "<D:propfind xmlns:D='DAV:' xmlns:o='http://example.test/100%b'><D:prop><D:getetag/>"
        "<D:owner/><D:displayname/><o:odd/><D:getlastmodified/></D:prop></D:propfind>"
    )
    answer = anns.request("PROPFIND", book, body, Depth="1")
    for href in ("a.vcf", "b.vcf"):
        found = answer.properties(book + href)
        assert set(found) == {dav("getetag"), dav("owner"), dav("getlastmodified")}
        assert found[dav("owner")].findtext(dav("href")) == f"/dav/{ann.pk}/"
        assert set(answer.properties(book + href, 404)) == {dav("displayname"), ODD}


def test_all_properties_are_those_that_members_have(book: str, anns: DavClient) -> None:
    body = "<D:propfind xmlns:D='DAV:'><D:allprop/></D:propfind>"
    answer = anns.request("PROPFIND", book, body, Depth="1")
    names = ("getetag", "getcontenttype", "getcontentlength", "getlastmodified", "creationdate")
    assert set(answer.properties(book + "a.vcf")) == {*map(dav, names), dav("resourcetype")}
    assert answer.properties(book + "a.vcf", 404) == {}


def test_a_property_that_differs_between_members_is_asked_of_each(
    book: str, anns: DavClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("D:getetag", "D:owner", "D:getcontenttype")
    quick = anns.propfind(book, *names, depth="1").body
    monkeypatch.setattr(telling, "VARYING", frozenset({dav("owner")}))
    slow = anns.propfind(book, *names, depth="1").body
    assert slow == quick


def test_dead_properties_come_with_the_members_that_have_them(book: str, anns: DavClient) -> None:
    patch = (
        "<D:propertyupdate xmlns:D='DAV:'><D:set><D:prop><note xmlns='x:'>100%b</note></D:prop>"
        "</D:set></D:propertyupdate>"
    )
    assert anns.request("PROPPATCH", book + "a.vcf", patch).status == 207
    asked = "<D:prop><D:getetag/><note xmlns='x:'/></D:prop>"
    hrefs = "<D:href>a.vcf</D:href><D:href>b.vcf</D:href>"
    propfind = f"<D:propfind xmlns:D='DAV:'>{asked}</D:propfind>"
    for answer in (
        anns.request("PROPFIND", book, propfind, Depth="1"),
        anns.report(book, "D:sync-collection", f"<D:sync-token/>{asked}"),
        anns.report(book, "CR:addressbook-multiget", asked + hrefs),
    ):
        assert answer.properties(book + "a.vcf")["{x:}note"].text == "100%b"
        assert set(answer.properties(book + "b.vcf")) == {dav("getetag")}
        assert set(answer.properties(book + "b.vcf", 404)) == {"{x:}note"}


def test_a_client_need_not_be_told_of_the_collection_itself(book: str, anns: DavClient) -> None:
    whole = anns.propfind(book, "D:getetag", depth="1")
    assert set(whole.responses()) == {book, book + "a.vcf", book + "b.vcf"}
    assert "preference-applied" not in whole.headers
    answer = anns.propfind(book, "D:getetag", depth="1", Prefer="depth-noroot, return=minimal")
    assert set(answer.responses()) == {book + "a.vcf", book + "b.vcf"}
    assert answer.headers["preference-applied"] == "return=minimal, depth-noroot"
    itself = anns.propfind(book, "D:getetag", depth="0", Prefer="depth-noroot")
    assert set(itself.responses()) == {book}
    assert "preference-applied" not in itself.headers


def test_what_is_missing_need_not_be_told(book: str, anns: DavClient) -> None:
    names = ("D:getetag", "D:displayname")
    for headers in ({"Prefer": "return=minimal"}, {"Brief": "t"}):
        answer = anns.propfind(book, *names, depth="1", **headers)
        assert answer.properties(book + "a.vcf", 404) == {}
        assert dav("getetag") in answer.properties(book + "a.vcf")
