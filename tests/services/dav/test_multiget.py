"""Multiget reports: members by href, what is elsewhere, and versions of cards."""

from typing import Any

import pytest

from contacts.services.cards import put_card
from groupware.core import limits
from groupware.core.models import Account
from groupware.core.resources.items import Content, put_resource
from groupware.core.resources.moving import Place
from groupware.dav.names import carddav, dav
from tests.conftest import SetLimit
from tests.services.contacts.cards import book_of, put
from tests.services.dav.client import Answer, DavClient, url_of
from tests.services.dav.samples import card

pytestmark = pytest.mark.django_db

DATA = carddav("address-data")


class Book:
    """Ann's address book."""

    def __init__(self, account: Account, client: DavClient) -> None:
        self.account = account
        self.book = book_of(account)
        self.path = f"/{account.pk}/contacts/"
        self.client = client

    def put(self, href: str, data: bytes) -> str:
        return put_card(Place(self.account.pk, self.book, href), data).etag

    def ask(
        self, *urls: str, prop: str = "<D:getetag/><CR:address-data/>", path: str = ""
    ) -> Answer:
        hrefs = "".join(f"<D:href>{url}</D:href>" for url in urls)
        inner = f"<D:prop>{prop}</D:prop>{hrefs}"
        return self.client.report(path or self.path, "CR:addressbook-multiget", inner)

    def text_of(self, answer: Answer, href: str) -> bytes:
        return (answer.properties(self.path + href)[DATA].text or "").encode()


@pytest.fixture
def held(ann: Account, anns: DavClient) -> Book:
    return Book(ann, anns)


def statuses(answer: Answer) -> dict[str, int]:
    """Return the statuses of the members that have no properties."""
    told = {path: found.findtext(dav("status")) for path, found in answer.responses().items()}
    return {path: int(status.split()[1]) for path, status in told.items() if status}


def test_members_are_told_as_they_are_stored(held: Book) -> None:
    odd = card("1", 'Zo\u00eb <&> "x"', "NOTE:tab\there") + b""
    etag = held.put("a.vcf", odd)
    held.put("b.vcf", card("2", version="4.0"))
    answer = held.ask(f"/dav{held.path}a.vcf", f"/dav{held.path}b.vcf")
    assert list(answer.responses()) == [held.path + "a.vcf", held.path + "b.vcf"]
    assert held.text_of(answer, "a.vcf") == odd
    assert held.text_of(answer, "b.vcf") == card("2", version="4.0")
    assert answer.properties(held.path + "a.vcf")[dav("getetag")].text == f'"{etag}"'


def test_hrefs_may_be_urls_and_relative_and_are_told_once(held: Book) -> None:
    held.put("a b.vcf", card("1"))
    urls = (url_of(f"{held.path}a b.vcf"), f"/dav{held.path}a%20b.vcf", "a%20b.vcf", "./a%20b.vcf")
    answer = held.ask(*urls)
    assert answer.body.count(b"<D:response>") == 1
    assert held.text_of(answer, "a b.vcf") == card("1")


def test_what_is_not_there_and_what_is_elsewhere(held: Book, ben: Account) -> None:
    bens_book = book_of(ben)
    put(ben, bens_book, "secret")
    put(held.account, held.book, "a")
    elsewhere = (
        f"/dav/{ben.pk}/contacts/secret.vcf",
        f"/dav/{ben.pk}/contacts/nothing.vcf",
        f"/dav{held.path}",
        f"/dav{held.path}x/../../contacts/b/a.vcf",
        "https://other.test/a.vcf",
        "/a.vcf",
        "http://[",
        "",
    )
    answer = held.ask(f"/dav{held.path}gone.vcf", f"/dav{held.path}a%00.vcf", *elsewhere)
    body = answer.body.decode()
    assert body.count("HTTP/1.1 404 ") == 2
    assert body.count("HTTP/1.1 403 ") == len(elsewhere)
    assert "secret" not in body.replace("/contacts/secret.vcf", "")


@pytest.mark.parametrize(
    "base", ["", "./", "x/../", "/dav{path}", "https://GROUPWARE.test/dav{path}"]
)
@pytest.mark.parametrize(
    ("last", "told"),
    [
        ("a.vcf", b" 200 "),
        ("%61.vcf", b" 200 "),
        ("a.vcf?x", b" 200 "),
        ("a.vcf#x/y", b" 200 "),
        ("a%2Fb.vcf", b" 403 "),
        ("../a.vcf", b" 403 "),
        ("%2E%2E", b" 404 "),
    ],
)
def test_an_address_is_read_as_addresses_are(held: Book, base: str, last: str, told: bytes) -> None:
    held.put("a.vcf", card("1"))
    assert told in held.ask(base.format(path=held.path) + last, prop="<D:getetag/>").body


@pytest.mark.parametrize("href", ["a%FF.vcf", "a%00", "x" * 300, "%ED%A0%80"])
def test_an_href_that_nothing_can_have_is_not_there(held: Book, href: str) -> None:
    for prop in ("<D:getetag/>", "<CR:address-data/>"):
        assert b" 404 " in held.ask(f"/dav{held.path}{href}", prop=prop).body


