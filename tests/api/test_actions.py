"""What is done to many messages at once, and conversations."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from groupware.core import rights
from groupware.core.errors import Busy, DiskReserve
from groupware.core.models import Account, AccountState
from groupware.core.rights import find_grantee, parse_rights
from mail.api import actions
from mail.api.actions import MOST
from mail.flags import SEEN
from mail.services import copying
from mail.services.content import prepare_message
from tests.api.speaking import Api, problem
from tests.services.store import append, collection_of, mailbox, message, rows_of, uids_of

pytestmark = pytest.mark.django_db


def box(account: Account, name: str = "INBOX") -> str:
    return mailbox(account, name).object_id


def ids(account: Account, *uids: int, name: str = "INBOX") -> list[str]:
    return [f"{box(account, name)}-{uid}" for uid in uids]


def act(api: Api, which: list[str], action: str, **more: Any) -> list[tuple[str, str | None]]:
    response = api.post("/messages/actions", {"ids": which, "action": action, **more})
    assert response.status_code == 200, response.content
    results = response.json()["results"]
    assert [result["id"] for result in results] == list(dict.fromkeys(which))
    assert all(bool(result["detail"]) == (result["status"] != "done") for result in results)
    return [(result["status"], result["new_id"]) for result in results]


def share(owner: Account, grantee: Account, letters: str, name: str = "INBOX") -> None:
    rights.grant(
        owner, collection_of(owner, name), find_grantee(grantee.login), parse_rights(letters)
    )


def fill(account: Account, count: int = 3, name: str = "INBOX") -> None:
    for _ in range(count):
        append(account, name)


def test_flags_are_added_and_taken_away(api: Api, ann: Account) -> None:
    fill(ann)
    wanted = ids(ann, 1, 3, 9)
    told = act(api, wanted, "flag", add=["seen", "Work"], remove=["flagged"])
    assert told == [("done", None), ("done", None), ("not-found", None)]
    assert rows_of(ann, "INBOX", "flags", "keywords") == [(SEEN, "Work"), (0, ""), (SEEN, "Work")]
    act(api, ids(ann, 1), "flag", remove=["seen", "work"])
    assert rows_of(ann, "INBOX", "flags", "keywords")[0] == (0, "")


def test_messages_of_several_mailboxes_are_moved(api: Api, ann: Account) -> None:
    fill(ann)
    fill(ann, 1, "Sent")
    told = act(
        api, [*ids(ann, 3, 1), *ids(ann, 1, name="Sent")], "move", mailbox=box(ann, "Archive")
    )
    assert told == [("done", new) for new in ids(ann, 2, 1, 3, name="Archive")]
    assert (uids_of(ann), uids_of(ann, "Sent"), len(uids_of(ann, "Archive"))) == ([2], [], 3)


def test_messages_are_copied(api: Api, ann: Account) -> None:
    fill(ann, 1)
    told = act(api, ids(ann, 1), "copy", mailbox=box(ann, "Archive"))
    assert told == [("done", ids(ann, 1, name="Archive")[0])]
    assert (uids_of(ann), uids_of(ann, "Archive")) == ([1], [1])


def test_what_goes_to_trash_is_there_and_what_is_deleted_nowhere(api: Api, ann: Account) -> None:
    fill(ann, 2)
    assert act(api, ids(ann, 1), "trash") == [("done", ids(ann, 1, name="Trash")[0])]
    assert act(api, ids(ann, 2), "delete") == [("done", None)]
    assert (uids_of(ann), uids_of(ann, "Trash")) == ([], [1])


def test_an_id_that_is_named_twice_is_one(api: Api, ann: Account) -> None:
    fill(ann, 1)
    told = act(api, ids(ann, 1, 1), "copy", mailbox=box(ann, "Archive"))
    assert len(told) == 1
    assert uids_of(ann, "Archive") == [1]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"ids": [], "action": "trash"},
        {"ids": ["x"], "action": "trash"},
        {"ids": ["x-1"], "action": "burn"},
        {"ids": ["x-1"], "action": "move"},
        {"ids": ["x-1"], "action": "copy", "mailbox": "no id"},
        {"ids": ["x-1"], "action": "trash", "mailbox": "x"},
        {"ids": ["x-1"], "action": "flag"},
        {"ids": ["x-1"], "action": "flag", "add": ["a b"]},
        {"ids": ["x-1"], "action": "delete", "add": ["seen"]},
        {"ids": ["x-1"] * (MOST + 1), "action": "trash"},
    ],
)
def test_what_cannot_be_done_is_refused_whole(api: Api, body: Any) -> None:
    problem(api.post("/messages/actions", body), 422, "invalid")


def test_a_mailbox_that_is_not_there_takes_nothing(api: Api, ann: Account, ben: Account) -> None:
    fill(ann, 1)
    for target in ("nowhere", box(ben)):
        assert act(api, ids(ann, 1), "move", mailbox=target) == [("not-found", None)]
    assert uids_of(ann) == [1]


def test_what_is_refused_in_one_mailbox_is_done_in_another(
    api: Api, ann: Account, ben: Account
) -> None:
    fill(ann, 1)
    fill(ben, 1)
    share(ben, ann, "lr")
    told = act(api, [*ids(ben, 1), *ids(ann, 1)], "delete")
    assert told == [("refused", None), ("done", None)]
    assert (uids_of(ann), uids_of(ben)) == ([], [1])


@pytest.mark.parametrize(
    ("action", "more", "letters"),
    [
        ("flag", {"add": ["seen"]}, "lrs"),
        ("flag", {"add": ["flagged"]}, "lrw"),
        ("flag", {"remove": ["work"]}, "lrw"),
        ("flag", {"add": ["deleted"]}, "lrt"),
        ("delete", {}, "lrte"),
        ("trash", {}, "lrte"),
    ],
)
def test_each_action_needs_its_rights_and_no_others(
    bens: Api, ann: Account, ben: Account, action: str, more: Any, letters: str
) -> None:  # fmt: skip
    fill(ann, 1)
    for missing in letters:
        share(ann, ben, letters.replace(missing, "") + "a")
        [(status, _)] = act(bens, ids(ann, 1), action, **more)
        assert status == ("not-found" if missing == "l" else "refused"), missing
    assert uids_of(ann) == [1]
    share(ann, ben, letters)
    assert act(bens, ids(ann, 1), action, **more)[0][0] == "done"


def test_putting_somewhere_needs_the_right_to_insert(bens: Api, ann: Account, ben: Account) -> None:
    fill(ben, 2)
    share(ann, ben, "lrw")
    assert act(bens, ids(ben, 1), "copy", mailbox=box(ann))[0][0] == "refused"
    share(ann, ben, "lri")
    assert act(bens, ids(ben, 1), "copy", mailbox=box(ann)) == [("done", ids(ann, 1)[0])]
    assert act(bens, ids(ben, 2), "move", mailbox=box(ann)) == [("done", ids(ann, 2)[0])]
    assert uids_of(ann) == [1, 2]


def test_a_full_account_takes_nothing_more(api: Api, ann: Account) -> None:
    fill(ann, 1)
    used = AccountState.objects.get(account=ann).bytes_used
    AccountState.objects.filter(account=ann).update(quota_bytes=used)
    assert act(api, ids(ann, 1), "copy", mailbox=box(ann, "Archive"))[0][0] == "refused"
    assert act(api, ids(ann, 1), "trash")[0][0] == "done"


def threads(api: Api, account: Account, query: str = "") -> Any:
    response = api.get(f"/mailboxes/{box(account)}/threads{query}")
    assert response.status_code == 200, response.content
    return response.json()


def test_conversations_are_listed_with_their_last_message(api: Api, ann: Account) -> None:
    append(ann, data=prepare_message(message(message_id="1@x.test")), flags=SEEN)
    append(ann, data=prepare_message(message(message_id="2@x.test")))
    append(ann, data=prepare_message(message(references="<1@x.test>")))
    page = threads(api, ann)
    told = [(i["messages"], i["unseen"], i["last"]["id"]) for i in page["items"]]
    first, second = ids(ann, 3, 2)
    assert told == [(2, 1, first), (1, 1, second)]
    assert page["items"][0]["id"] == page["items"][0]["last"]["thread"]
    state = page["state"]
    page = threads(api, ann, "?limit=1")
    assert [i["last"]["id"] for i in page["items"]] == [first]
    page = threads(api, ann, f"?limit=1&cursor={page['next']}")
    assert [i["last"]["id"] for i in page["items"]] == [second]
    assert page["next"] is None
    assert threads(api, ann, f"?since={state}")["items"] == []
    append(ann)
    url = f"/mailboxes/{box(ann)}/threads?since={state}"
    problem(api.get(url), 410, "state-expired")


def test_conversations_are_unseen_by_who_has_not_seen_them(
    api: Api, bens: Api, ann: Account, ben: Account
) -> None:
    append(ann, flags=SEEN)
    share(ann, ben, "lr")
    assert threads(api, ann)["items"][0]["unseen"] == 0
    assert threads(bens, ann)["items"][0]["unseen"] == 1
    share(ann, ben, "l")
    problem(bens.get(f"/mailboxes/{box(ann)}/threads"), 403, "not-allowed")
    assert threads(api, ann, "?limit=5")["next"] is None


def test_conversations_that_lie_scattered_take_as_many_queries(
    api: Api, bens: Api, ann: Account, ben: Account
) -> None:
    share(ann, ben, "lrs")
    names = [prepare_message(message(message_id=f"{number}@x.test")) for number in range(2)]
    answers = [prepare_message(message(references=f"<{number}@x.test>")) for number in range(2)]
    for number in (0, 1):
        append(ann, data=names[number])
    counts = []
    for count in (2, 402):
        for answer in answers * ((count - len(uids_of(ann))) // 2):
            append(ann, data=answer)
        act(bens, ids(ann, 2), "flag", add=["seen"])
        for one, unseen in ((api, count // 2), (bens, count // 2 - 1)):
            threads(one, ann)  # what a process keeps is asked for once
            with CaptureQueriesContext(connection) as captured:
                [told] = threads(one, ann, "?limit=1")["items"]
            counts.append(len(captured))
            assert (told["messages"], told["unseen"]) == (count // 2, unseen)
    assert counts[:2] == counts[2:]


def stop_at(count: int, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """Let the copying of a request fail from its `count`th mailbox on."""
    copy, asked = copying.copy_messages, []

    def copy_some(*args: Any) -> Any:
        asked.append(args)
        if len(asked) >= count:
            raise error
        return copy(*args)

    monkeypatch.setattr(actions, "copy_messages", copy_some)


@pytest.mark.parametrize("error", [Busy("wait"), DiskReserve("full")])
def test_what_stops_the_rest_is_told_message_by_message(
    api: Api, ann: Account, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    fill(ann, 2)
    fill(ann, 1, "Sent")
    wanted, archive = [*ids(ann, 1, 2), *ids(ann, 1, name="Sent")], box(ann, "Archive")
    asked = {"ids": wanted, "action": "copy", "mailbox": archive}
    with monkeypatch.context() as patch:
        stop_at(2, patch, error)
        first = api.post("/messages/actions", asked, Idempotency_Key="one")
        results = first.json()["results"]
        assert [result["status"] for result in results] == ["done", "done", "deferred"]
        assert results[2]["detail"] == str(error)
    again = api.post("/messages/actions", asked, Idempotency_Key="one")
    assert again.json() == first.json()
    assert uids_of(ann, "Archive") == [1, 2]
    assert act(api, wanted[2:], "copy", mailbox=archive) == [("done", f"{archive}-3")]


def test_what_stops_all_is_the_answer_and_may_come_again(
    api: Api, ann: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(ann, 1)
    asked = {"ids": ids(ann, 1), "action": "copy", "mailbox": box(ann, "Archive")}
    with monkeypatch.context() as patch:
        stop_at(1, patch, Busy("wait"))
        problem(api.post("/messages/actions", asked, Idempotency_Key="one"), 503, "busy")
    assert api.post("/messages/actions", asked, Idempotency_Key="one").status_code == 200
    assert uids_of(ann, "Archive") == [1]
