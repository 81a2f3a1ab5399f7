"""Messages over REST: lists, searches, what changed, and one message."""

from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from groupware.core import rights
from groupware.core.models import Account, Collection
from groupware.core.rights import find_grantee, parse_rights
from mail.flags import ANSWERED, DELETED, FLAGGED, SEEN
from mail.services.content import prepare_message
from mail.services.flags import StoreOp, store_flags
from mail.services.messages import expunge_messages
from tests.api.speaking import Api, problem, token_of
from tests.services.store import append, collection_of, mailbox, message, rows_of, uids_of

pytestmark = pytest.mark.django_db

LETTER = b"""\
From: =?utf-8?q?J=C3=B6rg?= <joerg@outside.test>
To: Ann <ann@example.test>, team@example.test
Cc: ben@example.test
Reply-To: desk@outside.test
Subject: =?utf-8?q?B=C3=BCro?=
Date: Sun, 01 Mar 2026 10:00:00 +0100
Message-ID: <2@outside.test>
In-Reply-To: <1@outside.test>
References: <0@outside.test> <1@outside.test>
Content-Type: multipart/mixed; boundary=b

--b

The first words.
--b
Content-Type: application/pdf; name=a.pdf
Content-Disposition: attachment; filename=a.pdf

x
--b--
""".replace(b"\n", b"\r\n")


def share(owner: Account, grantee: str, letters: str, name: str = "INBOX") -> None:
    rights.grant(owner, collection_of(owner, name), find_grantee(grantee), parse_rights(letters))


def in_box(account: Account, query: str = "", name: str = "INBOX") -> str:
    return f"/mailboxes/{mailbox(account, name).object_id}/messages{query}"


def url(account: Account, uid: int, name: str = "INBOX") -> str:
    return f"/messages/{mailbox(account, name).object_id}-{uid}"


def listed(api: Api, path: str) -> Any:
    response = api.get(path)
    assert response.status_code == 200, response.content
    return response.json()


def uids(page: Any) -> list[int]:
    return [int(item["id"].rpartition("-")[2]) for item in page["items"]]


def flag(account: Account, uid: int, bit: int = FLAGGED) -> None:
    collection_id = mailbox(account).collection_id
    store_flags(account.pk, collection_id, [(uid, uid)], StoreOp.ADD, bit, ())


def test_a_list_shows_what_a_list_needs(api: Api, ann: Account) -> None:
    append(ann, data=prepare_message(LETTER), flags=SEEN, keywords=["work"], internal_date=0)
    [item] = listed(api, in_box(ann))["items"]
    [(thread, email)] = rows_of(ann, "INBOX", "thread_id", "email_id")
    assert item == {
        "id": f"{mailbox(ann).object_id}-1",
        "mailbox": mailbox(ann).object_id,
        "thread": f"T{thread:x}",
        "email": f"M{email:x}",
        "subject": "Büro",
        "from": [{"name": "Jörg", "address": "joerg@outside.test"}],
        "to": [
            {"name": "Ann", "address": "ann@example.test"},
            {"name": "", "address": "team@example.test"},
        ],
        "date": "2026-03-01T09:00:00Z",
        "received": "1970-01-01T00:00:00Z",
        "size": len(LETTER),
        "flags": ["seen", "work"],
        "preview": "The first words.",
        "has_attachments": True,
        "etag": item["etag"],
    }
    one = api.get(url(ann, 1))
    assert one["ETag"] == item["etag"]
    told = one.json()
    assert {name: told[name] for name in item} == item
    assert (told["message_id"], told["in_reply_to"]) == ("2@outside.test", ["1@outside.test"])
    assert told["references"] == ["0@outside.test", "1@outside.test"]
    assert told["cc"] == [{"name": "", "address": "ben@example.test"}]
    assert told["reply_to"] == [{"name": "", "address": "desk@outside.test"}]
    assert (told["bcc"], told["sender"]) == ([], [])
    assert told["parts"][1] == {
        "section": "2",
        "media_type": "application/pdf",
        "size": 1,
        "filename": "a.pdf",
        "content_id": "",
        "description": "",
        "is_attachment": True,
    }


@pytest.mark.parametrize(
    "data", [b"", b"x", b"\xff: \xff\r\n\r\n\xff", b"Date: x\r\nFrom: <@\r\nTo: \0\r\n\r\n"]
)
def test_what_is_broken_is_shown_as_far_as_it_goes(api: Api, ann: Account, data: bytes) -> None:
    append(ann, data=prepare_message(data))
    assert uids(listed(api, in_box(ann))) == [1]
    assert api.get(url(ann, 1)).status_code == 200


