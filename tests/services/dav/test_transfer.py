"""COPY and MOVE of members and of whole collections."""

import pytest

from groupware.core import limits
from groupware.core.models import Account, AccountState, Collection
from groupware.core.rights import grant, parse_rights
from groupware.dav.models import DavLock
from groupware.dav.names import apple, caldav, carddav, dav
from groupware.dav.services import collections
from tests.conftest import SetLimit
from tests.services.dav.client import Answer, DavClient, url_of
from tests.services.dav.samples import card, event, todo
from tests.services.dav.test_locks import lock, token_of
from tests.services.dav.test_properties import OWN, patch

pytestmark = pytest.mark.django_db


def go(client: DavClient, method: str, source: str, target: str, **headers: str) -> Answer:
    return client.request(method, source, Destination=url_of(target), **headers)


def hrefs(client: DavClient, path: str) -> set[str]:
    answer = client.propfind(path, "D:getetag", depth="1")
    return {found.removeprefix(path) for found in answer.responses()} - {""}


@pytest.fixture
def home(ann: Account, anns: DavClient) -> str:
    """Ann's home, where there are an event, another calendar and a card."""
    path = f"/{ann.pk}/"
    anns.request("MKCALENDAR", path + "work/")
    anns.request("PUT", path + "calendar/1.ics", event("1"))
    anns.request("PUT", path + "contacts/1.vcf", card("1"))
    return path


@pytest.fixture
def shared(ben: Account, ann: Account, bens: DavClient) -> str:
    """Ben's calendar, in which ann may write."""
    calendar = ben.collections.get(kind="calendars", name="Calendar")
    grant(ben, calendar, ann, parse_rights("write private"))
    return f"/{ann.pk}/~{calendar.object_id}/"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("method", "left"), [("COPY", {"1.ics"}), ("MOVE", set())], ids=["COPY", "MOVE"]
)
def test_a_member_goes_as_it_is_with_its_properties(
    method: str, left: set[str], home: str, shared: str, anns: DavClient, bens: DavClient
) -> None:
    source = home + "calendar/1.ics"
    patch(anns, source, "+<O:a>kept</O:a>")
    etag = anns.request("GET", source).headers["etag"]
    for target in (home + "work/é 1.ics", shared + "1.ics"):
        assert go(anns, method, source, target).status == 201
        got = anns.request("GET", target)
        assert (got.body, got.headers["etag"]) == (event("1"), etag)
        told = anns.request("PROPFIND", target, Depth="0").properties(target)[OWN + "a"]
        assert told.text == "kept"
        assert hrefs(anns, home + "calendar/") == left
        if method == "MOVE":
            assert go(anns, "MOVE", target, source).status == 201


@pytest.mark.parametrize("method", ["COPY", "MOVE"])
def test_a_member_goes_with_all_its_properties_or_stays(
    method: str, home: str, shared: str, anns: DavClient, set_limit: SetLimit
) -> None:
    source = home + "calendar/1.ics"
    patch(anns, source, "+<O:a>kept</O:a>")
    set_limit(limits.DAV_PROPERTIES, 1)
    for target in (home + "work/1.ics", shared + "1.ics"):
        assert go(anns, method, source, target).status == 507
        assert anns.request("GET", target).status == 404
        assert anns.request("GET", source).status == 200


def test_a_member_is_renamed_where_it_is(home: str, anns: DavClient) -> None:
    for collection, old, new in (("calendar/", "1.ics", "2.ics"), ("contacts/", "1.vcf", "2.vcf")):
        path = home + collection
        assert go(anns, "MOVE", path + old, path + new).status == 201
        assert hrefs(anns, path) == {new}
        # A copy beside it would have the same UID (RFC 4791 §5.3.2.1).
        answer = go(anns, "COPY", path + new, path + old)
        name = caldav if collection == "calendar/" else carddav
        assert (answer.status, answer.condition()) == (409, name("no-uid-conflict"))


