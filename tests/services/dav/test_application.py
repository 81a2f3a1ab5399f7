"""The door, the paths and what everybody asks first: OPTIONS and PROPFIND."""

import io

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from groupware.core import limits
from groupware.core.auth import create_app_password
from groupware.core.directory import create_domain
from groupware.core.models import Account
from groupware.core.resources.items import Content, put_resource
from groupware.core.resources.queries import find_by_slug
from groupware.core.rights import grant, parse_rights, revoke
from groupware.dav.names import apple, caldav, calserver, carddav, dav
from groupware.dav.request import MAX_DEPTH, MAX_ELEMENTS
from tests.conftest import SetLimit
from tests.services.dav.client import DavClient, client_of
from tests.services.store import create

pytestmark = pytest.mark.django_db
ALL = "<D:propfind xmlns:D='DAV:'><D:allprop/></D:propfind>"


def put_card(account: Account, href: str, text: str = "x") -> str:
    book = find_by_slug(account.pk, "contacts")
    assert book is not None
    content = Content(text.encode(), None, "VCARD")
    return put_resource(account.pk, book.collection_id, href, content).etag


def test_options_tells_what_there_is_without_a_password() -> None:
    answer = DavClient("", "").request("OPTIONS", "/")
    assert answer.status == 200
    assert "calendar-access" in answer.headers["dav"]
    assert "PROPFIND" in answer.headers["allow"]


def test_who_is_not_known_is_asked_for_a_password(anns: DavClient) -> None:
    for login, password in (("", ""), (anns.login, "wrong"), ("nobody@example.test", "x")):
        answer = DavClient(login, password).propfind("/", "D:displayname")
        assert answer.status == 401
        assert answer.headers["www-authenticate"].startswith("Basic ")


@pytest.mark.parametrize(
    "said", ["Basic !", "Basic YQ==", "Basic ", "Bearer x", "Basic \u00e9", "Basic //79Og=="]
)
def test_credentials_that_cannot_be_read_are_no_fault_of_ours(said: str, ann: Account) -> None:
    assert DavClient("", "", {"Authorization": said}).request("PROPFIND", "/").status == 401


def test_a_password_in_the_clear_is_refused_unless_allowed(
    anns: DavClient, settings: Settings
) -> None:
    environ = {
        "REQUEST_METHOD": "PROPFIND",
        "PATH_INFO": "/dav/",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": io.StringIO(),
        "HTTP_DEPTH": "0",
    }
    known = DavClient(anns.login, anns.password)
    # Take the header from a request that is made as usual.
    import base64

    credentials = base64.b64encode(f"{known.login}:{known.password}".encode()).decode()
    environ["HTTP_AUTHORIZATION"] = f"Basic {credentials}"
    assert known.send(dict(environ)).status == 403
    settings.GROUPWARE_ALLOW_PLAINTEXT = True
    assert known.send(dict(environ)).status == 207


def test_only_credentials_for_dav_open_it(ann: Account) -> None:
    password = create_app_password(ann.pk, "mail", frozenset({"imap"}))
    assert DavClient(ann.login, password).propfind("/", "D:displayname").status == 401


def test_a_client_finds_its_principal_and_home(ann: Account, anns: DavClient) -> None:
    home = f"/{ann.pk}/"
    found = anns.propfind("/", "D:current-user-principal").properties("/")
    assert found[dav("current-user-principal")].findtext(dav("href")) == f"/dav{home}"
    names = ("C:calendar-home-set", "CR:addressbook-home-set", "C:calendar-user-address-set")
    found = anns.propfind(home, *names).properties(home)
    assert found[caldav("calendar-home-set")].findtext(dav("href")) == f"/dav{home}"
    assert found[carddav("addressbook-home-set")].findtext(dav("href")) == f"/dav{home}"
    addresses = found[caldav("calendar-user-address-set")]
    assert [child.text for child in addresses] == [f"mailto:{ann.login}", f"/dav{home}"]


