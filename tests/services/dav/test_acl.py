"""RFC 3744: privileges, grants as access control entries, principals, delegates."""

import xml.etree.ElementTree as ET

import pytest

from groupware.core import limits
from groupware.core.delegates import DELEGATE_READ, DELEGATE_WRITE, set_delegates
from groupware.core.directory import add_member, create_domain, create_group
from groupware.core.models import Account, Collection, Grant, Group
from groupware.core.rights import grant, list_grants, parse_rights, rights_of
from groupware.dav.access import EVERYTHING, FREE_BUSY, PRIVATE, READ, WRITE
from groupware.dav.names import DECLARATIONS, caldav, calserver, dav
from groupware.dav.privileges import OF_CALENDARS, privileges_of_rights, rights_of_privileges
from tests.conftest import SetLimit
from tests.services.dav.client import Answer, DavClient, client_of
from tests.services.dav.samples import event
from tests.services.store import create

pytestmark = pytest.mark.django_db


def calendar_of(account: Account) -> Collection:
    return account.collections.get(kind="calendars", name="Calendar")


def privileges(element: ET.Element) -> set[str]:
    """Return the names of the privileges inside an element."""
    return {child.tag for found in element.iter(dav("privilege")) for child in found}


def entries(client: DavClient, path: str) -> dict[str, set[str]]:
    """Return what DAV:acl grants, by the text of the principal, `inherited` ones marked."""
    acl = client.propfind(path, "D:acl").properties(path)[dav("acl")]
    found = {}
    for ace in acl:
        principal = ace.find(dav("principal"))
        assert principal is not None
        who = principal.findtext(dav("href")) or principal[0].tag
        mark = "inherited " if ace.find(dav("inherited")) is not None else ""
        found[f"{mark}{who}"] = privileges(ace)
    return found


def ace(principal: str, *names: str, rest: str = "") -> str:
    granted = "".join(f"<D:privilege><{name}/></D:privilege>" for name in names)
    return (
        f"<D:ace><D:principal>{principal}</D:principal><D:grant>{granted}</D:grant>{rest}</D:ace>"
    )


def href(path: str) -> str:
    return f"<D:href>/dav{path}</D:href>"


def set_acl(client: DavClient, path: str, *aces: str) -> Answer:
    body = f'<D:acl {DECLARATIONS.decode()} xmlns:g="urn:groupware:dav">{"".join(aces)}</D:acl>'
    return client.request("ACL", path, body)


def report(client: DavClient, path: str, name: str, inner: str, attributes: str = "") -> Answer:
    body = f"<D:{name} {DECLARATIONS.decode()}{attributes}>{inner}</D:{name}>"
    return client.request("REPORT", path, body, Depth="0")


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


def test_principals_of_an_acl_are_told(ann: Account, ben: Account, anns: DavClient) -> None:
    path = f"/{ann.pk}/calendar/"
    grant(ann, calendar_of(ann), ben, parse_rights("read"))
    asked = "<D:prop><D:displayname/></D:prop>"
    told = report(anns, path, "acl-principal-prop-set", asked)
    assert set(told.responses()) == {f"/{ann.pk}/", f"/{ben.pk}/"}
    assert told.properties(f"/{ben.pk}/")[dav("displayname")].text == ben.login


def find(client: DavClient, inner: str, attributes: str = "", path: str = "/") -> set[str]:
    asked = f"{inner}<D:prop><D:displayname/></D:prop>"
    return set(report(client, path, "principal-property-search", asked, attributes).responses())


def term(prop: str, text: str, match: str = "") -> str:
    return (
        f"<D:property-search><D:prop><{prop}/></D:prop>"
        f"<D:match{match}>{text}</D:match></D:property-search>"
    )


def test_principals_are_found_by_what_they_are_called(
    ann: Account, ben: Account, anns: DavClient
) -> None:
    jorg = create("jorg@example.test", name="Jörg Straße")
    room = create("room@example.test", name="Room 1", kind="room")
    create_group("team@example.test")
    team = f"/groups/{Group.objects.get().pk}/"
    create_domain("other.test")
    create("eve@other.test", name="Eve")
    j, r = f"/{jorg.pk}/", f"/{room.pk}/"
    name, kind = "D:displayname", "C:calendar-user-type"
    assert find(anns, term(name, "JÖRG")) == {j}
    assert find(anns, term(name, "strasse")) == {j}
    assert find(anns, term(name, "straße", ' match-type="starts-with"')) == set()
    assert find(anns, term(name, "room 1", ' match-type="equals"')) == {r}
    assert find(anns, term(name, " 1", ' match-type="ends-with"')) == {r}
    assert find(anns, term("C:calendar-user-address-set", f"mailto:{ben.login}")) == {f"/{ben.pk}/"}
    assert find(anns, term("CS:email-address-set", "team@")) == {team}
    assert find(anns, term(kind, "ROOM")) == {r}
    both = term(name, "jörg") + term(kind, "room")
    assert find(anns, both) == set()
    assert find(anns, both, ' test="anyof"') == {j, r}
    assert find(anns, term(name, "eve")) == set()
    assert find(anns, term("D:getetag", "")) == set()
    assert find(anns, term(name, "", ""), path=f"/{ann.pk}/") == {f"/{ann.pk}/"}
    whole = term(name, "jörg") + "<D:apply-to-principal-collection-set/>"
    assert find(anns, whole, path=f"/{ann.pk}/") == {j}


