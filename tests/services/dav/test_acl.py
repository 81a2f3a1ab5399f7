"""RFC 3744: privileges, and grants as access control entries."""

import xml.etree.ElementTree as ET

import pytest

from groupware.core import limits
from groupware.core.directory import create_domain, create_group
from groupware.core.models import Account, Grant, Group
from groupware.core.rights import grant, list_grants, parse_rights, rights_of
from groupware.dav.access import EVERYTHING, FREE_BUSY, PRIVATE, READ, WRITE
from groupware.dav.names import dav
from groupware.dav.privileges import OF_CALENDARS, privileges_of_rights, rights_of_privileges
from tests.conftest import SetLimit
from tests.services.dav.acls import (
    ace,
    calendar_of,
    entries,
    href,
    privileges,
    report,
    set_acl,
)
from tests.services.dav.client import DavClient
from tests.services.store import create

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "words",
    ["read", "write", "read free-busy", "free-busy", "r", "rw", "ri", "rit", "i", "manage",
     "read private", "all private manage", "all", "write private manage", "free-busy private"],
)  # fmt: skip
def test_rights_and_privileges_stand_for_each_other(words: str) -> None:
    rights = parse_rights(words)
    names = privileges_of_rights(rights, OF_CALENDARS)
    again = rights_of_privileges(names, OF_CALENDARS)
    assert again is not None
    assert privileges_of_rights(again, OF_CALENDARS) == names


def test_usual_privileges_are_the_usual_words() -> None:
    for names, words in (
        ([READ], "read"),
        ([READ, WRITE], "write"),
        ([FREE_BUSY], "free-busy"),
        ([EVERYTHING], "all private manage"),
        ([READ, PRIVATE], "read private"),
    ):
        assert rights_of_privileges(names, OF_CALENDARS) == parse_rights(words)
    for name in ("write-properties", "read-acl", "unlock", "read-current-user-privilege-set"):
        assert rights_of_privileges([dav(name)], OF_CALENDARS) is None


def test_each_place_tells_its_privileges_as_a_tree(ann: Account, anns: DavClient) -> None:
    path = f"/{ann.pk}/calendar/"
    names = ("D:supported-privilege-set", "D:current-user-privilege-set", "D:acl-restrictions")
    told = anns.propfind(path, *names).properties(path)
    top = told[dav("supported-privilege-set")][0]
    assert privileges(top) >= {EVERYTHING, READ, FREE_BUSY, WRITE, PRIVATE}
    own = privileges(told[dav("current-user-privilege-set")])
    assert own == privileges(top)
    restrictions = {child.tag for child in told[dav("acl-restrictions")]}
    assert restrictions == {dav("grant-only"), dav("no-invert")}
    book = f"/{ann.pk}/contacts/"
    told = anns.propfind(book, *names).properties(book)
    assert not privileges(told[dav("supported-privilege-set")]) & {FREE_BUSY, PRIVATE}
    assert not privileges(told[dav("current-user-privilege-set")]) & {FREE_BUSY, PRIVATE}


def test_grants_are_told_to_those_who_administer_them(
    ann: Account, ben: Account, anns: DavClient, bens: DavClient
) -> None:
    path = f"/{ann.pk}/calendar/"
    grant(ann, calendar_of(ann), ben, parse_rights("read"))
    grant(ann, None, ann.domain, parse_rights("free-busy"))
    expected = {
        dav("property"): {EVERYTHING},
        f"/dav/{ben.pk}/": {READ},
        f"inherited /dav/domains/{ann.domain_id}/": {FREE_BUSY},
    }
    assert entries(anns, path) == expected
    assert dav("acl") in bens.propfind(path, "D:acl").properties(path, 404)
    grant(ann, calendar_of(ann), ben, parse_rights("read manage"))
    assert f"/dav/{ben.pk}/" in entries(bens, path)
    principal = f"/{ann.pk}/"
    assert dav("property") in entries(bens, principal)
    told = anns.propfind(path, "D:inherited-acl-set").properties(path)
    assert told[dav("inherited-acl-set")].findtext(dav("href")) == f"/dav{principal}"


def test_an_acl_sets_the_grants_of_a_collection(
    ann: Account, ben: Account, anns: DavClient, bens: DavClient
) -> None:
    path = f"/{ann.pk}/calendar/"
    create_group("team@example.test")
    team = Group.objects.get(name="team@example.test")
    grant(ann, calendar_of(ann), ben, parse_rights("read"))
    first = Grant.objects.get()
    answer = set_acl(
        anns,
        path,
        ace("<D:property><D:owner/></D:property>", "D:all", rest="<D:protected/>"),
        ace(href(f"/{ben.pk}/"), "D:read"),
        ace(href(f"/groups/{team.pk}/"), "D:read", "D:write", "g:read-private"),
        ace(href(f"/domains/{ann.domain_id}"), "C:read-free-busy"),
    )
    assert (answer.status, answer.body) == (200, b"")
    held = {str(one.grantee_account or one.grantee_group or one.grantee_domain): rights_of(one)
            for one in list_grants(ann.pk)}  # fmt: skip
    assert held == {
        ben.login: parse_rights("read"),
        "team@example.test": parse_rights("write private"),
        "example.test": parse_rights("free-busy"),
    }
    assert Grant.objects.get(pk=first.pk).grantee_account == ben
    assert set_acl(anns, path).status == 200
    assert not list_grants(ann.pk)
    assert bens.propfind(path, "D:acl").status == 404