@pytest.mark.parametrize("kind", ["caldav", "carddav"])
def test_well_known_addresses_lead_there(kind: str, client: Client) -> None:
    for method in ("get", "generic"):
        path = f"/.well-known/{kind}"
        answer = client.get(path) if method == "get" else client.generic("PROPFIND", path)
        assert (answer.status_code, answer.headers["Location"]) == (301, "/dav/")


def test_a_home_shows_what_an_account_begins_with(ann: Account, anns: DavClient) -> None:
    home = f"/{ann.pk}/"
    answer = anns.propfind(home, "D:resourcetype", "D:displayname", depth="1")
    paths = ["", "calendar/", "tasks/", "birthdays/", "contacts/", "directory/"]
    assert sorted(answer.responses()) == sorted(home + path for path in paths)
    kinds = {
        path: {child.tag for child in answer.properties(home + path)[dav("resourcetype")]}
        for path in paths
    }
    collection = dav("collection")
    assert kinds[""] == {collection, dav("principal")}
    assert kinds["calendar/"] == {collection, caldav("calendar")}
    assert kinds["contacts/"] == {collection, carddav("addressbook")}
    name = answer.properties(home + "calendar/")[dav("displayname")].text
    assert name == "Calendar"


def test_members_are_told_with_their_entity_tags(ann: Account, anns: DavClient) -> None:
    book = f"/{ann.pk}/contacts/"
    etags = {href: put_card(ann, href, href) for href in ("a.vcf", "é %&<'.vcf")}
    answer = anns.propfind(book, "D:getetag", depth="1")
    for href, etag in etags.items():
        assert answer.properties(book + href)[dav("getetag")].text == f'"{etag}"'
    names = ("D:getetag", "D:getcontenttype", "D:getcontentlength", "D:resourcetype")
    answer = anns.propfind(book, *names, depth="1")
    found = answer.properties(book + "a.vcf")
    assert found[dav("getcontenttype")].text == "text/vcard; charset=utf-8"
    assert found[dav("getcontentlength")].text == "5"
    assert len(found[dav("resourcetype")]) == 0
    one_by_one = anns.propfind(book, *names, "D:owner", depth="1").properties(book + "a.vcf")
    assert one_by_one.pop(dav("owner")).findtext(dav("href")) == f"/dav/{ann.pk}/"
    assert {name: child.text for name, child in one_by_one.items()} == {
        name: child.text for name, child in found.items()
    }


def test_a_token_changes_with_what_a_collection_holds(ann: Account, anns: DavClient) -> None:
    book = f"/{ann.pk}/contacts/"

    def tokens() -> tuple[str | None, str | None]:
        found = anns.propfind(book, "D:sync-token", "CS:getctag").properties(book)
        return found[dav("sync-token")].text, found[calserver("getctag")].text

    before = tokens()
    assert tokens() == before
    put_card(ann, "a.vcf")
    assert tokens() != before


def test_what_there_is_not_is_told_apart(ann: Account, anns: DavClient) -> None:
    home = f"/{ann.pk}/"
    answer = anns.propfind(home, "D:displayname", "D:getetag", "I:calendar-color")
    assert list(answer.properties(home)) == [dav("displayname")]
    assert set(answer.properties(home, 404)) == {dav("getetag"), apple("calendar-color")}
    minimal = anns.propfind(home, "D:displayname", "D:getetag", Prefer="return=minimal")
    assert minimal.properties(home, 404) == {}


@pytest.mark.parametrize("char", ["\x01", "\x7f", "\x85", "\u200b", "\ue000", "\u0378"])
def test_an_odd_address_is_refused_and_fills_no_log(
    char: str, ann: Account, anns: DavClient, caplog: pytest.LogCaptureFixture
) -> None:
    assert anns.propfind(f"/{ann.pk}/a{char}b/", "D:displayname").status == 400
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []
    assert anns.propfind(f"/{ann.pk}/a\u3000b\xa0/", "D:displayname").status == 404


@pytest.mark.parametrize("path", ["/999999/", "/x/", "/{ann}/nothing/", "/{ann}/contacts/a.vcf"])
def test_what_is_not_there_is_not_found(path: str, ann: Account, anns: DavClient) -> None:
    assert anns.propfind(path.format(ann=ann.pk), "D:displayname").status == 404


