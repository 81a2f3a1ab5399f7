"""Several clients at once: conditions and locks are looked at where nobody comes in between."""

from collections.abc import Callable
from pathlib import Path

import pytest

from groupware.core import db, limits
from groupware.core.models import Account
from groupware.core.rights import grant, parse_rights
from tests.conftest import SetLimit
from tests.services.dav.client import Answer, DavClient
from tests.services.dav.samples import event
from tests.services.dav.test_locks import lock
from tests.services.dav.test_transfer import go, hrefs
from tests.services.threads import SECONDS, account_locked_elsewhere, threads

pytestmark = pytest.mark.django_db(transaction=True)

CLIENTS = 6


@pytest.fixture
def meetings(ann: Account, own_data: Path) -> str:
    return f"/{ann.pk}/calendar/"


def race(*calls: Callable[[], Answer]) -> list[int]:
    """Send requests at once; return their statuses, in ascending order."""
    with threads(len(calls)) as start:
        answers = [start(call) for call in calls]
        return sorted(answer.result(SECONDS).status for answer in answers)


def test_of_many_who_put_something_new_one_does(meetings: str, anns: DavClient) -> None:
    def put(number: int) -> Callable[[], Answer]:
        data = event("1", f"From {number}")
        return lambda: anns.request("PUT", meetings + "1.ics", data, If_None_Match="*")

    assert race(*map(put, range(CLIENTS))) == [201] + [412] * (CLIENTS - 1)


def test_of_many_who_change_what_they_read_one_does(meetings: str, anns: DavClient) -> None:
    etag = anns.request("PUT", meetings + "1.ics", event("1")).headers["etag"]

    def put(number: int) -> Callable[[], Answer]:
        data = event("1", f"From {number}")
        return lambda: anns.request("PUT", meetings + "1.ics", data, If_Match=etag)

    assert race(*map(put, range(CLIENTS))) == [204] + [412] * (CLIENTS - 1)


def test_of_many_who_bring_one_uid_one_does(meetings: str, anns: DavClient) -> None:
    def put(number: int) -> Callable[[], Answer]:
        return lambda: anns.request("PUT", f"{meetings}{number}.ics", event("1"))

    assert race(*map(put, range(CLIENTS))) == [201] + [409] * (CLIENTS - 1)
    assert len(hrefs(anns, meetings)) == 1


def test_of_many_who_lock_one_does(
    meetings: str, ann: Account, ben: Account, anns: DavClient, bens: DavClient
) -> None:
    grant(ann, ann.collections.get(face__slug="calendar"), ben, parse_rights("write"))
    anns.request("PUT", meetings + "1.ics", event("1"))
    calls = [lambda: lock(anns, meetings + "1.ics"), lambda: lock(bens, meetings + "1.ics")]
    assert race(*(calls * (CLIENTS // 2))) == [200] + [423] * (CLIENTS - 1)


def test_of_many_who_take_one_name_one_does(meetings: str, ann: Account, anns: DavClient) -> None:
    new = f"/{ann.pk}/new/"
    calls = [lambda: anns.request("MKCALENDAR", new)] * CLIENTS
    assert race(*calls) == [201] + [405] * (CLIENTS - 1)


def test_what_two_take_away_at_once_is_in_one_place(
    meetings: str, ann: Account, anns: DavClient
) -> None:
    targets = [f"/{ann.pk}/{name}/" for name in ("one", "two")]
    for target in targets:
        anns.request("MKCALENDAR", target)
    anns.request("PUT", meetings + "1.ics", event("1"))

    def move(target: str) -> Callable[[], Answer]:
        return lambda: go(anns, "MOVE", meetings + "1.ics", target + "1.ics")

    assert race(*map(move, targets)) == [201, 404]
    assert sorted(len(hrefs(anns, path)) for path in (meetings, *targets)) == [0, 0, 1]


def test_whose_wrong_password_cannot_be_noted_is_told_to_come_again(
    meetings: str, ann: Account, set_limit: SetLimit
) -> None:
    set_limit(limits.LOCK_TIMEOUT, 0.1)
    with account_locked_elsewhere(ann.pk):
        answer = DavClient(ann.login, "wrong").propfind(meetings, "D:getetag")
    # The lock of one account is nothing to others on a database that is a server's.
    assert answer.status == (503 if db.is_sqlite() else 401)
