"""Identities over REST, and the addresses that somebody may send from."""

from typing import Any

import pytest

from groupware.core import limits, rights
from groupware.core.directory import create_address
from groupware.core.models import Account
from groupware.core.rights import find_grantee, parse_rights
from mail.services.identities import MAX_SIGNATURE
from tests.api.speaking import Api, problem, token_of
from tests.conftest import SetLimit

pytestmark = pytest.mark.django_db

ANN = "ann@example.test"


def make(api: Api, **fields: Any) -> Any:
    response = api.post("/identities", {"address": ANN, **fields})
    assert response.status_code == 201, response.content
    return response


def listed(api: Api, path: str = "/identities") -> Any:
    response = api.get(path)
    assert response.status_code == 200, response.content
    return response.json()


def test_an_identity_is_made_changed_and_deleted(api: Api) -> None:
    made = make(api, name="Ann A.", signature_text="-- \nAnn", reply_to="desk@outside.test")
    told = made.json()
    assert told == {
        "id": told["id"],
        "address": ANN,
        "name": "Ann A.",
        "reply_to": "desk@outside.test",
        "signature_text": "-- \nAnn",
        "signature_html": "",
        "is_default": False,
        "may_send": True,
        "etag": made["ETag"],
    }
    url = f"/identities/{told['id']}"
    assert made["Location"] == f"/api/v1{url}"
    problem(api.patch(url, {"name": "B"}), 428, "condition-required")
    changed = api.patch(url, {"name": "B"}, If_Match=made["ETag"])
    assert (changed.json()["name"], changed.json()["signature_text"]) == ("B", "-- \nAnn")
    problem(api.patch(url, {"name": "C"}, If_Match=made["ETag"]), 412, "stale")
    assert listed(api)["items"] == [api.get(url).json()]
    assert api.delete(url, If_Match=changed["ETag"]).status_code == 204
    problem(api.get(url), 404, "not-found")


def test_one_identity_is_the_usual_one(api: Api) -> None:
    first = make(api, is_default=True).json()["id"]
    second = make(api, is_default=True).json()["id"]
    usual = {item["id"]: item["is_default"] for item in listed(api)["items"]}
    assert usual == {first: False, second: True}
    api.patch(f"/identities/{second}", {"is_default": False}, If_Match="*")
    assert not any(item["is_default"] for item in listed(api)["items"])


def test_a_signature_is_kept_clean(api: Api) -> None:
    html = "<b onclick=x()>Ann</b><script>alert(1)</script><img src='https://x.test/l.png'>"
    kept = make(api, signature_html=html).json()["signature_html"]
    assert kept.startswith("<b>Ann</b><img")
    assert "https://x.test/l.png" in kept
    assert "script" not in kept


def test_an_address_is_taken_from_those_that_may_be_sent_from(
    api: Api, ann: Account, ben: Account
) -> None:
    problem(api.post("/identities", {"address": "ben@example.test"}), 403, "not-allowed")
    problem(api.post("/identities", {"address": "x@outside.test"}), 403, "not-allowed")
    rights.grant(ben, None, find_grantee(ANN), parse_rights("send-on-behalf"))
    made = api.post("/identities", {"address": "ben@example.test"}).json()
    assert made["may_send"] is True
    rights.revoke(ben, None, ann)
    assert listed(api)["items"][0]["may_send"] is False
    url = f"/identities/{made['id']}"
    assert api.patch(url, {"name": "x"}, If_Match="*").status_code == 200


@pytest.mark.parametrize(
    "fields",
    [
        {"address": "x"},
        {"address": None},
        {"name": "a\nb"},
        {"name": "x" * 201},
        {"reply_to": "x"},
        {"signature_text": "x" * (MAX_SIGNATURE + 1)},
        {"signature_html": "x" * (MAX_SIGNATURE + 1)},
    ],
)
def test_what_is_wrong_is_refused(api: Api, fields: Any) -> None:
    problem(api.post("/identities", {"address": ANN, **fields}), 422, "invalid")
    assert listed(api)["items"] == []


def test_identities_are_bounded(api: Api, set_limit: SetLimit) -> None:
    set_limit(limits.IDENTITIES, 1)
    make(api)
    problem(api.post("/identities", {"address": ANN}), 422, "limit-exceeded")


def test_since_tells_that_nothing_changed_or_to_list_anew(api: Api) -> None:
    state = listed(api)["state"]
    assert listed(api, f"/identities?since={state}")["items"] == []
    make(api)
    problem(api.get(f"/identities?since={state}"), 410, "state-expired")


def test_addresses_are_told_with_the_right_to_them(api: Api, ann: Account, ben: Account) -> None:
    create_address("a@example.test", [ANN])
    create_address("both@example.test", [ANN, "ben@example.test"])
    rights.grant(ben, None, find_grantee(ANN), parse_rights("send-as"))
    page = listed(api, "/sender-addresses")
    assert page["items"] == [
        {"address": "a@example.test", "right": "own"},
        {"address": ANN, "right": "own"},
        {"address": "ben@example.test", "right": "send-as"},
    ]
    first = listed(api, "/sender-addresses?limit=2")
    rest = listed(api, f"/sender-addresses?limit=2&cursor={first['next']}")
    assert [*first["items"], *rest["items"]] == page["items"]
    state = page["state"]
    assert listed(api, f"/sender-addresses?since={state}")["items"] == []
    rights.revoke(ben, None, ann)
    problem(api.get(f"/sender-addresses?since={state}"), 410, "state-expired")


def test_a_sender_of_a_list_is_told_its_address(api: Api, ann: Account, ben: Account) -> None:
    from groupware.core.models import Address
    from mail.models import ListPart, ListPartner, ListPolicy

    create_address("both@example.test", [ANN, "ben@example.test"])
    address = Address.objects.get(local_part="both")
    policy = ListPolicy.objects.create(address=address)
    ListPartner.objects.create(policy=policy, account=ann, part=ListPart.SENDER)
    told = {item["address"]: item["right"] for item in listed(api, "/sender-addresses")["items"]}
    assert told == {ANN: "own", "both@example.test": "send-as"}


def test_writing_takes_its_scope(ann: Account) -> None:
    with token_of(ann, ["mail:read"]) as program:
        assert listed(program)["items"] == []
        problem(program.post("/identities", {"address": ANN}), 403, "not-allowed")
