"""LOCK and UNLOCK, and what a lock keeps others from."""

import pytest

from groupware.core import limits
from groupware.core.models import Account
from groupware.core.rights import grant, parse_rights
from groupware.dav.handlers.lock import parse_timeout
from groupware.dav.models import DavLock
from groupware.dav.names import dav
from groupware.dav.services.locks import remove_expired
from tests.conftest import SetLimit
from tests.services.dav.client import Answer, DavClient
from tests.services.dav.samples import event

pytestmark = pytest.mark.django_db

INFO = (
    '<D:lockinfo xmlns:D="DAV:"><D:lockscope><D:{}/></D:lockscope>'
    "<D:locktype><D:write/></D:locktype><D:owner><D:href>mailto:me</D:href></D:owner></D:lockinfo>"
)


HREF_OF_TOKEN = f"{dav('locktoken')}/{dav('href')}"


def lock(client: DavClient, path: str, scope: str = "exclusive", **headers: str) -> Answer:
    return client.request("LOCK", path, INFO.format(scope), **headers)


def token_of(answer: Answer) -> str:
    assert answer.status == 200, (answer.status, answer.body)
    return answer.headers["lock-token"]


def change(client: DavClient, path: str, **headers: str) -> int:
    return client.request("PUT", path, event("1", "Changed"), **headers).status


@pytest.fixture
def meetings(ann: Account, ben: Account, anns: DavClient) -> str:
    """Ann's calendar, which ben writes to as well, with an event."""
    calendar = ann.collections.get(kind="calendars", name="Calendar")
    grant(ann, calendar, ben, parse_rights("write"))
    path = f"/{ann.pk}/calendar/"
    anns.request("PUT", path + "1.ics", event("1"))
    return path


@pytest.fixture
def meeting(meetings: str) -> str:
    return meetings + "1.ics"


def test_a_lock_is_told_as_it_was_taken(meetings: str, meeting: str, anns: DavClient) -> None:
    answer = lock(anns, meeting, Timeout="Infinite, Second-4100000000")
    token = token_of(answer)
    root = answer.xml()
    assert root.tag == dav("prop")
    found = anns.propfind(meeting, "D:lockdiscovery", "D:supportedlock").properties(meeting)
    below = anns.propfind(meetings, "D:lockdiscovery", depth="1").properties(meeting)
    for told in (root[0], found[dav("lockdiscovery")], below[dav("lockdiscovery")]):
        [active] = told
        assert active.find(f"{dav('lockscope')}/{dav('exclusive')}") is not None
        assert active.find(f"{dav('locktype')}/{dav('write')}") is not None
        assert active.findtext(dav("depth")) == "0"
        assert active.findtext(f"{dav('owner')}/{dav('href')}") == "mailto:me"
        assert f"<{active.findtext(HREF_OF_TOKEN)}>" == token
        assert active.findtext(f"{dav('lockroot')}/{dav('href')}") == f"/dav{meeting}"
        seconds = int((active.findtext(dav("timeout")) or "").removeprefix("Second-"))
        assert 3590 <= seconds <= limits.DAV_LOCK_TIMEOUT.value
    assert len(found[dav("supportedlock")]) == 2


def test_who_has_no_token_is_kept_out_and_who_has_it_is_not(
    meeting: str, anns: DavClient, bens: DavClient
) -> None:
    token = token_of(lock(anns, meeting))
    locked = bens.request("PUT", meeting, event("1", "Changed"))
    assert (locked.status, locked.condition()) == (423, dav("lock-token-submitted"))
    assert locked.xml()[0].findtext(dav("href")) == f"/dav{meeting}"
    writes = (
        lambda client, **headers: change(client, meeting, **headers),
        lambda client, **headers: client.request("DELETE", meeting, **headers).status,
        lambda client, **headers: (
            client.request(
                "PROPPATCH",
                meeting,
                '<propertyupdate xmlns="DAV:"><set><prop><x xmlns="urn:x"/></prop></set>'
                "</propertyupdate>",
                **headers,
            ).status
        ),
    )
    for write in writes:
        assert write(anns) == 423
        # The token is its holder's alone (RFC 4918 §6.4).
        assert write(bens, If=f"({token})") == 423
    for write, status in zip(reversed(writes), (207, 204, 201), strict=True):
        assert write(anns, If=f"({token})" if status != 201 else "") == status
    assert not DavLock.objects.exists()


