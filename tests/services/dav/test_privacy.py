"""What is private and confidential, as it is shown to readers with the right `private` and without.

Each case that a reader without it is refused has its twin: the owner, or a reader with it.
"""

import xml.etree.ElementTree as ET
from datetime import UTC, datetime

import pytest
from pytest_django import DjangoAssertNumQueries

from groupware.core.models import Account, Tombstone
from groupware.core.resources.queries import find_by_slug
from groupware.core.rights import grant, parse_rights
from groupware.core.synctokens import SyncPoint
from groupware.dav import resources
from groupware.dav.members import Members
from groupware.dav.names import DECLARATIONS, calserver, dav
from tests.services.dav.client import DavClient, url_of
from tests.services.dav.samples import event

pytestmark = pytest.mark.django_db

BEGINNING = SyncPoint(0, 0)

HIDDEN = ("CLASS:PRIVATE", "LOCATION:Clinic")
ALL = '<D:propfind xmlns:D="DAV:"><D:allprop/></D:propfind>'
VEILED = ("CLASS:CONFIDENTIAL", "LOCATION:Bank")


def share(ann: Account, ben: Account, rights: str) -> None:
    calendar = ann.collections.get(kind="calendars", name="Calendar")
    grant(ann, calendar, ben, parse_rights(rights))


def members(owner: Account, reader: Account) -> Members:
    """Return the members of the owner's calendar as a reader sees them now."""
    found = resources.find(f"/{owner.pk}/calendar/", reader.pk)
    assert found is not None
    return found.members


@pytest.fixture
def path(ann: Account, anns: DavClient) -> str:
    """Return the path of ann's calendar, with an event of each class in it."""
    path = f"/{ann.pk}/calendar/"
    for href, lines in (("public.ics", ()), ("private.ics", HIDDEN), ("secret.ics", VEILED)):
        assert anns.request("PUT", path + href, event(href, f"Of {href}", *lines)).status == 201
    return path


def test_of_what_is_private_nothing_is_there(
    path: str, ann: Account, ben: Account, bens: DavClient
) -> None:
    share(ann, ben, "read")
    told = bens.propfind(path, "D:getetag", depth="1").responses()
    assert sorted(told) == [path, path + "public.ics", path + "secret.ics"]
    assert bens.request("GET", path + "private.ics").status == 404
    assert bens.propfind(path + "private.ics", "D:getetag").status == 404
    seen = members(ann, ben)
    assert seen.find("private.ics") is None
    assert not seen.read_many(["private.ics"])
    assert not seen.find_many(["private.ics"])
    assert [row.href for row in seen.rows()] == ["public.ics", "secret.ics"]
    share(ann, ben, "read private")
    assert b"Clinic" in bens.request("GET", path + "private.ics").body


def test_of_what_is_confidential_the_time_is_shown(
    path: str, ann: Account, ben: Account, anns: DavClient, bens: DavClient
) -> None:
    share(ann, ben, "read")
    whole, veiled = (one.request("GET", path + "secret.ics") for one in (anns, bens))
    assert b"Bank" in whole.body
    assert b"Of secret" in whole.body
    assert b"DTSTART:20260302T090000Z" in veiled.body
    assert b"Bank" not in veiled.body
    assert b"Of secret" not in veiled.body
    assert whole.headers["etag"] != veiled.headers["etag"]
    names = ("D:getetag", "D:getcontentlength", "D:getlastmodified")
    for depth, at in (("1", path), ("0", path + "secret.ics")):
        found = bens.propfind(at, *names, depth=depth).properties(path + "secret.ics")
        assert found[dav("getetag")].text == veiled.headers["etag"]
        assert found[dav("getcontentlength")].text == str(len(veiled.body))
    told = bens.propfind(path, "D:getetag", depth="1").properties(path + "secret.ics")
    assert told[dav("getetag")].text == veiled.headers["etag"]
    assert (
        bens.request("GET", path + "public.ics").headers["etag"]
        == (anns.request("GET", path + "public.ics").headers["etag"])
    )


def test_a_veil_changes_its_tag_with_the_object_and_tells_nothing_of_it(
    path: str, ann: Account, ben: Account, anns: DavClient, bens: DavClient
) -> None:
    share(ann, ben, "read")
    first = bens.request("GET", path + "secret.ics")
    anns.request("PUT", path + "secret.ics", event("secret.ics", "Else", *VEILED))
    second = bens.request("GET", path + "secret.ics")
    assert first.body == second.body
    assert first.headers["etag"] != second.headers["etag"]
    again = bens.request("GET", path + "secret.ics", If_None_Match=second.headers["etag"])
    assert again.status == 304


