"""RFC 3744: principals, how they are found, and what they tell of themselves."""

import pytest

from groupware.core import limits
from groupware.core.delegates import DELEGATE_READ, DELEGATE_WRITE, set_delegates
from groupware.core.directory import add_member, create_domain, create_group
from groupware.core.models import Account, Group
from groupware.core.rights import grant, list_grants, parse_rights, rights_of
from groupware.dav.names import DECLARATIONS, caldav, calserver, dav
from tests.conftest import SetLimit
from tests.services.dav.acls import calendar_of, hrefs, report
from tests.services.dav.client import Answer, DavClient, client_of
from tests.services.dav.samples import event
from tests.services.store import create

pytestmark = pytest.mark.django_db


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