def test_pages_go_from_the_newest_to_the_oldest_whatever_comes_meanwhile(
    api: Api, ann: Account
) -> None:
    for _ in range(5):
        append(ann)
    page = listed(api, in_box(ann, "?limit=2"))
    seen = uids(page)
    state = page["state"]
    append(ann)
    while page["next"]:
        page = listed(api, in_box(ann, f"?limit=2&cursor={page['next']}"))
        seen += uids(page)
        assert page["state"] == state
    assert seen == [5, 4, 3, 2, 1]
    assert uids(listed(api, in_box(ann, f"?since={state}"))) == [6]


@pytest.mark.parametrize("text", ["subject:even", "is:flagged OR subject:odd", "number"])
def test_a_search_is_told_in_pages(api: Api, ann: Account, text: str) -> None:
    for number in range(7):
        subject = "even" if number % 2 == 0 else "odd"
        append(ann, data=prepare_message(message(subject=subject)))
    found: list[int] = []
    page = listed(api, in_box(ann, f"?limit=2&q={text}"))
    found += uids(page)
    while page["next"]:
        page = listed(api, in_box(ann, f"?limit=2&q={text}&cursor={page['next']}"))
        found += uids(page)
    expected = {"subject:even": [7, 5, 3, 1], "is:flagged OR subject:odd": [6, 4, 2]}
    assert found == expected.get(text, [7, 6, 5, 4, 3, 2, 1])


def test_a_conversation_is_listed_by_its_thread(api: Api, ann: Account) -> None:
    append(ann, data=prepare_message(message(message_id="1@x.test")))
    append(ann)
    append(ann, data=prepare_message(message(references="<1@x.test>")))
    thread = listed(api, url(ann, 1))["thread"]
    assert uids(listed(api, in_box(ann, f"?thread={thread}"))) == [3, 1]
    problem(api.get(in_box(ann, "?thread=1")), 422, "invalid")


@pytest.mark.parametrize("query", ["q=is:important", "q=(a", "since=x&q=a", "limit=0", "cursor=x"])
def test_what_cannot_be_asked_for_says_why(api: Api, ann: Account, query: str) -> None:
    problem(api.get(in_box(ann, f"?{query}")), 422, "invalid")


def test_since_tells_what_came_changed_and_went(api: Api, ann: Account) -> None:
    for _ in range(4):
        append(ann)
    state = listed(api, in_box(ann))["state"]
    assert listed(api, in_box(ann, f"?since={state}"))["items"] == []
    flag(ann, 2)
    flag(ann, 3, DELETED)
    expunge_messages(ann.pk, mailbox(ann).collection_id)
    append(ann)
    news = listed(api, in_box(ann, f"?since={state}"))
    assert uids(news) == [2, 5]
    assert news["removed"] == [f"{mailbox(ann).object_id}-3"]
    assert listed(api, in_box(ann, f"?since={news['state']}"))["items"] == []


def test_changes_come_in_pieces_that_lose_nothing(api: Api, ann: Account) -> None:
    state = listed(api, in_box(ann))["state"]
    for _ in range(5):
        append(ann)
    collection_id = mailbox(ann).collection_id
    store_flags(ann.pk, collection_id, [(1, 5)], StoreOp.ADD, SEEN, ())
    told: list[int] = []
    more = True
    while more:
        news = listed(api, in_box(ann, f"?limit=2&since={state}"))
        told += uids(news)
        state, more = news["state"], news["more"]
    assert sorted(told) == [1, 2, 3, 4, 5]


def test_a_state_from_before_what_is_known_is_refused(api: Api, ann: Account) -> None:
    append(ann)
    state = listed(api, in_box(ann))["state"]
    flag(ann, 1)
    Collection.objects.filter(pk=mailbox(ann).collection_id).update(tombstone_floor=1 << 40)
    problem(api.get(in_box(ann, f"?since={state}")), 410, "state-expired")
    other = listed(api, in_box(ann, name="Sent"))["state"]
    problem(api.get(in_box(ann, f"?since={other}")), 410, "state-expired")


def test_flags_are_set_by_who_read_them(api: Api, ann: Account) -> None:
    append(ann, flags=ANSWERED)
    etag = api.get(url(ann, 1))["ETag"]
    body = {"flags": ["Seen", "flagged", "work"]}
    problem(api.patch(url(ann, 1), body), 428, "condition-required")
    changed = api.patch(url(ann, 1), body, If_Match=etag)
    assert changed.json()["flags"] == ["flagged", "seen", "work"]
    problem(api.patch(url(ann, 1), body, If_Match=etag), 412, "stale")
    assert api.patch(url(ann, 1), {"flags": []}, If_Match=changed["ETag"]).json()["flags"] == []
    assert api.get(url(ann, 1), If_None_Match=changed["ETag"]).status_code == 200
    now = api.get(url(ann, 1))["ETag"]
    assert api.get(url(ann, 1), If_None_Match=now).status_code == 304


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"flags": "seen"},
        {"flags": ["a b"]},
        {"flags": ["\\Seen"]},
        {"flags": ["é"]},
        {"flags": [f"k{n}" for n in range(201)]},
    ],
)
def test_what_is_no_flag_is_refused(api: Api, ann: Account, body: Any) -> None:
    append(ann)
    problem(api.patch(url(ann, 1), body, If_Match="*"), 422, "invalid")


