"""Drafts and sending over REST."""

import base64
from typing import Any

import pytest

from groupware.core import limits, rights
from groupware.core.models import Account
from groupware.core.rights import find_grantee, parse_rights
from mail.flags import DRAFT, SEEN
from mail.models import Inbound, QueuedRecipient
from mail.services.content import prepare_message
from tests.api.speaking import Api, problem, token_of
from tests.conftest import SetLimit
from tests.services.store import append, collection_of, mailbox, rows_of, uids_of

pytestmark = pytest.mark.django_db

BEN = {"address": "ben@example.test"}
OUTSIDE = {"name": "X", "address": "x@outside.test"}
RAW = b"From: ann@example.test\r\nTo: ben@example.test\r\nSubject: raw\r\n\r\nx\r\n"


def letter(**fields: Any) -> dict[str, Any]:
    return {"to": [BEN], "subject": "Büro", "text": "hi", **fields}


def save(api: Api, **fields: Any) -> Any:
    response = api.post("/drafts", letter(**fields))
    assert response.status_code == 201, response.content
    return response


def send(api: Api, method: str, path: str, data: bytes, **headers: str) -> Any:
    return api.send(method, path, data, kind="message/rfc822", **headers)


def raw(api: Api, message_id: str) -> bytes:
    response = api.get(f"/messages/{message_id}/raw")
    assert response.status_code == 200
    return b"".join(response.streaming_content)


def test_a_letter_is_saved_and_changed(api: Api, ann: Account) -> None:
    made = save(api, bcc=[OUTSIDE])
    told = made.json()
    assert made["Location"] == f"/api/v1/drafts/{told['id']}"
    assert (told["subject"], told["flags"]) == ("Büro", ["seen", "draft"])
    assert told["from"] == [{"name": "", "address": "ann@example.test"}]
    assert told["bcc"] == [OUTSIDE]
    assert rows_of(ann, "Drafts", "uid", "flags") == [(1, DRAFT | SEEN)]
    url = f"/drafts/{told['id']}"
    assert api.get(url)["ETag"] == made["ETag"]
    problem(api.send("PUT", url, letter()), 428, "condition-required")
    changed = api.send("PUT", url, letter(subject="New"), If_Match=made["ETag"])
    assert changed.status_code == 200, changed.content
    assert changed.json()["id"] != told["id"]
    assert changed.json()["subject"] == "New"
    assert uids_of(ann, "Drafts") == [2]
    problem(api.send("PUT", url, letter(), If_Match="*"), 404, "not-found")
    url = f"/drafts/{changed.json()['id']}"
    problem(api.send("PUT", url, letter(), If_Match=made["ETag"]), 412, "stale")
    assert api.delete(url, If_Match="*").status_code == 204
    assert uids_of(ann, "Drafts") == []


def test_a_whole_message_is_a_letter_as_well(api: Api, ann: Account) -> None:
    made = send(api, "POST", "/drafts", RAW)
    assert made.status_code == 201
    assert raw(api, made.json()["id"]) == RAW
    changed = send(api, "PUT", f"/drafts/{made.json()['id']}", RAW + b"y", If_Match="*")
    assert raw(api, changed.json()["id"]) == RAW + b"y"


def test_what_is_no_draft_is_not_changed_as_one(api: Api, ann: Account) -> None:
    append(ann)
    url = f"/drafts/{mailbox(ann).object_id}-1"
    problem(api.get(url), 404, "not-found")
    problem(api.send("PUT", url, letter(), If_Match="*"), 404, "not-found")
    problem(api.post(f"{url}/send", None), 404, "not-found")


def test_a_draft_is_sent_and_leaves_drafts_for_sent(api: Api, ann: Account, ben: Account) -> None:
    draft = save(api, cc=[OUTSIDE], bcc=[{"address": "ann@example.test"}]).json()["id"]
    sent = api.post(f"/drafts/{draft}/send", None)
    assert sent.status_code == 202, sent.content
    assert sent.json() == {"recipients": [BEN["address"], OUTSIDE["address"], "ann@example.test"]}
    assert uids_of(ann, "Drafts") == []
    assert (uids_of(ann, "Sent"), uids_of(ann), uids_of(ben)) == ([1], [1], [1])
    assert [q.address for q in QueuedRecipient.objects.all()] == ["x@outside.test"]
    arrived = raw(Api(ben), f"{mailbox(ben).object_id}-1")
    assert b"Bcc" not in arrived
    assert b"Subject: =?utf-8?q?B=C3=BCro?=" in arrived
    assert b"Bcc: ann@example.test" in raw(api, f"{mailbox(ann, 'Sent').object_id}-1")
    problem(api.post(f"/drafts/{draft}/send", None), 404, "not-found")


def test_a_letter_is_sent_at_once(api: Api, ann: Account, ben: Account) -> None:
    assert api.post("/messages/send", letter()).status_code == 202
    assert send(api, "POST", "/messages/send", RAW).status_code == 202
    assert (uids_of(ann, "Sent"), uids_of(ben)) == ([1, 2], [1, 2])


