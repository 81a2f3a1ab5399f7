"""Mailboxes over REST. Other objects' tests follow this shape: read, list, since, write, conditions."""

from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from groupware.core import rights
from groupware.core.models import Account
from groupware.core.rights import find_grantee, parse_rights
from mail import queries
from mail.flags import SEEN, Actor
from mail.services.flags import StoreOp, store_flags
from mail.services.mailboxes import create_mailbox, delete_mailbox, rename_mailbox
from tests.api.speaking import Api, problem, token_of
from tests.services.store import append, collection_of, create, mailbox

pytestmark = pytest.mark.django_db

USUAL = ["INBOX", "Archive", "Drafts", "Junk", "Sent", "Trash"]


def share(owner: Account, name: str, grantee: str, letters: str = "read") -> None:
    collection = collection_of(owner, name) if name else None
    rights.grant(owner, collection, find_grantee(grantee), parse_rights(letters))


def listed(api: Api, query: str = "") -> Any:
    response = api.get(f"/mailboxes{query}")
    assert response.status_code == 200, response.content
    return response.json()


def names(page: Any) -> list[str]:
    return [item["name"] for item in page["items"]]


def url(account: Account, name: str = "INBOX") -> str:
    return f"/mailboxes/{mailbox(account, name).object_id}"


def test_own_mailboxes_are_listed_inbox_first(api: Api, ann: Account) -> None:
    append(ann)
    page = listed(api)
    assert names(page) == USUAL
    assert page["items"][0] == {
        "id": mailbox(ann).object_id,
        "name": "INBOX",
        "owner": {"id": ann.pk, "address": "ann@example.test"},
        "special_use": None,
        "selectable": True,
        "rights": "lrswipkxtea",
        "messages": 1,
        "unseen": 1,
        "size": mailbox(ann).bytes,
        "etag": page["items"][0]["etag"],
    }
    assert [item["special_use"] for item in page["items"]] == [None, *USUAL[1:]]
    assert (page["removed"], page["next"], page["more"]) == ([], None, False)


def test_pages_make_up_the_list_and_tell_the_first_ones_state(api: Api, ann: Account) -> None:
    first = listed(api, "?limit=4")
    create_mailbox(ann.pk, "Work")
    second = listed(api, f"?limit=4&cursor={first['next']}")
    assert names(first) + names(second) == [*USUAL, "Work"]
    assert (second["next"], second["state"]) == (None, first["state"])
    assert names(listed(api, f"?since={second['state']}")) == ["Work"]


def test_a_cursor_that_is_none_is_refused(api: Api) -> None:
    told = problem(api.get("/mailboxes?cursor=x"), 422, "invalid")
    assert told["errors"][0]["pointer"] == "/cursor"


def test_what_others_share_is_listed_behind_with_its_owner(
    api: Api, ann: Account, ben: Account
) -> None:
    share(ben, "Archive", "ann@example.test", "lr")
    item = listed(api)["items"][-1]
    assert item["name"] == "Other Users/ben@example.test/Archive"
    assert item["owner"] == {"id": ben.pk, "address": "ben@example.test"}
    assert item["rights"] == "lr"
    assert names(listed(api, f"?owner={ben.pk}")) == [item["name"]]
    assert names(listed(api, f"?owner={ann.pk}")) == USUAL


def test_unseen_of_a_shared_mailbox_is_the_readers_own(
    api: Api, ann: Account, ben: Account
) -> None:
    share(ben, "INBOX", "ann@example.test", "lrs")
    append(ben)
    store_flags(
        ben.pk, mailbox(ben).collection_id, [(1, 1)], StoreOp.ADD, SEEN, [], actor=Actor(ann.pk)
    )
    assert api.get(url(ben)).json()["unseen"] == 0
    assert mailbox(ben).unseen == 1


def test_counts_are_kept_from_those_who_may_not_read(api: Api, ben: Account) -> None:
    share(ben, "INBOX", "ann@example.test", "l")
    item = api.get(url(ben)).json()
    assert (item["messages"], item["unseen"], item["size"]) == (None, None, None)