def test_who_shares_something_is_found_across_domains(ann: Account) -> None:
    create_domain("other.test")
    eve = create("eve@other.test")
    eves = client_of(eve)
    search = term("D:displayname", "ann")
    assert find(eves, search) == set()
    grant(ann, calendar_of(ann), eve, parse_rights("free-busy"))
    assert find(eves, search) == {f"/{ann.pk}/"}


@pytest.mark.parametrize(
    ("inner", "attributes"),
    [
        (term("D:displayname", "x"), ' test="some"'),
        (term("D:displayname", "x", ' match-type="like"'), ""),
        ("<D:property-search/>", ""),
    ],
)
def test_a_search_that_says_nothing_is_refused(
    inner: str, attributes: str, anns: DavClient
) -> None:
    assert report(anns, "/", "principal-property-search", inner, attributes).status == 400


def test_python_caldav_finds_everybody_and_what_it_asks_for_in_the_wrong_place(
    ann: Account, ben: Account, anns: DavClient
) -> None:
    asked = "<D:prop/><C:calendar-home-set/><D:displayname/>"
    told = report(anns, "/", "principal-property-search", asked)
    assert {f"/{ann.pk}/", f"/{ben.pk}/"} <= set(told.responses())
    told = report(anns, "/", "principal-property-search", term("D:displayname", "ben") + asked)
    assert set(told.responses()) == {f"/{ben.pk}/"}
    held = told.properties(f"/{ben.pk}/")
    assert held[dav("displayname")].text == ben.login
    assert held[caldav("calendar-home-set")][0].tag == dav("href")


def test_a_search_is_bounded(
    ann: Account, ben: Account, anns: DavClient, set_limit: SetLimit
) -> None:
    set_limit(limits.DAV_PRINCIPALS, 1)
    assert find(anns, term("D:displayname", "ann")) == {f"/{ann.pk}/"}
    answer = report(anns, "/", "principal-property-search", term("D:displayname", ""))
    assert (answer.status, answer.condition()) == (507, dav("number-of-matches-within-limits"))


def test_what_can_be_searched_is_told(anns: DavClient) -> None:
    root = report(anns, "/", "principal-search-property-set", "").xml()
    assert root.tag == dav("principal-search-property-set")
    told = {prop[0].tag for prop in root.iter(dav("prop"))}
    assert told == {
        dav("displayname"),
        caldav("calendar-user-address-set"),
        calserver("email-address-set"),
        caldav("calendar-user-type"),
    }


def test_a_client_finds_what_is_its_own(ann: Account, ben: Account, anns: DavClient) -> None:
    create_group("team@example.test")
    add_member("team@example.test", ann.login)
    team = f"/groups/{Group.objects.get().pk}/"
    asked = "<D:prop><D:displayname/></D:prop>"
    told = report(anns, "/", "principal-match", f"<D:self/>{asked}")
    assert set(told.responses()) == {f"/{ann.pk}/", team, f"/domains/{ann.domain_id}/"}
    grant(ben, calendar_of(ben), ann, parse_rights("read"))
    owner = f"<D:principal-property><D:owner/></D:principal-property>{asked}"
    told = report(anns, f"/{ann.pk}/", "principal-match", owner)
    slugs = ("calendar", "tasks", "birthdays", "contacts", "directory")
    assert set(told.responses()) == {f"/{ann.pk}/{slug}/" for slug in slugs}
    assert report(anns, f"/{ann.pk}/", "principal-match", asked).status == 400


def hrefs(client: DavClient, path: str, name: str) -> list[str] | None:
    told = client.propfind(path, name).properties(path)
    return [child.text or "" for child in next(iter(told.values()))] if told else None


def test_groups_tell_their_members_to_their_domain(
    ann: Account, ben: Account, anns: DavClient
) -> None:
    create_domain("other.test")
    eve = create("eve@other.test")
    for name in ("team@example.test", "all@example.test"):
        create_group(name)
    add_member("team@example.test", ann.login, eve.login)
    add_member("all@example.test", "team@example.test", ben.login)
    team, all_ = (
        f"/groups/{Group.objects.get(name=f'{n}@example.test').pk}/" for n in ("team", "all")
    )
    domain = f"/domains/{ann.domain_id}/"
    assert hrefs(anns, team, "D:group-member-set") == [f"/dav/{ann.pk}/"]
    assert hrefs(anns, all_, "D:group-member-set") == [f"/dav{team}", f"/dav/{ben.pk}/"]
    assert hrefs(anns, domain, "D:group-member-set") == [f"/dav/{ann.pk}/", f"/dav/{ben.pk}/"]
    own = hrefs(anns, f"/{ann.pk}/", "D:group-membership")
    assert own == [f"/dav{team}", f"/dav{all_}", f"/dav{domain}"]
    assert hrefs(anns, f"/{ben.pk}/", "D:group-membership") == []
    assert client_of(eve).propfind(team, "D:group-member-set").status == 404