def test_a_letter_with_a_key_is_sent_once(api: Api, ann: Account, ben: Account) -> None:
    for _ in range(2):
        response = api.post("/messages/send", letter(), Idempotency_Key='"k1"')
        assert response.status_code == 202, response.content
    assert uids_of(ben) == [1]


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"to": [{"address": "nobody@example.test"}]}, "/recipients/0"),
        ({"to": [{"address": "no address"}]}, "/to/0/address"),
        ({"to": [BEN] * 1001}, "/to"),
        ({"attachments": [{"content": "%%"}]}, "/attachments/0/content"),
        ({"attachments": [{}]}, "/attachments/0"),
        ({"attachments": [{"content": "AA==", "media_type": "a b"}]}, "/attachments/0/media_type"),
        ({"attachments": [{"message": "x-1", "section": "1"}]}, "/attachments/0/message"),
        ({"attachments": [{"content": ""}] * 101}, "/attachments"),
        ({"in_reply_to": "<x>"}, "/in_reply_to"),
        ({"from": {"address": "x"}}, "/from/address"),
    ],
)
def test_what_is_wrong_in_a_letter_is_pointed_at(
    api: Api, ben: Account, fields: Any, pointer: str
) -> None:
    told = problem(api.post("/messages/send", letter(**fields)), 422, "invalid")
    assert [error["pointer"] for error in told["errors"]] == [pointer]


def test_nobody_sends_in_anothers_name(api: Api, ann: Account, ben: Account) -> None:
    as_ben = letter(**{"from": BEN})
    problem(api.post("/messages/send", as_ben), 403, "not-allowed")
    forged = RAW.replace(b"From: ann", b"From: ben")
    problem(send(api, "POST", "/messages/send", forged), 403, "not-allowed")
    twice = b"From: ann@example.test\r\nFrom: ben@example.test\r\nTo: ben@example.test\r\n\r\n"
    problem(send(api, "POST", "/messages/send", twice), 422, "invalid")
    assert not Inbound.objects.exists()
    rights.grant(ben, None, find_grantee(ann.login), parse_rights("send-as"))
    assert api.post("/messages/send", as_ben).status_code == 202


def test_a_letter_to_nobody_is_not_sent(api: Api) -> None:
    problem(api.post("/messages/send", {"text": "x"}), 422, "invalid")
    problem(send(api, "POST", "/messages/send", b"no header"), 422, "invalid")


def test_files_come_with_the_letter_or_from_a_message(api: Api, ann: Account) -> None:
    append(ann, data=prepare_message(b"Content-Type: application/pdf; name=a.pdf\r\n\r\n%PDF"))
    content = base64.b64encode(b"text").decode()
    draft = save(
        api,
        attachments=[
            {"filename": "b.txt", "media_type": "text/plain", "content": content},
            {"message": f"{mailbox(ann).object_id}-1", "section": "1"},
        ],
    ).json()
    told = [(part["filename"], part["media_type"]) for part in draft["parts"][1:]]
    assert told == [("b.txt", "text/plain"), ("a.pdf", "application/pdf")]
    url = f"/messages/{draft['id']}/parts/"
    assert b"".join(api.get(f"{url}2").streaming_content) == b"text"
    assert b"".join(api.get(f"{url}3").streaming_content) == b"%PDF"


def test_a_file_of_a_message_that_may_not_be_read_is_not_there(
    bens: Api, ann: Account, ben: Account
) -> None:
    append(ann)
    stolen = [{"message": f"{mailbox(ann).object_id}-1", "section": "1"}]
    problem(bens.post("/drafts", letter(attachments=stolen)), 422, "invalid")
    rights.grant(ann, collection_of(ann), find_grantee(ben.login), parse_rights("l"))
    problem(bens.post("/drafts", letter(attachments=stolen)), 403, "not-allowed")


def test_a_letter_is_as_large_as_its_limit(api: Api, set_limit: SetLimit) -> None:
    set_limit(limits.API_LETTER, 64 << 10)
    problem(api.post("/drafts", letter(text="x" * (64 << 10))), 413, "too-large")
    assert api.post("/drafts", letter(text="x" * (60 << 10))).status_code == 201


def test_who_sends_too_much_is_told(api: Api, ben: Account, set_limit: SetLimit) -> None:
    set_limit(limits.SENDING_MESSAGES, 1)
    assert api.post("/messages/send", letter()).status_code == 202
    problem(api.post("/messages/send", letter()), 422, "limit-exceeded")


def test_a_shared_draft_is_changed_by_rights_and_sent_from_ones_own(
    bens: Api, api: Api, ann: Account, ben: Account
) -> None:
    url = f"/drafts/{save(api).json()['id']}"
    problem(bens.get(url), 404, "not-found")
    for letters, status in (("lr", 403), ("lrit", 403), ("lrite", 200)):
        rights.grant(
            ann, collection_of(ann, "Drafts"), find_grantee(ben.login), parse_rights(letters)
        )
        response = bens.send("PUT", url, letter(subject=letters), If_Match="*")
        assert response.status_code == status, response.content
    problem(bens.post(f"/messages/{response.json()['id']}/send", None), 404, "not-found")


def test_sending_takes_its_own_scope(ann: Account, ben: Account) -> None:
    with token_of(ann, ["mail:read", "mail:write"]) as program:
        draft = save(program).json()["id"]
        problem(program.post("/messages/send", letter()), 403, "not-allowed")
        problem(program.post(f"/drafts/{draft}/send", None), 403, "not-allowed")