def test_without_data_the_rows_are_enough(held: Book) -> None:
    held.put("a.vcf", card("1"))
    answer = held.ask(f"/dav{held.path}a.vcf", "b.vcf", prop="<D:getetag/><D:getlastmodified/>")
    assert set(answer.properties(held.path + "a.vcf")) == set(
        map(dav, ("getetag", "getlastmodified"))
    )
    assert statuses(answer) == {held.path + "b.vcf": 404}


@pytest.mark.parametrize("version", ["3.0", "4.0"])
def test_cards_come_in_the_version_asked_for(held: Book, version: str) -> None:
    held.put("3.vcf", card("1", "Old"))
    held.put("4.vcf", card("2", "New", version="4.0"))
    prop = f"<CR:address-data content-type='text/vcard' version='{version}'/>"
    answer = held.ask("3.vcf", "4.vcf", prop=prop)
    for href in ("3.vcf", "4.vcf"):
        assert f"VERSION:{version}\r\n".encode() in held.text_of(answer, href)
    assert held.text_of(answer, f"{version[0]}.vcf") == card(
        {"3.0": "1", "4.0": "2"}[version], {"3.0": "Old", "4.0": "New"}[version], version=version
    )


@pytest.mark.parametrize("said", ["version='2.1'", "version='5'", "content-type='text/calendar'"])
def test_another_kind_of_card_is_refused(held: Book, said: str) -> None:
    answer = held.ask("a.vcf", prop=f"<CR:address-data {said}/>")
    assert (answer.status, answer.condition()) == (403, carddav("supported-address-data"))


def test_only_the_properties_asked_for_are_told(held: Book) -> None:
    held.put("a.vcf", card("1", "Ann", "TEL;TYPE=home:123", "NOTE:long"))
    wanted = "<CR:prop name='tel' novalue='yes'/><CR:prop name='FN'/><CR:prop name='uid'/>"
    answer = held.ask("a.vcf", prop=f"<CR:address-data>{wanted}</CR:address-data>")
    lines = held.text_of(answer, "a.vcf").decode().splitlines()
    expected = ["BEGIN:VCARD", "VERSION:3.0", "UID:1", "FN:Ann", "TEL;TYPE=home:", "END:VCARD"]
    assert lines == expected
    answer = held.ask("a.vcf", prop="<CR:address-data><CR:allprop/></CR:address-data>")
    assert b"NOTE:long" in held.text_of(answer, "a.vcf")


def test_a_property_of_a_card_has_a_name(held: Book) -> None:
    answer = held.ask("a.vcf", prop="<CR:address-data><CR:prop/></CR:address-data>")
    assert answer.status == 400


def test_a_card_that_cannot_be_converted_is_told_so_and_the_others_come(held: Book) -> None:
    held.put("a.vcf", card("1"))
    put_resource(held.account.pk, held.book, "bad.vcf", Content(b"no card", None, "VCARD"))
    answer = held.ask("a.vcf", "bad.vcf", prop="<CR:address-data version='4.0'/>")
    assert statuses(answer) == {held.path + "bad.vcf": 415}
    assert b"<CR:supported-address-data-conversion/>" in answer.body
    assert b"VERSION:4.0" in held.text_of(answer, "a.vcf")


def test_what_xml_cannot_hold_is_left_out(held: Book) -> None:
    data = b"a\x00b\x0bc\xffd\xef\xbf\xbfe\xed\xa0\x80]]>"
    put_resource(held.account.pk, held.book, "bad.vcf", Content(data, None, "VCARD"))
    text = held.text_of(held.ask("bad.vcf"), "bad.vcf").decode()
    assert text.replace("\ufffd", "") == "abcde]]>"


def test_a_card_itself_can_be_asked_for_itself_alone(held: Book) -> None:
    held.put("a.vcf", card("1"))
    held.put("b.vcf", card("2"))
    answer = held.ask("a.vcf", "b.vcf", path=held.path + "a.vcf")
    assert held.text_of(answer, "a.vcf") == card("1")
    assert b" 403 " in answer.body


def test_an_answer_holds_no_more_than_its_limit(held: Book, set_limit: SetLimit) -> None:
    for name in "abc":
        held.put(f"{name}.vcf", card(name, name, f"NOTE:{'x' * 1000}"))
    set_limit(limits.DAV_ANSWER, 1500)
    answer = held.ask("a.vcf", "b.vcf", "c.vcf")
    assert list(statuses(answer).values()) == [507]
    assert b"number-of-matches-within-limits" in answer.body


def test_a_multiget_names_something(held: Book) -> None:
    assert held.ask().status == 400


def test_a_hundred_cards_are_one_query(held: Book, django_assert_num_queries: Any) -> None:
    hrefs = [f"{number}.vcf" for number in range(20)]
    for href in hrefs:
        held.put(href, card(href))
    held.ask(hrefs[0])
    with django_assert_num_queries(4):
        assert len(held.ask(*hrefs).responses()) == 20