def test_nobody_sees_what_is_not_granted_to_him_and_everybody_what_is(
    ann: Account, ben: Account, bens: DavClient
) -> None:
    put_card(ann, "a.vcf")
    paths = [f"/{ann.pk}/contacts/", f"/{ann.pk}/contacts/a.vcf"]
    assert [bens.propfind(path, "D:getetag").status for path in paths] == [404, 404]
    assert list(bens.propfind(f"/{ann.pk}/", "D:owner", depth="1").responses()) == [f"/{ann.pk}/"]
    account = Account.objects.get(pk=ann.pk)
    book = account.collections.get(kind="addressbooks")
    grant(account, book, ben, parse_rights("read"))
    assert [bens.propfind(path, "D:getetag").status for path in paths] == [207, 207]
    shared = f"/{ben.pk}/~{book.object_id}/"
    home = bens.propfind(f"/{ben.pk}/", "D:displayname", depth="1")
    assert home.properties(shared)[dav("displayname")].text == f"Contacts ({ann.login})"
    assert shared + "a.vcf" in bens.propfind(shared, "D:getetag", depth="1").responses()
    revoke(account, book, ben)
    assert [bens.propfind(path, "D:getetag").status for path in [*paths, shared]] == [404] * 3


def test_another_domain_is_not_there(ann: Account, anns: DavClient) -> None:
    create_domain("other.test")
    eve = client_of(create("eve@other.test"))
    domain_id, other_id = ann.domain_id, Account.objects.get(login="eve@other.test").domain_id
    assert eve.propfind(f"/{ann.pk}/", "D:displayname").status == 404
    assert eve.propfind(f"/domains/{domain_id}/", "D:displayname").status == 404
    assert eve.propfind(f"/domains/{other_id}/", "D:displayname").status == 207
    assert anns.propfind(f"/domains/{domain_id}/", "D:displayname").status == 207


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("<", 400),
        ("<D:x xmlns:D='DAV:'/>", 400),
        ("<D:propfind xmlns:D='DAV:'/>", 400),
        ("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", 400),
        ("<D:propfind xmlns:D='DAV:'><D:propname/></D:propfind>", 207),
        (ALL, 207),
        ("<a>" * (MAX_DEPTH + 1) + "</a>" * (MAX_DEPTH + 1), 413),
        ("<a>" + "<b/>" * MAX_ELEMENTS + "</a>", 413),
        ("", 207),
        (f"<?xml version='1.0' encoding='unicode_escape'?>{ALL}", 207),
        (f"<?xml version='1.0' encoding='utf-16'?>{ALL}".encode("utf-16"), 207),
        (ALL.encode("utf-16")[:-1], 400),
        (ALL.encode("utf-8-sig"), 207),
        (b"<?xml version='1.0' encoding='iso-8859-1'?><D:propfind xmlns:D='DAV:\xe9'/>", 400),
    ],
)
def test_bodies_are_read_or_refused(
    body: str | bytes, status: int, ann: Account, anns: DavClient
) -> None:
    assert anns.request("PROPFIND", f"/{ann.pk}/", body, Depth="0").status == status


def test_a_body_is_bounded(ann: Account, anns: DavClient, set_limit: SetLimit) -> None:
    set_limit(limits.DAV_REQUEST, 100)
    assert anns.request("PROPFIND", f"/{ann.pk}/", b" " * 100, Depth="0").status == 207
    assert anns.request("PROPFIND", f"/{ann.pk}/", b" " * 101, Depth="0").status == 413


def test_a_whole_tree_is_not_told(ann: Account, anns: DavClient) -> None:
    answer = anns.propfind(f"/{ann.pk}/", "D:displayname", depth="infinity")
    assert (answer.status, answer.condition()) == (403, dav("propfind-finite-depth"))
    assert anns.propfind(f"/{ann.pk}/", "D:displayname", depth="2").status == 400