def test_the_if_header_is_a_condition_too(meeting: str, meetings: str, anns: DavClient) -> None:
    etag = anns.request("GET", meeting).headers["etag"]
    token = token_of(lock(anns, meeting))
    assert change(anns, meeting, If=f'({token} ["x"])') == 412
    assert change(anns, meeting, If="(<urn:uuid:none>)") == 412
    assert change(anns, meeting, If=f"(<DAV:no-lock>) ({token})") == 204
    assert change(anns, meeting, If=f"({token} [{etag}]) (Not <DAV:no-lock> {token})") == 204
    assert change(anns, meeting, If=f"</dav{meeting}> ({token})") == 204
    assert change(anns, meeting, If=f"<https://groupware.test/dav{meeting}> ({token})") == 204
    assert change(anns, meeting, If=f"</dav{meetings}none> ({token})") == 412
    assert change(anns, meeting, If="(") == 400


@pytest.mark.parametrize(
    ("first", "second", "status"),
    [
        ("exclusive", "exclusive", 423),
        ("exclusive", "shared", 423),
        ("shared", "exclusive", 423),
        ("shared", "shared", 200),
    ],
)
def test_which_locks_are_taken_together(
    first: str, second: str, status: int, meeting: str, anns: DavClient, bens: DavClient
) -> None:
    token_of(lock(anns, meeting, first))
    answer = lock(bens, meeting, second)
    assert answer.status == status
    if status == 423:
        assert answer.condition() == dav("no-conflicting-lock")
        assert answer.xml()[0].findtext(dav("href")) == f"/dav{meeting}"


def test_of_shared_locks_each_holder_needs_his_own(
    meeting: str, anns: DavClient, bens: DavClient
) -> None:
    mine, his = token_of(lock(anns, meeting, "shared")), token_of(lock(bens, meeting, "shared"))
    assert change(anns, meeting, If=f"({mine})") == 204
    assert change(bens, meeting, If=f"({his})") == 204
    assert change(bens, meeting, If=f"({mine})") == 423


def test_a_deep_lock_is_on_everything_in_a_collection(
    meetings: str, meeting: str, anns: DavClient, bens: DavClient
) -> None:
    token = token_of(lock(anns, meetings, Depth="infinity"))
    assert change(bens, meeting) == 423
    assert bens.request("PUT", meetings + "2.ics", event("2")).status == 423
    assert lock(bens, meeting).status == 423
    assert anns.request("DELETE", meetings).status == 423
    assert change(anns, meeting, If=f"({token})") == 204
    [active] = anns.propfind(meeting, "D:lockdiscovery").properties(meeting)[dav("lockdiscovery")]
    assert active.findtext(f"{dav('lockroot')}/{dav('href')}") == f"/dav{meetings}"
    # It is given back at any place that it covers (RFC 4918 §9.11).
    assert anns.request("UNLOCK", meeting, Lock_Token=token).status == 204
    assert change(bens, meeting) == 204


def test_a_shallow_lock_keeps_members_where_they_are(
    meetings: str, meeting: str, anns: DavClient, bens: DavClient
) -> None:
    token = token_of(lock(anns, meetings, Depth="0"))
    assert change(bens, meeting) == 204
    assert bens.request("PUT", meetings + "2.ics", event("2")).status == 423
    assert bens.request("DELETE", meeting).status == 423
    new = anns.request("PUT", meetings + "2.ics", event("2"), If=f"</dav{meetings}> ({token})")
    assert new.status == 201
    held = {"If": f"</dav{meetings}> ({token})"}
    assert anns.request("DELETE", meeting, **held).status == 204


def test_a_lock_within_stands_against_one_on_the_whole(
    meetings: str, meeting: str, anns: DavClient, bens: DavClient
) -> None:
    token = token_of(lock(anns, meeting))
    answer = lock(bens, meetings, Depth="infinity")
    statuses = {path: told.findtext(dav("status")) for path, told in answer.responses().items()}
    assert statuses == {
        meeting: "HTTP/1.1 423 Locked",
        meetings: "HTTP/1.1 424 Failed Dependency",
    }
    assert lock(bens, meetings, Depth="0").status == 200
    assert anns.request("DELETE", meetings, If=f"(Not {token})").status == 423


