"""What others share, in the home of whom it is shared with and below its owner."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from calendar_app.services.calendars import create_calendar
from contacts.services.addressbooks import create_address_book
from groupware.core.directory import add_member, create_domain, create_group
from groupware.core.models import Account, Collection
from groupware.core.resources.collections import Face
from groupware.core.rights import find_grantee, grant, parse_rights, revoke
from groupware.dav import resources
from groupware.dav.names import DECLARATIONS, apple, caldav, calserver, dav
from tests.services.dav.client import DavClient, client_of
from tests.services.dav.samples import event
from tests.services.store import create

pytestmark = pytest.mark.django_db

WORDS = ("D:resourcetype", "D:displayname", "D:sync-token", "D:owner", "D:acl",
         "D:current-user-privilege-set", "I:calendar-color", "I:calendar-order", "CS:getctag",
         "C:supported-calendar-component-set", "C:calendar-timezone", "D:quota-used-bytes",
         "D:supported-report-set")  # fmt: skip


def calendar_of(account: Account, name: str = "Calendar") -> Collection:
    return account.collections.get(kind="calendars", name=name)


def home(client: DavClient, account: Account, *names: str) -> dict[str, str]:
    """Return the paths that a home tells, with the display name of each."""
    told = client.propfind(f"/{account.pk}/", "D:displayname", *names, depth="1")
    found = {path: told.properties(path)[dav("displayname")].text for path in told.responses()}
    return {path: name or "" for path, name in found.items()}


def shared_path(reader: Account, collection: Collection) -> str:
    return f"/{reader.pk}/~{collection.object_id}/"


@pytest.mark.parametrize("grantee", ["ben@example.test", "team@example.test", "@example.test"])
def test_a_grant_to_whomever_shows_what_is_shared(
    grantee: str, ann: Account, ben: Account, bens: DavClient
) -> None:
    create_group("team@example.test")
    add_member("team@example.test", "ben@example.test")
    shared = shared_path(ben, calendar_of(ann))
    assert shared not in home(bens, ben)
    grant(ann, calendar_of(ann), find_grantee(grantee), parse_rights("read"))
    assert home(bens, ben)[shared] == f"Calendar ({ann.login})"
    assert f"/{ann.pk}/calendar/" in home(bens, ann)
    assert f"/{ann.pk}/tasks/" not in home(bens, ann)
    revoke(ann, calendar_of(ann), find_grantee(grantee))
    assert shared not in home(bens, ben)


def test_a_grant_on_an_account_is_on_all_of_it(ann: Account, ben: Account, bens: DavClient) -> None:
    grant(ann, None, ben, parse_rights("read"))
    slugs = ("calendar", "tasks", "birthdays", "contacts")
    assert set(home(bens, ann)) == {f"/{ann.pk}/", *(f"/{ann.pk}/{slug}/" for slug in slugs)}


def test_a_grant_on_a_mailbox_is_none_on_calendars(
    ann: Account, ben: Account, bens: DavClient
) -> None:
    inbox = ann.collections.get(kind="mail", name="INBOX")
    grant(ann, inbox, ben, parse_rights("all private manage"))
    assert home(bens, ann) == {f"/{ann.pk}/": ann.login}
    assert len(home(bens, ben)) == 6
    grant(ann, calendar_of(ann), ben, parse_rights("read"))
    assert len(home(bens, ben)) == 7


def test_a_delegate_has_the_calendars_and_nothing_else(
    ann: Account, ben: Account, bens: DavClient
) -> None:
    for word, writes in (("delegate-read", False), ("delegate-write", True)):
        grant(ann, None, ben, parse_rights(word))
        slugs = ("calendar", "tasks", "birthdays")
        assert set(home(bens, ann)) == {f"/{ann.pk}/", *(f"/{ann.pk}/{slug}/" for slug in slugs)}
        found = resources.find(f"/{ann.pk}/calendar/", ben.pk)
        assert found is not None
        assert found.access.reads
        assert found.access.holds(dav("write")) == writes
        assert not found.access.sees_private
    new = create_calendar(ann.pk, Face(display_name="New"), slug="new")
    assert shared_path(ben, Collection.objects.get(pk=new)) in home(bens, ben)


def test_an_account_of_another_domain_can_be_shared_with(ann: Account) -> None:
    create_domain("other.test")
    eve = create("eve@other.test")
    eves = client_of(eve)
    assert eves.propfind(f"/{ann.pk}/", "D:displayname").status == 404
    grant(ann, calendar_of(ann), eve, parse_rights("free-busy"))
    assert f"/{ann.pk}/calendar/" in home(eves, ann)
    assert shared_path(eve, calendar_of(ann)) in home(eves, eve)
    revoke(ann, calendar_of(ann), eve)
    assert eves.propfind(f"/{ann.pk}/", "D:displayname").status == 404


def test_a_home_is_told_in_a_bounded_number_of_queries(
    ann: Account, ben: Account, bens: DavClient
) -> None:
    def count() -> int:
        assert bens.propfind(f"/{ben.pk}/", *WORDS, depth="1").status == 207
        with CaptureQueriesContext(
            connection,
        ) as held:
            answer = bens.propfind(f"/{ben.pk}/", *WORDS, depth="1")
        names = {path: answer.properties(path) for path in answer.responses()}
        assert all(dav("displayname") in found for found in names.values())
        return len(held)

    cai = create("cai@example.test")
    grant(ann, calendar_of(ann), ben, parse_rights("read"))
    grant(cai, None, ben, parse_rights("free-busy"))
    few = count()
    for number in range(20):
        create_calendar(ben.pk, Face(display_name=f"Own {number}", color="#123456FF"))
        new = create_calendar(ann.pk, Face(display_name=f"Shared {number}", position=number))
        shared = Collection.objects.get(pk=new)
        grant(ann, shared, ben, parse_rights("read" if number % 2 else "write private"))
        create_address_book(cai.pk, Face(display_name=f"Book {number}"))
    assert count() == few
    assert few <= 24


def test_a_home_tells_by_one_property_that_something_in_it_changed(
    ann: Account, ben: Account, anns: DavClient, bens: DavClient
) -> None:
    path = f"/{ben.pk}/"
    told: list[str] = [""]

    def is_new() -> bool:
        found = bens.propfind(path, "CS:getctag").properties(path)
        told.append(found[calserver("getctag")].text or "")
        return told[-1] != told[-2]

    shared = calendar_of(ann)
    assert is_new()
    for words in ("free-busy", "read", "write"):
        grant(ann, shared, ben, parse_rights(words))
        assert is_new()
    anns.request("PUT", f"/{ann.pk}/calendar/a.ics", event("a"))
    assert is_new()
    anns.request("PUT", f"/{ann.pk}/calendar/b.ics", event("b", "Mine", "CLASS:PRIVATE"))
    assert not is_new()
    name = (
        '<D:propertyupdate xmlns:D="DAV:"><D:set><D:prop><D:displayname>Hers</D:displayname>'
        "</D:prop></D:set></D:propertyupdate>"
    )
    assert bens.request("PROPPATCH", shared_path(ben, shared), name).status == 207
    assert is_new()
    revoke(ann, shared, ben)
    assert is_new()
    assert not is_new()
    assert calserver("getctag") in anns.propfind(path, "CS:getctag").properties(path, 404)


@pytest.mark.parametrize("words", ["read", "free-busy"])
def test_a_reader_s_own_face_is_for_himself(
    words: str, ann: Account, ben: Account, anns: DavClient, bens: DavClient
) -> None:
    shared = calendar_of(ann)
    grant(ann, shared, ben, parse_rights(words))
    own, path = f"/{ann.pk}/calendar/", shared_path(ben, shared)
    looks = "<D:displayname>Hers</D:displayname><I:calendar-color>#00FF00FF</I:calendar-color>"
    body = (
        f"<D:propertyupdate {DECLARATIONS.decode()}><D:set><D:prop>{{}}</D:prop></D:set>"
        "</D:propertyupdate>"
    )
    both = looks + "<I:calendar-order>7</I:calendar-order>"
    assert bens.request("PROPPATCH", path, body.format(both)).status == 207

    def face(client: DavClient, at: str) -> list[str | None]:
        names = ("D:displayname", "I:calendar-color", "I:calendar-order")
        told = client.propfind(at, *names).properties(at)
        return [told[n].text if n in told else None
                for n in (dav("displayname"), apple("calendar-color"), apple("calendar-order"))]  # fmt: skip

    assert face(bens, path) == ["Hers", "#00FF00FF", "7"]
    assert face(bens, own) == face(anns, own) == ["Calendar", None, None]
    empty = "<D:displayname/><I:calendar-color/><I:calendar-order>-1</I:calendar-order>"
    assert bens.request("PROPPATCH", path, body.format(empty)).status == 207
    assert face(bens, path) == [f"Calendar ({ann.login})", None, None]
    described = "<C:calendar-description>X</C:calendar-description>"
    assert bens.request("PROPPATCH", path, body.format(described)).status in (207, 403)
    assert caldav("calendar-description") in anns.propfind(
        own, "C:calendar-description"
    ).properties(own, 404)
    delete = Collection.objects.get(pk=shared.pk)
    assert delete.reader_faces.count() == 1
    anns.request("DELETE", own)
    assert not Collection.objects.filter(pk=shared.pk).exists()