def test_a_list_costs_few_queries_however_many_share(
    api: Api, ben: Account, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(5):
        other = create(f"other{number}@example.test")
        share(other, "", "ann@example.test")
    listed(api)
    with django_assert_max_num_queries(10):
        assert len(listed(api)["items"]) == 36


def test_since_tells_what_changed_and_what_is_gone(api: Api, ann: Account) -> None:
    create_mailbox(ann.pk, "Old")
    gone = mailbox(ann, "Old").object_id
    state = listed(api)["state"]
    assert listed(api, f"?since={state}")["items"] == []
    append(ann)
    rename_mailbox(ann.pk, "Archive", "Kept")
    delete_mailbox(ann.pk, "Old")
    change = listed(api, f"?since={state}")
    assert sorted(names(change)) == ["INBOX", "Kept"]
    assert (change["removed"], change["more"]) == ([gone], False)
    assert listed(api, f"?since={change['state']}")["items"] == []


def test_changes_come_in_pieces_that_lose_nothing(api: Api, ann: Account, ben: Account) -> None:
    share(ben, "", "ann@example.test")
    state = listed(api)["state"]
    create_mailbox(ann.pk, "a/b/c/d/e")  # five of one modseq
    create_mailbox(ben.pk, "f/g")
    told: list[str] = []
    for _ in range(4):
        change = listed(api, f"?since={state}&limit=2")
        told += names(change)
        state = change["state"]
    assert sorted(told) == [
        *(f"Other Users/ben@example.test/{name}" for name in ("f", "f/g")),
        "a", "a/b", "a/b/c", "a/b/c/d", "a/b/c/d/e",
    ]  # fmt: skip
    assert not change["more"]


def test_state_from_before_something_was_shared_or_taken_back_is_refused(
    api: Api, ben: Account
) -> None:
    before = listed(api)["state"]
    share(ben, "INBOX", "ann@example.test")
    problem(api.get(f"/mailboxes?since={before}"), 410, "state-expired")
    between = listed(api)["state"]
    rights.revoke(ben, collection_of(ben), find_grantee("ann@example.test"))
    problem(api.get(f"/mailboxes?since={between}"), 410, "state-expired")


def test_state_stays_good_where_the_same_is_granted_anew(api: Api, ben: Account) -> None:
    for name in ("INBOX", "Archive"):
        share(ben, name, "ann@example.test")
    state = listed(api)["state"]
    share(ben, "INBOX", "ann@example.test")
    assert listed(api, f"?since={state}")["items"] == []


@pytest.mark.parametrize("state", ["x", "W10", "WyJhIiwge31d", "a" * 7000])
def test_state_that_is_none_is_refused(api: Api, state: str) -> None:
    problem(api.get(f"/mailboxes?since={state}"), 410, "state-expired")


def test_anothers_state_is_refused(api: Api, bens: Api) -> None:
    problem(bens.get(f"/mailboxes?since={listed(api)['state']}"), 410, "state-expired")


def test_mailbox_is_read_once_and_not_again_while_it_is_the_same(api: Api, ann: Account) -> None:
    response = api.get(url(ann))
    assert response.json()["etag"] == response["ETag"]
    again = api.get(url(ann), If_None_Match=response["ETag"])
    assert (again.status_code, again.content) == (304, b"")
    append(ann)
    assert api.get(url(ann), If_None_Match=response["ETag"]).status_code == 200


def test_mailbox_that_may_not_be_known_is_not_found(api: Api, ben: Account) -> None:
    for path in (url(ben), "/mailboxes/nothing", "/mailboxes/%00", "/mailboxes/a.b"):
        problem(api.get(path), 404, "not-found")


def test_mailbox_is_created_where_its_location_says(api: Api, ann: Account) -> None:
    response = api.post("/mailboxes", {"name": "Work/2026"})
    assert response.status_code == 201
    item = response.json()
    assert (item["name"], item["etag"]) == ("Work/2026", response["ETag"])
    assert api.get(response["Location"]).json() == item
    assert queries.find_mailbox(ann.pk, "Work") is not None


def test_mailbox_is_created_in_an_account_that_lets_it_be(api: Api, ben: Account) -> None:
    share(ben, "", "ann@example.test", "write")
    item = api.post("/mailboxes", {"name": "Other Users/ben@example.test/New"}).json()
    assert (item["owner"]["id"], mailbox(ben, "New").object_id) == (ben.pk, item["id"])


@pytest.mark.parametrize(
    ("body", "status", "slug"),
    [
        ({}, 422, "invalid"),
        ({"name": ""}, 422, "invalid"),
        ({"name": "a//b"}, 422, "invalid"),
        ({"name": "x", "special_use": "Nonsense"}, 422, "invalid"),
        ({"name": "x", "special_use": "Drafts"}, 422, "invalid"),
        ({"name": "\udcff"}, 422, "invalid"),
        ({"name": "\0"}, 422, "invalid"),
        ([], 422, "invalid"),
        ({"name": "Archive"}, 409, "conflict"),
        (b"{", 400, "bad-request"),
    ],
)
def test_mailbox_that_cannot_be_is_refused(api: Api, body: Any, status: int, slug: str) -> None:
    problem(api.post("/mailboxes", body), status, slug)


def test_mailbox_is_renamed_with_all_below(api: Api, ann: Account) -> None:
    create_mailbox(ann.pk, "Work/2026")
    path = url(ann, "Work")
    response = api.patch(path, {"name": "Job"}, If_Match=api.get(path)["ETag"])
    assert (response.status_code, response.json()["name"]) == (200, "Job")
    assert response["ETag"] == api.get(path)["ETag"]
    assert queries.find_mailbox(ann.pk, "Job/2026") is not None


def test_change_of_an_overtaken_state_is_refused(api: Api, ann: Account) -> None:
    create_mailbox(ann.pk, "Work")
    path = url(ann, "Work")
    before = api.get(path)["ETag"]
    rename_mailbox(ann.pk, "Work", "Job")
    problem(api.patch(path, {"name": "Play"}, If_Match=before), 412, "stale")
    problem(api.delete(path, If_Match=before), 412, "stale")
    problem(api.patch(path, {"name": "Play"}), 428, "condition-required")
    assert api.get(path).json()["name"] == "Job"
    assert api.patch(path, {"name": "Play"}, If_Match="*").status_code == 200


def test_mail_that_comes_in_makes_no_change_wait(api: Api, ann: Account) -> None:
    path = url(ann, "Archive")
    before = api.get(path)["ETag"]
    append(ann, name="Archive")
    assert api.patch(path, {"name": "Kept"}, If_Match=before).status_code == 200


def test_mailbox_is_deleted(api: Api, ann: Account) -> None:
    path = url(ann, "Junk")
    assert api.delete(path, If_Match=api.get(path)["ETag"]).status_code == 204
    problem(api.get(path), 404, "not-found")
    problem(api.delete(path, If_Match="*"), 404, "not-found")


def test_inbox_stays(api: Api, ann: Account) -> None:
    problem(api.delete(url(ann), If_Match="*"), 422, "invalid")
    problem(api.patch(url(ann), {"name": "x"}, If_Match="*"), 422, "invalid")


def test_who_may_only_read_changes_nothing(api: Api, ben: Account) -> None:
    share(ben, "Archive", "ann@example.test")
    path = url(ben, "Archive")
    problem(api.delete(path, If_Match="*"), 403, "not-allowed")
    name = "Other Users/ben@example.test/Mine"
    problem(api.patch(path, {"name": name}, If_Match="*"), 403, "not-allowed")
    assert mailbox(ben, "Archive").object_id in path


def test_a_mailbox_stays_in_its_account(api: Api, ben: Account) -> None:
    share(ben, "Archive", "ann@example.test", "all")
    response = api.patch(url(ben, "Archive"), {"name": "Mine"}, If_Match="*")
    problem(response, 422, "invalid")


def test_a_token_reaches_as_far_as_its_scopes(ann: Account) -> None:
    with token_of(ann, ["mail:read"]) as reader:
        assert names(listed(reader)) == USUAL
        told = problem(reader.post("/mailboxes", {"name": "x"}), 403, "not-allowed")
        assert "mail:write" in told["detail"]
    with token_of(ann, ["calendars:read"]) as other:
        problem(other.get("/mailboxes"), 403, "not-allowed")