def test_what_was_told_can_be_sent_back(ann: Account, ben: Account, anns: DavClient) -> None:
    path = f"/{ann.pk}/calendar/"
    create_domain("other.test")
    eve = create("eve@other.test")
    for grantee, words in ((ben, "lrsw manage"), (eve, "free-busy"), (ann.domain, "write")):
        grant(ann, calendar_of(ann), grantee, parse_rights(words))
    grant(ann, None, ben, parse_rights("delegate-read"))
    before = list(Grant.objects.order_by("pk").values_list("pk", "rights", "named_rights"))
    acl = anns.propfind(path, "D:acl").properties(path)[dav("acl")]
    assert anns.request("ACL", path, ET.tostring(acl)).status == 200
    held = list(Grant.objects.order_by("pk").values_list("pk", "rights", "named_rights"))
    assert held == before


INVERT = "<D:ace><D:invert><D:principal>{ben}</D:principal></D:invert></D:ace>"
DENY = (
    "<D:ace><D:principal>{ben}</D:principal>"
    "<D:deny><D:privilege><D:read/></D:privilege></D:deny></D:ace>"
)


@pytest.mark.parametrize(
    ("entry", "condition"),
    [
        (INVERT, "no-invert"),
        (DENY, "grant-only"),
        (ace("<D:all/>", "D:read"), "allowed-principal"),
        (ace("<D:authenticated/>", "D:read"), "allowed-principal"),
        (ace("<D:self/>", "D:read"), "allowed-principal"),
        (ace("<D:property><D:group/></D:property>", "D:read"), "allowed-principal"),
        (ace(href("/999999/"), "D:read"), "recognized-principal"),
        (ace("<D:href>https://elsewhere.test/x</D:href>", "D:read"), "recognized-principal"),
        (ace("<D:href>http://[</D:href>", "D:read"), "recognized-principal"),
        (ace(href("/groups/999999/"), "D:read"), "recognized-principal"),
        (ace("{ben}", "D:write-properties"), "not-supported-privilege"),
        (ace("{ben}", "D:nothing"), "not-supported-privilege"),
        (ace("{ben}"), "not-supported-privilege"),
        (ace("{ben}", "D:read", rest="<D:protected/>"), "no-protected-ace-conflict"),
        (ace("{ben}", "D:all", rest="<D:inherited>{ben}</D:inherited>"),
         "no-inherited-ace-conflict"),
    ],
)  # fmt: skip
def test_what_no_grant_can_say_is_refused_by_its_precondition(
    entry: str, condition: str, ann: Account, ben: Account, anns: DavClient
) -> None:
    grant(ann, calendar_of(ann), ben, parse_rights("read"))
    entry = entry.replace("{ben}", href(f"/{ben.pk}/"))
    answer = set_acl(anns, f"/{ann.pk}/calendar/", entry)
    assert (answer.status, answer.condition()) == (403, dav(condition))
    assert [rights_of(held) for held in list_grants(ann.pk)] == [parse_rights("read")]


def test_an_acl_is_bounded(ann: Account, anns: DavClient, set_limit: SetLimit) -> None:
    set_limit(limits.DAV_ACES, 1)
    owner = ace("<D:property><D:owner/></D:property>", "D:all")
    path = f"/{ann.pk}/calendar/"
    assert set_acl(anns, path, owner).status == 200
    assert set_acl(anns, path, owner, owner).condition() == dav("limited-number-of-aces")


@pytest.mark.parametrize("body", ["", "<D:x xmlns:D='DAV:'/>", "<", "<acl/>"])
def test_what_is_no_acl_is_refused(body: str, ann: Account, anns: DavClient) -> None:
    assert anns.request("ACL", f"/{ann.pk}/calendar/", body).status == 400


def test_only_who_may_share_a_collection_does(
    ann: Account, ben: Account, anns: DavClient, bens: DavClient
) -> None:
    path = f"/{ann.pk}/calendar/"
    mine = ace(href(f"/{ben.pk}/"), "D:all")
    assert set_acl(bens, path, mine).status == 404
    for words in ("read", "write private", "free-busy"):
        grant(ann, calendar_of(ann), ben, parse_rights(words))
        answer = set_acl(bens, path, mine)
        assert (answer.status, answer.condition()) == (403, dav("need-privileges"))
        assert report(bens, path, "acl-principal-prop-set", "").status == 403
    grant(ann, calendar_of(ann), ben, parse_rights("read manage"))
    assert set_acl(bens, path, ace(href(f"/{ben.pk}/"), "D:read", "D:write-acl")).status == 200
    assert set_acl(anns, f"/{ann.pk}/", mine).status == 403
    assert set_acl(bens, f"/{ann.pk}/", mine).status == 403