def changes(ann: Account, ben: Account, token: str) -> dict[str, bool]:
    """Return what a reader is told since a token: whether each href is there."""
    seen = members(ann, ben)
    since = seen.since(token)
    assert since is not None
    return {row.href: row.etag is not None for row in seen.changes(since, None)}


def test_what_becomes_private_is_gone_and_what_always_was_is_not_told(
    path: str, ann: Account, ben: Account, anns: DavClient
) -> None:
    share(ann, ben, "read")
    token = members(ann, ben).sync_token()
    anns.request("PUT", path + "more.ics", event("more.ics", "More", *HIDDEN))
    anns.request("PUT", path + "private.ics", event("private.ics", "New", *HIDDEN))
    assert changes(ann, ben, token) == {}
    assert members(ann, ben).sync_token() == token
    anns.request("PUT", path + "public.ics", event("public.ics", "Now mine", *HIDDEN))
    assert changes(ann, ben, token) == {"public.ics": False}
    anns.request("PUT", path + "public.ics", event("public.ics", "Still mine", *HIDDEN))
    anns.request("PUT", path + "private.ics", event("private.ics", "Told"))
    assert changes(ann, ben, token) == {"public.ics": False, "private.ics": True}
    anns.request("PUT", path + "public.ics", event("public.ics", "Back"))
    assert changes(ann, ben, token) == {"public.ics": True, "private.ics": True}


def test_the_owner_is_not_told_that_something_went_which_became_private(
    path: str, ann: Account, anns: DavClient
) -> None:
    token = members(ann, ann).sync_token()
    anns.request("PUT", path + "public.ics", event("public.ics", "Now mine", *HIDDEN))
    assert changes(ann, ann, token) == {"public.ics": True}


def test_of_the_end_of_what_was_private_nothing_is_told(
    path: str, ann: Account, ben: Account, anns: DavClient
) -> None:
    share(ann, ben, "read")
    token, owners = members(ann, ben).sync_token(), members(ann, ann).sync_token()
    anns.request("DELETE", path + "private.ics")
    assert changes(ann, ben, token) == {}
    assert changes(ann, ann, owners) == {"private.ics": False}
    assert Tombstone.objects.get(href="private.ics").is_hidden
    anns.request("DELETE", path + "public.ics")
    assert changes(ann, ben, token) == {"public.ics": False}


def test_changes_are_told_in_pieces_that_are_whole(
    path: str, ann: Account, ben: Account, anns: DavClient
) -> None:
    share(ann, ben, "read")
    seen = members(ann, ben)
    assert [row.href for row in seen.changes(BEGINNING, 1)] == ["public.ics"]
    first = seen.changes(BEGINNING, 1)[-1].modseq
    assert [row.href for row in seen.changes(SyncPoint(first, first), 1)] == ["secret.ics"]


def test_who_gets_the_right_or_loses_it_begins_anew(
    path: str, ann: Account, ben: Account, bens: DavClient
) -> None:
    share(ann, ben, "read")
    token = members(ann, ben).sync_token()
    share(ann, ben, "read private")
    assert members(ann, ben).since(token) is None
    whole = members(ann, ben).sync_token()
    assert whole == members(ann, ann).sync_token()
    share(ann, ben, "read")
    assert members(ann, ben).since(whole) is None
    told = bens.propfind(path, "D:sync-token", "CS:getctag").properties(path)
    assert told[dav("sync-token")].text == told[calserver("getctag")].text == token


def test_nobody_writes_over_what_he_does_not_see(
    path: str, ann: Account, ben: Account, anns: DavClient, bens: DavClient
) -> None:
    share(ann, ben, "write")
    before = {href: anns.request("GET", path + href).body for href in ("private.ics", "secret.ics")}
    for href in before:
        assert bens.request("PUT", path + href, event(href, "Taken")).status in (403, 412)
        assert bens.request("DELETE", path + href).status in (403, 404, 412)
        seen = bens.request("GET", path + href).headers.get("etag", "*")
        for tag in (seen, "*"):
            answer = bens.request("PUT", path + href, event(href, "Taken"), If_Match=tag)
            assert answer.status in (403, 412)
    assert before == {href: anns.request("GET", path + href).body for href in before}
    assert bens.request("PUT", path + "public.ics", event("public.ics", "Ours")).status == 204
    share(ann, ben, "write private")
    for href in before:
        assert bens.request("PUT", path + href, event(href, "Ours")).status == 204
        assert bens.request("DELETE", path + href).status == 204


