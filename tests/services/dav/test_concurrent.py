"""Clients that write to the same place at the same time: one of them first, none of them half."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

import pytest

from groupware.dav.names import caldav
from tests.services.dav.calendars import event_of
from tests.services.dav.client import DECLARED, Answer, DavClient
from tests.services.threads import threads

if TYPE_CHECKING:
    from groupware.core.models import Account

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 5
CHANGE = "<D:set><D:prop><x:y xmlns:x='x:'>z</x:y></D:prop></D:set>"
LOCK = "<D:lockscope><D:shared/></D:lockscope><D:locktype><D:write/></D:locktype>"


def event(uid: str, *lines: str) -> bytes:
    return event_of(uid, "DTSTART:20260301T100000Z", *lines)


def at_once(calls: Sequence[Callable[[], Answer]]) -> list[Answer]:
    with threads(len(calls)) as start:
        begun = [start(call) for call in calls]
        return [one.result() for one in begun]


def test_one_uid_at_several_hrefs_comes_to_one_of_them(ann: "Account", anns: DavClient) -> None:
    path = f"/{ann.pk}/calendar/"
    assert anns.propfind(path, "D:getetag").status == 207
    for number in range(ROUNDS):
        put = partial(anns.request, "PUT", body=event(f"u{number}"))
        answers = at_once([partial(put, f"{path}{number}-{n}.ics") for n in range(4)])
        assert sorted(answer.status for answer in answers) == [201, 409, 409, 409]
        refused = [answer for answer in answers if answer.status == 409]
        assert {answer.condition() for answer in refused} == {caldav("no-uid-conflict")}


def test_what_comes_beside_the_deletion_of_its_calendar_is_there_or_told_of(
    ann: "Account", anns: DavClient
) -> None:
    for number in range(ROUNDS):
        path = f"/{ann.pk}/calendar{number}/"
        assert anns.request("MKCALENDAR", path).status == 201
        change = f"<D:propertyupdate {DECLARED}>{CHANGE}</D:propertyupdate>"
        answers = at_once(
            [
                partial(anns.request, "PUT", f"{path}a.ics", event("a")),
                partial(anns.request, "PROPPATCH", path, change),
                partial(anns.request, "LOCK", path, f"<D:lockinfo {DECLARED}>{LOCK}</D:lockinfo>"),
                partial(anns.request, "DELETE", path),
            ]
        )
        statuses = [answer.status for answer in answers]
        assert max(statuses) < 500, statuses
        assert statuses[-1] == 204 or statuses[-2:] == [200, 423]
        if statuses[-1] == 204:
            assert anns.request("GET", f"{path}a.ics").status == 404


def test_each_put_that_names_what_it_saw_is_the_only_one(ann: "Account", anns: DavClient) -> None:
    path = f"/{ann.pk}/calendar/a.ics"
    etag = anns.request("PUT", path, event("a")).headers["etag"]
    for number in range(ROUNDS):
        put = partial(anns.request, "PUT", path, If_Match=etag)
        answers = at_once([partial(put, event("a", f"SUMMARY:{number}-{n}")) for n in range(4)])
        assert sorted(answer.status for answer in answers) == [204, 412, 412, 412]
        etag = next(answer.headers["etag"] for answer in answers if answer.status == 204)
        assert anns.request("GET", path).headers["etag"] == etag