def test_delegates_are_told_to_both_sides_and_nobody_else(
    ann: Account, ben: Account, anns: DavClient, bens: DavClient
) -> None:
    cai = client_of(create("cai@example.test"))
    set_delegates(ann, DELEGATE_WRITE, [ben])
    set_delegates(ann, DELEGATE_READ, [ann.domain])
    read, write = (f"/{ann.pk}/calendar-proxy-{kind}/" for kind in ("read", "write"))
    assert hrefs(anns, write, "D:group-member-set") == [f"/dav/{ben.pk}/"]
    assert hrefs(anns, read, "D:group-member-set") == [f"/dav/domains/{ann.domain_id}/"]
    assert hrefs(bens, write, "D:group-member-set") is None
    own = f"/{ben.pk}/"
    assert hrefs(bens, own, "CS:calendar-proxy-write-for") == [f"/dav/{ann.pk}/"]
    assert hrefs(bens, own, "CS:calendar-proxy-read-for") == [f"/dav/{ann.pk}/"]
    assert f"/dav{write}" in (hrefs(bens, own, "D:group-membership") or [])
    assert hrefs(cai, own, "CS:calendar-proxy-write-for") is None
    assert hrefs(anns, own, "CS:calendar-proxy-write-for") is None
    set_delegates(ann, DELEGATE_WRITE, [])
    assert hrefs(bens, own, "CS:calendar-proxy-write-for") == []
    kinds = anns.propfind(write, "D:resourcetype").properties(write)[dav("resourcetype")]
    assert {child.tag for child in kinds} == {
        dav("collection"),
        dav("principal"),
        calserver("calendar-proxy-write"),
    }


def name_delegates(client: DavClient, path: str, *hrefs: str, also: str = "") -> Answer:
    members = "".join(f"<D:href>{href}</D:href>" for href in hrefs)
    body = (
        f"<D:propertyupdate {DECLARATIONS.decode()}><D:set><D:prop>"
        f"<D:group-member-set>{members}</D:group-member-set>{also}"
        "</D:prop></D:set></D:propertyupdate>"
    )
    return client.request("PROPPATCH", path, body)


def test_a_client_names_delegates(
    ann: Account, ben: Account, anns: DavClient, bens: DavClient
) -> None:
    write, name = f"/{ann.pk}/calendar-proxy-write/", dav("group-member-set")
    create_domain("other.test")
    eve = create("eve@other.test")
    set_delegates(ann, DELEGATE_WRITE, [eve])
    meeting = f"/{ann.pk}/calendar/one.ics"
    refused = name_delegates(bens, write, f"/dav/{ben.pk}/")
    assert (refused.status, refused.condition()) == (403, dav("need-privileges"))
    assert bens.propfind(meeting, "D:getetag").status == 404
    both = (f"/dav/{eve.pk}", f"https://groupware.test/dav/{ben.pk}/")
    assert name in name_delegates(anns, write, *both).properties(write)
    expected = [f"/dav/{eve.pk}/", f"/dav/{ben.pk}/"]
    assert hrefs(anns, write, "D:group-member-set") == expected
    assert bens.request("PUT", meeting, event("one")).status == 201
    for wrong in ("/dav/999999/", "https://elsewhere.test/dav/1/", "http://[", write):
        told = name_delegates(anns, write, f"/dav/{ben.pk}/", wrong)
        assert name in told.properties(write, 403)
    assert name in name_delegates(anns, write, f"/dav/{ann.pk}/").properties(write, 409)
    told = name_delegates(anns, write, also='<x xmlns="urn:x"/>')
    assert set(told.properties(write, 403)) == {"{urn:x}x"}
    assert hrefs(anns, write, "D:group-member-set") == expected
    assert name in name_delegates(anns, write).properties(write)
    assert hrefs(anns, write, "D:group-member-set") == []
    assert bens.propfind(f"/{ann.pk}/calendar/", "D:getetag").status == 404


def test_delegates_do_not_touch_what_else_is_granted(ann: Account, ben: Account) -> None:
    grant(ann, None, ben, parse_rights("send-on-behalf delegate-read"))
    grant(ann, None, ann.domain, parse_rights("free-busy"))
    set_delegates(ann, DELEGATE_READ, [])
    set_delegates(ann, DELEGATE_WRITE, [ben])
    held = {str(one.grantee_account or one.grantee_domain): str(rights_of(one))
            for one in list_grants(ann.pk)}  # fmt: skip
    assert held == {ben.login: "send-on-behalf delegate-write", "example.test": "free-busy"}