def test_a_lock_is_renewed_by_its_holder(meeting: str, anns: DavClient, bens: DavClient) -> None:
    token = token_of(lock(anns, meeting, Timeout="Second-60"))
    answer = anns.request("LOCK", meeting, If=f"({token})", Timeout="Second-600")
    seconds = answer.xml().findtext(f".//{dav('timeout')}") or ""
    assert answer.status == 200
    assert "lock-token" not in answer.headers
    assert 590 <= int(seconds.removeprefix("Second-")) <= 600
    for client, sent, status in (
        (bens, f"({token})", 412),
        (anns, "(<urn:uuid:none>)", 412),
        (anns, "", 400),
    ):
        assert client.request("LOCK", meeting, If=sent).status == status


def test_a_lock_that_is_over_is_none(meeting: str, anns: DavClient, bens: DavClient) -> None:
    token = token_of(lock(anns, meeting))
    DavLock.objects.update(expires_at=1)
    assert anns.request("LOCK", meeting, If=f"({token})").status == 412
    found = anns.propfind(meeting, "D:lockdiscovery").properties(meeting)
    assert len(found[dav("lockdiscovery")]) == 0
    assert change(bens, meeting) == 204
    assert (remove_expired(), remove_expired()) == (1, 0)


def test_a_lock_is_given_back_by_its_holder_or_the_owner(
    meetings: str, meeting: str, anns: DavClient, bens: DavClient
) -> None:
    his = token_of(lock(bens, meeting))
    assert anns.request("UNLOCK", meeting, Lock_Token="<urn:uuid:none>").status == 409
    assert anns.request("UNLOCK", meeting, Lock_Token="none").status == 400
    assert anns.request("UNLOCK", meetings, Lock_Token=his).status == 409
    assert anns.request("UNLOCK", meetings + "2.ics", Lock_Token=his).status == 404
    assert anns.request("UNLOCK", meeting, Lock_Token=his).status == 204
    mine = token_of(lock(anns, meeting))
    assert bens.request("UNLOCK", meeting, Lock_Token=mine).status == 403
    assert anns.request("UNLOCK", meeting, Lock_Token=mine).status == 204


def test_what_cannot_be_locked(
    ann: Account, ben: Account, meetings: str, meeting: str, anns: DavClient, bens: DavClient
) -> None:
    for path, status in (
        ("/", 403),
        (f"/{ann.pk}/", 403),
        (f"/{ann.pk}/none", 409),
        (meetings + "none", 409),
        (f"/{ben.pk}/calendar/", 404),
    ):
        assert lock(anns, path).status == status
    assert lock(anns, meeting, Depth="1").status == 400
    grant(ann, ann.collections.get(kind="calendars", name="Calendar"), ben, parse_rights("read"))
    assert lock(bens, meeting).condition() == dav("need-privileges")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("<a/>", 400),
        ("<", 400),
        (INFO.format("other"), 400),
        (INFO.format("shared").replace("D:write", "D:read"), 400),
        (INFO.format("shared").replace("mailto:me", "x" * 5000), 413),
        (INFO.format("shared").replace("mailto:me", "x" * 100_000), 413),
    ],
)
def test_what_is_no_lock_is_refused(body: str, status: int, meeting: str, anns: DavClient) -> None:
    assert anns.request("LOCK", meeting, body).status == status


def test_locks_are_bounded(
    meetings: str, meeting: str, anns: DavClient, bens: DavClient, set_limit: SetLimit
) -> None:
    set_limit(limits.DAV_LOCKS, 1)
    token = token_of(lock(anns, meeting, "shared"))
    assert lock(anns, meeting, "shared").status == 507
    assert lock(bens, meeting, "shared").status == 200
    anns.request("UNLOCK", meeting, Lock_Token=token)
    assert lock(anns, meeting, "shared").status == 200


def test_a_lock_has_a_longest_time(meeting: str, anns: DavClient, set_limit: SetLimit) -> None:
    set_limit(limits.DAV_LOCK_TIMEOUT, 100)
    for asked, most in (("Second-4100000000", 100), ("Infinite", 100), ("Second-60", 60)):
        token = token_of(answer := lock(anns, meeting, Timeout=asked))
        told = answer.xml().findtext(f".//{dav('timeout')}") or ""
        assert most - 5 <= int(told.removeprefix("Second-")) <= most
        anns.request("UNLOCK", meeting, Lock_Token=token)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("", 0), ("Infinite", 0), ("Second-7", 7), ("Infinite, second-9", 9), ("Second-x", 0)],
)
def test_the_first_number_of_seconds_counts(text: str, seconds: int) -> None:
    assert parse_timeout(text) == seconds