def test_a_uid_that_nobody_showed_is_not_said_to_be_anywhere(
    path: str, ann: Account, ben: Account, bens: DavClient
) -> None:
    share(ann, ben, "write")
    answer = bens.request("PUT", path + "new.ics", event("private.ics", "Taken"))
    assert answer.status == 409
    assert b"private.ics" not in answer.body
    answer = bens.request("PUT", path + "new.ics", event("public.ics", "Taken"))
    assert answer.status == 409
    assert b"public.ics" in answer.body


def test_who_sees_free_time_alone_finds_the_calendar_and_nothing_in_it(
    path: str, ann: Account, ben: Account, bens: DavClient
) -> None:
    share(ann, ben, "free-busy")
    told = bens.propfind(path, "D:displayname", "D:sync-token", "D:getetag", depth="1")
    assert list(told.responses()) == [path]
    assert dav("sync-token") in told.properties(path, 404)
    for href in ("public.ics", "secret.ics", "private.ics"):
        assert bens.request("GET", path + href).status == 404
    assert bens.request("GET", path).status == 403
    share(ann, ben, "read")
    assert bens.request("GET", path + "public.ics").status == 200


def test_what_programs_note_of_an_object_is_for_those_who_see_it_whole(
    path: str, ann: Account, ben: Account, anns: DavClient, bens: DavClient
) -> None:
    note = (
        '<D:propertyupdate xmlns:D="DAV:"><D:set><D:prop><x xmlns="urn:x">{}</x></D:prop></D:set>'
        "</D:propertyupdate>"
    )
    hrefs = ("public.ics", "private.ics", "secret.ics")
    for href in hrefs:
        answer = anns.request("PROPPATCH", path + href, note.format("About"))
        assert "{urn:x}x" in answer.properties(path + href)
    share(ann, ben, "write")
    asked = '<D:propfind xmlns:D="DAV:"><D:prop><x xmlns="urn:x"/></D:prop></D:propfind>'
    told = bens.request("PROPFIND", path, asked, Depth="1").responses()
    assert [b"About" in ET.tostring(told[path + href]) for href in (hrefs[0], hrefs[2])] == [
        True,
        False,
    ]
    one = bens.request("PROPFIND", path + "secret.ics", asked, Depth="0")
    assert b"About" not in one.body
    for names in ("<x xmlns='urn:x'/>", "<x xmlns='urn:x'/><D:lockdiscovery/>"):
        inner = f"<D:prop>{names}</D:prop><D:href>{url_of(path + 'secret.ics')}</D:href>"
        assert b"About" not in bens.report(path, "C:calendar-multiget", inner).body
        assert b"About" in anns.report(path, "C:calendar-multiget", inner).body
    for href, status in zip(hrefs, (207, 404, 403), strict=True):
        assert bens.request("PROPPATCH", path + href, note.format("Ours")).status == status
    share(ann, ben, "write private")
    assert bens.request("PROPPATCH", path + "secret.ics", note.format("Ours")).status == 207
    principal = f"/{ann.pk}/"
    assert anns.request("PROPPATCH", principal, note.format("Mine")).status == 207
    assert b"Mine" in anns.request("PROPFIND", principal, asked, Depth="0").body
    assert b"Mine" not in bens.request("PROPFIND", principal, asked, Depth="0").body


def test_a_copy_of_a_calendar_is_of_what_is_shown(
    path: str, ann: Account, ben: Account, anns: DavClient, bens: DavClient
) -> None:
    note = (
        '<D:propertyupdate xmlns:D="DAV:"><D:set><D:prop><x xmlns="urn:x">About</x></D:prop>'
        "</D:set></D:propertyupdate>"
    )
    anns.request("PROPPATCH", path + "secret.ics", note)
    share(ann, ben, "read")
    mine = f"/{ben.pk}/copy/"
    assert bens.request("COPY", path, Destination=url_of(mine)).status == 201
    told = bens.request("PROPFIND", mine, ALL, Depth="1")
    assert sorted(told.responses()) == [mine, mine + "public.ics", mine + "secret.ics"]
    assert b"About" not in told.body
    assert b"Bank" not in bens.request("GET", mine).body
    to = url_of(f"/{ben.pk}/calendar/x.ics")
    for href, status in (("secret.ics", 403), ("private.ics", 404), ("public.ics", 201)):
        for method in ("COPY", "MOVE"):
            answer = bens.request(method, path + href, Destination=to)
            assert answer.status == (403 if method == "MOVE" and status == 201 else status)