def test_a_message_is_deleted_for_good(api: Api, ann: Account) -> None:
    append(ann)
    append(ann)
    problem(api.delete(url(ann, 1)), 428, "condition-required")
    assert api.delete(url(ann, 1), If_Match="*").status_code == 204
    assert uids_of(ann) == [2]
    problem(api.get(url(ann, 1)), 404, "not-found")


def test_a_reader_has_seen_what_he_has_seen(
    api: Api, bens: Api, ann: Account, ben: Account
) -> None:
    append(ann)
    share(ann, "ben@example.test", "lrs")
    assert bens.patch(url(ann, 1), {"flags": ["seen"]}, If_Match="*").json()["flags"] == ["seen"]
    assert listed(bens, in_box(ann))["items"][0]["flags"] == ["seen"]
    assert listed(bens, in_box(ann, "?q=is:unread"))["items"] == []
    assert listed(api, in_box(ann))["items"][0]["flags"] == []
    state = listed(bens, in_box(ann))["state"]
    flag(ann, 1)
    assert uids(listed(bens, in_box(ann, f"?since={state}"))) == [1]


@pytest.mark.parametrize(
    ("letters", "read", "flags", "deletes"),
    [
        ("", 404, 404, 404),
        ("l", 403, 403, 403),
        ("lr", 200, 403, 403),
        ("lrs", 200, 200, 403),
        ("lrw", 200, 200, 403),
        ("lrt", 200, 200, 403),
        ("lre", 200, 403, 403),
        ("lrte", 200, 200, 204),
        ("rte", 404, 404, 404),
    ],
)
def test_each_right_opens_what_it_is_for(
    bens: Api, ann: Account, letters: str, read: int, flags: int, deletes: int
) -> None:
    append(ann)
    if letters:
        share(ann, "ben@example.test", letters)
    assert bens.get(in_box(ann)).status_code == read
    assert bens.get(in_box(ann, "?q=hello")).status_code == read
    assert bens.get(url(ann, 1)).status_code == read
    assert bens.patch(url(ann, 1), {"flags": ["seen"]}, If_Match="*").status_code == flags
    assert bens.delete(url(ann, 1), If_Match="*").status_code == deletes
    assert uids_of(ann) == ([] if deletes == 204 else [1])


def test_a_right_that_is_revoked_is_gone(bens: Api, ann: Account, ben: Account) -> None:
    append(ann)
    share(ann, "ben@example.test", "lr")
    assert bens.get(url(ann, 1)).status_code == 200
    rights.revoke(ann, collection_of(ann), ben)
    problem(bens.get(url(ann, 1)), 404, "not-found")


@pytest.mark.parametrize("path", ["/messages/x-1", "/messages/x", "/messages/-1", "/messages/x-0"])
def test_ids_that_lead_nowhere_are_not_found(api: Api, path: str) -> None:
    problem(api.get(path), 404, "not-found")


def test_each_method_takes_its_scope(ann: Account) -> None:
    append(ann)
    with token_of(ann, ["mail:read"]) as reader:
        assert reader.get(url(ann, 1)).status_code == 200
        problem(reader.patch(url(ann, 1), {"flags": []}, If_Match="*"), 403, "not-allowed")
        problem(reader.delete(url(ann, 1), If_Match="*"), 403, "not-allowed")
    with token_of(ann, ["calendars:read"]) as other:
        problem(other.get(in_box(ann)), 403, "not-allowed")
        problem(other.get(url(ann, 1)), 403, "not-allowed")


def test_a_list_takes_few_queries(
    api: Api, ann: Account, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(60):
        append(ann)
    api.get(in_box(ann))
    with django_assert_max_num_queries(10):
        assert len(listed(api, in_box(ann))["items"]) == 50
    with django_assert_max_num_queries(12):
        assert len(listed(api, in_box(ann, "?q=is:unread"))["items"]) == 50


def test_a_list_of_anothers_mailbox_takes_few_queries_as_well(
    bens: Api, ann: Account, ben: Account, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(60):
        append(ann)
    share(ann, "ben@example.test", "lr")
    bens.get(in_box(ann))
    with django_assert_max_num_queries(10):
        assert len(listed(bens, in_box(ann))["items"]) == 50