@pytest.mark.parametrize("method", ["COPY", "MOVE"])
def test_what_is_there_is_written_over_unless_it_must_not_be(
    method: str, home: str, anns: DavClient
) -> None:
    source, target = home + "calendar/1.ics", home + "work/1.ics"
    anns.request("PUT", target, event("1", "Old"))
    patch(anns, target, "+<O:old>gone</O:old>")
    assert go(anns, method, source, target, Overwrite="F").status == 412
    assert anns.request("GET", target).body == event("1", "Old")
    assert go(anns, method, source, target, Overwrite="T").status == 204
    assert anns.request("GET", target).body == event("1")
    everything = anns.request("PROPFIND", target, Depth="0")
    assert OWN + "old" not in everything.properties(target)
    assert go(anns, method, target, home + "calendar/2.ics", Overwrite="x").status == 400


def test_another_uid_is_not_written_over(home: str, anns: DavClient) -> None:
    anns.request("PUT", home + "work/2.ics", event("2"))
    for answer in (
        go(anns, "COPY", home + "calendar/1.ics", home + "work/2.ics"),
        anns.request("PUT", home + "calendar/1.ics", event("2")),
    ):
        assert (answer.status, answer.condition()) == (409, caldav("no-uid-conflict"))
    # A card may come without a UID, and get one.
    plain = card("x").replace(b"UID:x\r\n", b"")
    assert anns.request("PUT", home + "contacts/2.vcf", plain).status == 201
    assert anns.request("PUT", home + "contacts/2.vcf", card("2")).status == 204


def test_conditions_are_of_the_source(home: str, anns: DavClient) -> None:
    source, target = home + "calendar/1.ics", home + "work/1.ics"
    etag = anns.request("GET", source).headers["etag"]
    for method in ("COPY", "MOVE"):
        assert go(anns, method, source, target, If_Match='"x"').status == 412
        assert go(anns, method, source, target, If='(["x"])').status == 412
    assert go(anns, "COPY", source, target, If_Match=etag).status == 201
    assert go(anns, "MOVE", source, target, If=f"([{etag}])").status == 204


@pytest.mark.parametrize("method", ["COPY", "MOVE"])
@pytest.mark.parametrize(
    ("source", "target", "status"),
    [
        ("calendar/1.ics", "calendar/1.ics", 403),
        ("calendar/1.ics", "nothing/1.ics", 409),
        ("calendar/1.ics", "nothing", 409),
        ("calendar/1.ics", "work/", 403),
        ("calendar/1.ics", "", 403),
        ("calendar/1.ics", "contacts/1.vcf", 403),
        ("contacts/1.vcf", "calendar/1.ics", 403),
        ("calendar/1.ics", "tasks/1.ics", 403),
        ("calendar/1.ics", "birthdays/1.ics", 403),
        ("calendar/2.ics", "work/2.ics", 404),
        ("", "x/", 403),
        ("calendar/", "calendar/", 403),
        ("calendar/", "work/x/", 403),
        ("calendar/", "work/1.ics", 403),
        ("calendar/", "x/y/", 409),
        ("calendar/", "", 403),
        ("calendar/", "calendar-proxy-read/", 403),
        ("calendar/", "~x/", 403),
    ],
)
def test_what_goes_nowhere(
    method: str, source: str, target: str, status: int, home: str, anns: DavClient
) -> None:
    assert go(anns, method, home + source, home + target).status == status
    assert hrefs(anns, home + "calendar/") == {"1.ics"}


@pytest.mark.parametrize(
    ("destination", "status"),
    [
        ("", 400),
        ("https://elsewhere.test/dav/1/x/1.ics", 502),
        ("/other/1/x/1.ics", 502),
        ("http://[", 400),
        ("https://GROUPWARE.test:8443/dav{home}work/1.ics", 201),
        ("http://groupware.test/dav{home}work/1.ics", 201),
        ("/dav{home}work/1.ics", 201),
    ],
)
def test_a_destination_is_here(destination: str, status: int, home: str, anns: DavClient) -> None:
    said = destination.format(home=home)
    assert anns.request("MOVE", home + "calendar/1.ics", Destination=said).status == status