def test_locks_on_what_is_private_are_not_told(
    path: str, ann: Account, ben: Account, anns: DavClient, bens: DavClient
) -> None:
    lock = (
        '<D:lockinfo xmlns:D="DAV:"><D:lockscope><D:exclusive/></D:lockscope>'
        "<D:locktype><D:write/></D:locktype></D:lockinfo>"
    )
    assert anns.request("LOCK", path + "private.ics", lock, Depth="0").status == 200
    share(ann, ben, "write")
    answer = bens.request("LOCK", path, lock, Depth="infinity")
    assert (answer.status, answer.condition()) == (423, dav("no-conflicting-lock"))
    assert b"private.ics" not in answer.body
    share(ann, ben, "write private")
    assert b"private.ics" in bens.request("LOCK", path, lock, Depth="infinity").body


def test_what_is_private_is_searched_by_those_alone_who_see_it(
    path: str, ann: Account, ben: Account, bens: DavClient
) -> None:
    def found(prop: str, text: str) -> list[str]:
        body = (
            f"<C:calendar-query {DECLARATIONS.decode()}><D:prop><D:getetag/></D:prop><C:filter>"
            '<C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT">'
            f'<C:prop-filter name="{prop}"><C:text-match>{text}</C:text-match></C:prop-filter>'
            "</C:comp-filter></C:comp-filter></C:filter></C:calendar-query>"
        )
        told = bens.request("REPORT", path, body, Depth="1").responses()
        return sorted(href.removeprefix(path) for href in told)

    share(ann, ben, "read")
    assert found("SUMMARY", "Of") == ["public.ics"]
    assert found("SUMMARY", "Busy") == ["secret.ics"]
    assert found("LOCATION", "Bank") == found("UID", "private") == []
    share(ann, ben, "read private")
    assert found("SUMMARY", "Of") == ["private.ics", "public.ics", "secret.ics"]
    assert found("LOCATION", "Bank") == ["secret.ics"]


def test_time_that_is_private_counts_as_busy(
    path: str, ann: Account, ben: Account, anns: DavClient, bens: DavClient
) -> None:
    later = datetime(2026, 3, 3, 9, tzinfo=UTC)
    anns.request("PUT", path + "more.ics", event("more.ics", "X", *HIDDEN, start=later))
    body = (
        f"<C:free-busy-query {DECLARATIONS.decode()}>"
        '<C:time-range start="20260301T000000Z" end="20260310T000000Z"/></C:free-busy-query>'
    )
    for words in ("free-busy", "read", "read private"):
        share(ann, ben, words)
        answer = bens.request("REPORT", path, body)
        assert answer.status == 200
        assert answer.body.count(b"FREEBUSY:") + answer.body.count(b"FREEBUSY;") >= 1
        assert b"20260303T090000Z" in answer.body
        assert b"Clinic" not in answer.body


def test_the_file_of_a_calendar_holds_what_is_shown(
    path: str, ann: Account, ben: Account, anns: DavClient, bens: DavClient
) -> None:
    share(ann, ben, "read")
    whole, shown = anns.request("GET", path), bens.request("GET", path)
    assert (b"Clinic" in whole.body, b"Bank" in whole.body) == (True, True)
    assert (b"Clinic" in shown.body, b"Bank" in shown.body) == (False, False)
    assert b"Of public" in shown.body
    assert whole.headers["etag"] != shown.headers["etag"]


def test_those_who_see_all_pay_nothing(
    path: str, ann: Account, ben: Account, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    share(ann, ben, "read private")
    info = find_by_slug(ann.pk, "calendar")
    assert info is not None
    for reader in (ann, ben):
        seen = members(ann, reader)
        for ask in (seen.etags, seen.rows, lambda: seen.changes(BEGINNING, None)):  # noqa: B023
            with django_assert_num_queries(1) as held:
                ask()
            assert "calendar_app" not in held.captured_queries[0]["sql"]
