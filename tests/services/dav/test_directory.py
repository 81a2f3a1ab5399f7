"""The directory as an address book: in each home, read by its owner, written by nobody."""

import pytest

from contacts.vcard.cards import read_card
from groupware.core import directory
from groupware.core.models import Account
from groupware.dav.names import carddav, dav
from tests.services.dav.client import DavClient

pytestmark = pytest.mark.django_db


def etags(client: DavClient, path: str) -> dict[str, str]:
    answer = client.propfind(path, "D:getetag", depth="1")
    held = {member: answer.properties(member) for member in answer.responses()}
    tag = dav("getetag")
    return {member: held[member][tag].text or "" for member in held if tag in held[member]}


def token(client: DavClient, path: str) -> str:
    return client.propfind(path, "D:sync-token").properties(path)[dav("sync-token")].text or ""


def report(client: DavClient, path: str, since: str) -> dict[str, bool]:
    """Return what is told since a token: paths, and whether they are there."""
    inner = f"<D:sync-token>{since}</D:sync-token><D:sync-level>1</D:sync-level>"
    answer = client.report(path, "D:sync-collection", inner + "<D:prop><D:getetag/></D:prop>")
    return {
        member: found.find(f"{dav('propstat')}") is not None
        for member, found in answer.responses().items()
    }


def test_a_home_has_the_directory_as_an_address_book(ann: Account, anns: DavClient) -> None:
    path = f"/{ann.pk}/directory/"
    answer = anns.propfind(f"/{ann.pk}/", "D:resourcetype", "D:displayname", depth="1")
    found = answer.properties(path)
    assert found[dav("resourcetype")].find(carddav("addressbook")) is not None
    assert found[dav("displayname")].text == "Directory"
    privileges = anns.propfind(path, "D:current-user-privilege-set").properties(path)
    held = {str(each[0].tag) for each in privileges[dav("current-user-privilege-set")] if len(each)}
    assert dav("read") in held
    assert not held & {dav("write"), dav("bind"), dav("unbind"), dav("write-content"), dav("all")}


def test_its_cards_are_those_of_the_domain(ann: Account, ben: Account, anns: DavClient) -> None:
    directory.create_domain("other.test")
    path = f"/{ann.pk}/directory/"
    held = etags(anns, path)
    assert set(held) == {f"{path}account-{each.pk}.vcf" for each in (ann, ben)}
    answer = anns.request("GET", f"{path}account-{ben.pk}.vcf")
    assert answer.headers["etag"] == held[f"{path}account-{ben.pk}.vcf"]
    assert answer.headers["content-type"].startswith("text/vcard")
    assert read_card(answer.body).mails == ("ben@example.test",)


def test_a_sync_tells_what_changed(ann: Account, ben: Account, anns: DavClient) -> None:
    path = f"/{ann.pk}/directory/"
    before = token(anns, path)
    assert report(anns, path, before) == {}
    directory.create_address("b@example.test", ["ben@example.test"])
    assert report(anns, path, before) == {f"{path}account-{ben.pk}.vcf": True}
    directory.delete_account("ben@example.test")
    assert report(anns, path, before) == {f"{path}account-{ben.pk}.vcf": False}
    assert report(anns, path, "") == {f"{path}account-{ann.pk}.vcf": True}


def test_cards_are_queried_and_fetched_together_in_either_version(
    ann: Account, ben: Account, anns: DavClient
) -> None:
    path = f"/{ann.pk}/directory/"
    prop = "<D:prop><D:getetag/><CR:address-data content-type='text/vcard' version='4.0'/></D:prop>"
    wanted = (
        "<CR:filter><CR:prop-filter name='EMAIL'><CR:text-match>BEN@</CR:text-match>"
        "</CR:prop-filter></CR:filter>"
    )
    answer = anns.report(path, "CR:addressbook-query", prop + wanted, Depth="1")
    member = f"{path}account-{ben.pk}.vcf"
    assert set(answer.responses()) == {member}
    data = answer.properties(member)[carddav("address-data")].text or ""
    assert "VERSION:4.0" in data
    hrefs = "".join(f"<D:href>/dav{path}{name}</D:href>" for name in (f"account-{ann.pk}.vcf", "x"))
    answer = anns.report(path, "CR:addressbook-multiget", prop + hrefs)
    assert set(answer.responses()) == {f"{path}account-{ann.pk}.vcf", f"{path}x"}


def test_it_is_fetched_as_one_file(ann: Account, ben: Account, anns: DavClient) -> None:
    answer = anns.request("GET", f"/{ann.pk}/directory/")
    assert answer.body.count(b"BEGIN:VCARD") == 2


def test_nobody_writes_to_it(ann: Account, ben: Account, anns: DavClient) -> None:
    path = f"/{ann.pk}/directory/"
    member = f"{path}account-{ben.pk}.vcf"
    card = anns.request("GET", member).body
    refused = [
        anns.request(
            "PUT", f"{path}new.vcf", card.replace(b"UID:", b"UID:x"), CONTENT_TYPE="text/vcard"
        ),
        anns.request("PUT", member, card + b"\r\n", CONTENT_TYPE="text/vcard"),
        anns.request("DELETE", member),
        anns.request("DELETE", path),
        anns.request(
            "PROPPATCH",
            path,
            "<D:propertyupdate xmlns:D='DAV:'><D:set><D:prop><D:displayname>x</D:displayname>"
            "</D:prop></D:set></D:propertyupdate>",
        ),
    ]
    assert [answer.status for answer in refused] == [403] * 5
    assert anns.request("MKCOL", path).status in {403, 405}
    assert len(etags(anns, path)) == 2


def test_another_homes_directory_is_not_there(ann: Account, ben: Account, anns: DavClient) -> None:
    etags(anns, f"/{ann.pk}/directory/")
    assert anns.propfind(f"/{ben.pk}/directory/", "D:getetag").status == 404
    assert anns.request("GET", f"/{ben.pk}/directory/account-{ann.pk}.vcf").status == 404