@pytest.mark.django_db(transaction=True)
def test_rights_are_asked_for_at_both_ends(
    ann: Account, ben: Account, home: str, bens: DavClient
) -> None:
    calendar = ann.collections.get(kind="calendars", name="Calendar")
    theirs, own = home + "calendar/1.ics", f"/{ben.pk}/calendar/1.ics"
    assert go(bens, "COPY", theirs, own).status == 404
    grant(ann, calendar, ben, parse_rights("read"))
    assert go(bens, "MOVE", theirs, own).status == 403
    assert go(bens, "COPY", theirs, own).status == 201
    assert go(bens, "COPY", own, theirs).status == 403
    grant(ann, calendar, ben, parse_rights("lrt"))
    assert go(bens, "MOVE", theirs, own).status == 204
    assert go(bens, "MOVE", own, theirs).status == 403
    grant(ann, calendar, ben, parse_rights("lri"))
    assert go(bens, "MOVE", own, theirs).status == 201
    assert go(bens, "COPY", theirs, own).status == 201
    assert go(bens, "COPY", own, theirs).status == 403


def test_locks_are_asked_for_at_both_ends(home: str, anns: DavClient) -> None:
    source, target = home + "calendar/1.ics", home + "work/1.ics"
    anns.request("PUT", target, event("1", "Old"))
    held = token_of(lock(anns, source))
    assert go(anns, "MOVE", source, target).status == 423
    assert go(anns, "COPY", source, target).status == 204
    other = token_of(lock(anns, target))
    assert go(anns, "COPY", source, target).status == 423
    assert go(anns, "MOVE", source, target, If=f"({held})").status == 423
    both = f"</dav{source}> ({held}) </dav{target}> ({other})"
    assert go(anns, "MOVE", source, target, If=both).status == 204
    # The lock does not move, and what replaced the other is locked still (RFC 4918 §7.6).
    assert list(DavLock.objects.values_list("href", flat=True)) == ["1.ics"]
    assert anns.request("PUT", target, event("1")).status == 423
    assert anns.request("PUT", source, event("1")).status == 201


def test_a_collection_is_moved_to_another_name(home: str, anns: DavClient) -> None:
    patch(anns, home + "calendar/", "+<O:a/><D:displayname>Mine</D:displayname>")
    names = ("D:sync-token", "D:displayname")
    before = anns.propfind(home + "calendar/", *names).properties(home + "calendar/")
    assert go(anns, "MOVE", home + "calendar/", home + "renamed/").status == 201
    assert anns.propfind(home + "calendar/", "D:getetag").status == 404
    after = anns.propfind(home + "renamed/", *names).properties(home + "renamed/")
    assert [found.text for found in after.values()] == [found.text for found in before.values()]
    assert hrefs(anns, home + "renamed/") == {"1.ics"}
    everything = anns.request("PROPFIND", home + "renamed/", Depth="0")
    assert OWN + "a" in everything.properties(home + "renamed/")


def test_a_collection_is_copied_as_it_is_seen(
    home: str, anns: DavClient, ann: Account, ben: Account, bens: DavClient
) -> None:
    anns.request("PUT", home + "calendar/2.ics", event("2", "Mine", "CLASS:PRIVATE"))
    patch(anns, home + "calendar/", "+<I:calendar-color>#f00</I:calendar-color>")
    patch(anns, home + "calendar/1.ics", "+<O:a>kept</O:a>")
    assert go(anns, "COPY", home + "calendar/", home + "copy").status == 201
    assert hrefs(anns, home + "copy/") == {"1.ics", "2.ics"}
    assert anns.request("GET", home + "copy/1.ics").body == event("1")
    names = ("I:calendar-color", "C:supported-calendar-component-set")
    found = anns.propfind(home + "copy/", *names).properties(home + "copy/")
    assert found[apple("calendar-color")].text == "#f00"
    [component] = found[caldav("supported-calendar-component-set")]
    assert component.get("name") == "VEVENT"
    everything = anns.request("PROPFIND", home + "copy/", Depth="1")
    assert OWN + "a" in everything.properties(home + "copy/1.ics")
    assert go(anns, "COPY", home + "contacts/", home + "people/").status == 201
    assert hrefs(anns, home + "people/") == {"1.vcf"}
    assert go(anns, "COPY", home + "calendar/", home + "empty/", Depth="0").status == 201
    assert hrefs(anns, home + "empty/") == set()
    calendar = ann.collections.get(kind="calendars", name="Calendar")
    grant(ann, calendar, ben, parse_rights("read"))
    assert go(bens, "COPY", home + "calendar/", f"/{ben.pk}/copy/").status == 201
    assert hrefs(bens, f"/{ben.pk}/copy/") == {"1.ics"}
    grant(ann, calendar, ben, parse_rights("free-busy"))
    assert go(bens, "COPY", home + "calendar/", f"/{ben.pk}/other/").status == 403


