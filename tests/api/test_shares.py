"""Whom mailboxes are shared with, over REST."""

from typing import Any

import pytest

from groupware.core import rights
from groupware.core.models import Account
from groupware.core.rights import find_grantee, parse_rights
from mail.api.shares import MOST
from tests.api.speaking import Api, problem
from tests.services.store import collection_of, create, mailbox

pytestmark = pytest.mark.django_db

BEN = {"grantee": "ben@example.test", "kind": "account", "rights": "lrs"}


def url(account: Account) -> str:
    return f"/mailboxes/{mailbox(account).object_id}/shares"


def put(api: Api, path: str, shares: Any, **headers: str) -> Any:
    return api.send("PUT", path, {"shares": shares}, **headers)


def wanted(grantee: str, letters: str) -> dict[str, str]:
    return {"grantee": grantee, "rights": letters}


def test_a_mailbox_is_shared_and_shared_no_longer(
    api: Api, bens: Api, ann: Account, ben: Account
) -> None:
    assert api.get(url(ann)).json() == {"shares": [], "everywhere": []}
    problem(put(api, url(ann), []), 428, "condition-required")
    shared = put(api, url(ann), [wanted("BEN@example.test", "rsl")], If_Match="*")
    assert shared.json() == {"shares": [BEN], "everywhere": []}
    assert bens.get(f"/mailboxes/{mailbox(ann).object_id}").json()["rights"] == "lrs"
    everybody = [wanted("example.test", "lr"), wanted("ben@example.test", "lrs")]
    changed = put(api, url(ann), everybody, If_Match=shared["ETag"])
    assert [share["kind"] for share in changed.json()["shares"]] == ["account", "domain"]
    problem(put(api, url(ann), [], If_Match=shared["ETag"]), 412, "stale")
    assert put(api, url(ann), [], If_Match=changed["ETag"]).json()["shares"] == []
    problem(bens.get(f"/mailboxes/{mailbox(ann).object_id}"), 404, "not-found")


def test_what_is_granted_everywhere_is_told_and_stays(api: Api, ann: Account, ben: Account) -> None:
    rights.grant(ann, None, find_grantee(ben.login), parse_rights("lrs send-as"))
    assert api.get(url(ann)).json() == {"shares": [], "everywhere": [BEN]}
    put(api, url(ann), [], If_Match="*")
    assert api.get(url(ann)).json()["everywhere"] == [BEN]


def test_named_rights_stay(api: Api, ann: Account, ben: Account) -> None:
    rights.grant(ann, collection_of(ann), find_grantee(ben.login), parse_rights("l send-as"))
    put(api, url(ann), [wanted(ben.login, "lr")], If_Match="*")
    [held] = rights.list_grants(ann.pk)
    assert str(rights.rights_of(held)) == "lr send-as"
    put(api, url(ann), [], If_Match="*")
    [held] = rights.list_grants(ann.pk)
    assert str(rights.rights_of(held)) == "send-as"


@pytest.mark.parametrize(
    ("shares", "pointer"),
    [
        ([wanted("nobody@example.test", "l")], "/shares/0/grantee"),
        ([wanted("nobody", "l")], "/shares/0/grantee"),
        ([wanted("ben@example.test", "l"), wanted("ben@example.test", "r")], "/shares/1/grantee"),
        ([wanted("ben@example.test", "z")], "/shares/0/rights"),
        ([wanted("ben@example.test", "")], "/shares/0/rights"),
        ([wanted("ben@example.test", "l")] * (MOST + 1), "/shares"),
    ],
)
def test_what_cannot_be_shared_is_pointed_at(
    api: Api, ann: Account, ben: Account, shares: Any, pointer: str
) -> None:
    told = problem(put(api, url(ann), shares, If_Match="*"), 422, "invalid")
    assert [error["pointer"] for error in told["errors"]] == [pointer]


def test_the_owner_has_every_right_already(api: Api, ann: Account) -> None:
    problem(put(api, url(ann), [wanted(ann.login, "l")], If_Match="*"), 422, "invalid")


@pytest.mark.parametrize(
    ("letters", "status"), [("", 404), ("lrswipkxte", 403), ("a", 404), ("la", 200)]
)
def test_sharing_needs_the_right_to_administer(
    bens: Api, ann: Account, ben: Account, letters: str, status: int
) -> None:
    eve = create("eve@example.test")
    if letters:
        rights.grant(ann, collection_of(ann), find_grantee(ben.login), parse_rights(letters))
    assert bens.get(url(ann)).status_code == status
    more = [wanted(ben.login, "la"), wanted(eve.login, "l")]
    assert put(bens, url(ann), more, If_Match="*").status_code == status