@pytest.mark.parametrize(("method", "left"), [("COPY", {"1.ics"}), ("MOVE", set())])
def test_a_collection_takes_the_place_of_another(
    method: str, left: set[str], home: str, anns: DavClient
) -> None:
    anns.request("PUT", home + "work/2.ics", event("2"))
    source, target = home + "calendar/", home + "work/"
    assert go(anns, method, source, target, Overwrite="F").status == 412
    assert hrefs(anns, target) == {"2.ics"}
    token = token_of(lock(anns, target + "2.ics"))
    assert go(anns, method, source, target).status == 423
    # What is locked is not the source: the list names it (RFC 4918 §10.4.3).
    held = f"</dav{target}2.ics> ({token})"
    assert go(anns, method, source, target, If=held).status == 204
    assert hrefs(anns, target) == {"1.ics"}
    if left:
        assert hrefs(anns, source) == left
    else:
        assert anns.propfind(source, "D:getetag").status == 404
    assert go(anns, method, target, home + "birthdays/").status == 403


def test_a_collection_goes_as_a_whole(home: str, anns: DavClient) -> None:
    for method, depth in (("MOVE", "0"), ("MOVE", "1"), ("COPY", "1")):
        answer = go(anns, method, home + "calendar/", home + "x/", Depth=depth)
        assert answer.status == 400


def test_large_members_are_copied_one_by_one(
    home: str, anns: DavClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collections, "BATCH_OCTETS", 1)
    for name in ("2", "3"):
        anns.request("PUT", home + f"contacts/{name}.vcf", card(name))
    assert go(anns, "COPY", home + "contacts/", home + "people/").status == 201
    assert hrefs(anns, home + "people/") == {"1.vcf", "2.vcf", "3.vcf"}


def test_a_card_of_the_directory_is_copied_into_an_address_book(
    ben: Account, home: str, anns: DavClient
) -> None:
    source, target = f"{home}directory/account-{ben.pk}.vcf", home + "contacts/ben.vcf"
    assert go(anns, "COPY", source, target).status == 201
    assert anns.request("GET", target).body == anns.request("GET", source).body
    assert go(anns, "MOVE", source, target).status == 403
    assert go(anns, "COPY", target, source).status == 403


def test_what_is_shared_stays_where_it_is(
    ann: Account, ben: Account, home: str, shared: str, anns: DavClient
) -> None:
    for target in (home + "x/", f"/{ben.pk}/x/"):
        assert go(anns, "MOVE", shared, target).status == 403
    assert go(anns, "MOVE", home + "birthdays/", home + "x/").status == 403
    assert go(anns, "MOVE", home + "calendar/", f"/{ben.pk}/x/").status == 403
    assert go(anns, "COPY", home + "work/", shared).status == 403
    assert anns.propfind(shared, "D:displayname").status == 207


def test_a_copy_that_cannot_be_whole_is_none(
    home: str, ann: Account, anns: DavClient, set_limit: SetLimit
) -> None:
    anns.request("PUT", home + "work/2.ics", todo("2"))
    set_limit(limits.DAV_COPY, 1)
    anns.request("PUT", home + "work/3.ics", event("3"))
    assert go(anns, "COPY", home + "work/", home + "copy/").status == 507
    set_limit(limits.DAV_COPY, 2)
    state = AccountState.objects.filter(account_id=ann.pk)
    state.update(quota_bytes=state.get().bytes_used + 10)
    answer = go(anns, "COPY", home + "work/", home + "copy/")
    assert (answer.status, answer.condition()) == (507, dav("quota-not-exceeded"))
    collections = Collection.objects.filter(account=ann, kind="calendars")
    assert not collections.filter(face__slug="copy").exists()
    # What was to be replaced is there as it was.
    before = collections.count()
    assert go(anns, "COPY", home + "work/", home + "calendar/").status == 507
    assert hrefs(anns, home + "calendar/") == {"1.ics"}
    assert collections.count() == before
