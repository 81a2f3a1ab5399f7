"""Objects of administration: states, conditions, pages, filters, and what changed since."""

from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from groupware.core import audit, directory, limits, roles
from groupware.core.models import AuditEntry
from mail.models import QueuedRecipient
from tests.api.admin.team import Team
from tests.api.speaking import problem
from tests.conftest import SetLimit
from tests.services.identity.browsers import open_browser
from tests.services.store import append, create

pytestmark = pytest.mark.django_db

ANY = {"If_Match": "*"}


def names(response: Any) -> list[str]:
    return [item["address"] for item in response.json()["items"]]


def test_an_account_is_made_shown_changed_and_deleted(team: Team) -> None:
    root = team["root"]
    new = {"address": "New@Example.test", "name": "New One", "quota": 5000,
           "password": "a long password"}  # fmt: skip
    made = root.post("/admin/accounts", new)
    assert made.status_code == 201
    assert b"a long password" not in made.content
    item = made.json()
    path = f"/admin/accounts/{item['id']}"
    assert made["Location"] == f"/api/v1{path}"
    assert made["ETag"] == item["etag"]
    assert (item["address"], item["name"], item["quota"]) == ("new@example.test", "New One", 5000)
    change = {"name": "Other", "quota": 0, "active": False, "address": "nn@example.test"}
    changed = root.patch(path, change, If_Match=item["etag"])
    assert {name: changed.json()[name] for name in change} == change
    problem(root.patch(path, {"quota": 1}, If_Match=item["etag"]), 412, "stale")
    problem(root.patch(path, {"quota": 1}), 428, "condition-required")
    assert root.get(path, If_None_Match=changed["ETag"]).status_code == 304
    assert root.delete(path, If_Match=changed["ETag"]).status_code == 204
    problem(root.get(path), 404, "not-found")


def test_all_of_a_change_happens_or_nothing(team: Team) -> None:
    path = f"/admin/accounts/{team.own.person.pk}"
    before = audit.last_entry()
    body = {"quota": 77, "address": "friend@example.test"}
    problem(team["root"].patch(path, body, **ANY), 409, "conflict")
    assert team["root"].get(path).json()["quota"] == 0
    assert audit.last_entry() == before


def test_mail_that_comes_in_does_not_make_a_change_wait(team: Team) -> None:
    path = f"/admin/accounts/{team.own.person.pk}"
    before = team["root"].get(path)
    append(team.own.person)
    after = team["root"].get(path, If_None_Match=before["ETag"])
    assert after.status_code == 200
    assert after.json()["items"] == 1
    assert team["root"].patch(path, {"quota": 9_000}, If_Match=before["ETag"]).status_code == 200


def test_a_password_is_made_and_told_once_and_a_given_one_is_not_told(team: Team) -> None:
    path = f"/admin/accounts/{team.own.person.pk}/password"
    made = team["hilde"].send("PUT", path, {}).json()["password"]
    team.own.person.refresh_from_db()
    assert team.own.person.check_password(made)
    given = team["hilde"].send("PUT", path, {"password": "a long password"})
    assert given.json() == {"password": None}
    told = problem(team["hilde"].send("PUT", path, {"password": "short"}), 422, "invalid")
    assert told["errors"][0]["pointer"] == "/password"
    shared = create("shared@example.test", kind="shared")
    path = f"/admin/accounts/{shared.pk}/password"
    problem(team["hilde"].send("PUT", path, {}), 422, "invalid")


def test_failed_logins_are_shown_and_forgotten(team: Team) -> None:
    path = f"/admin/accounts/{team.own.person.pk}/failed-logins"
    [item] = team["hilde"].get(path).json()["items"]
    assert (item["network"], item["failures"]) == ("192.0.2.0/24", 9)
    assert team["hilde"].delete(path).status_code == 204
    assert team["hilde"].get(path).json()["items"] == []


def test_browsers_are_sessions_too_and_all_are_ended(team: Team) -> None:
    path = f"/admin/accounts/{team.people['ann'].pk}/sessions"
    assert team["hilde"].get(path).json()["items"] == []
    browser = Client()
    answer = {"login": "ann@example.test", "password": "correct horse battery"}
    browser.post("/account/login/", answer, secure=True)
    assert browser.get("/api/v1/mailboxes", secure=True).status_code == 200
    [item] = team["hilde"].get(path).json()["items"]
    assert (item["protocol"], item["credential"]) == ("web", "password")
    assert item["began_at"].endswith("Z")
    assert team["hilde"].delete(path).status_code == 204
    assert team["hilde"].get(path).json()["items"] == []
    assert browser.get("/api/v1/mailboxes", secure=True).status_code == 401


def test_one_session_is_ended_and_others_go_on(team: Team) -> None:
    ann = team.people["ann"]
    path = f"/admin/accounts/{ann.pk}/sessions"
    first, second = open_browser(ann, "Phone"), open_browser(ann)
    told = team["hilde"].get(path).json()["items"]
    assert {held["id"]: held["client"] for held in told} == {first: "Phone", second: "Firefox"}
    elsewhere = f"/admin/accounts/{team.own.person.pk}/sessions/{first}"
    problem(team["hilde"].delete(elsewhere), 404, "not-found")
    assert team["hilde"].delete(f"{path}/{first}").status_code == 204
    [item] = team["hilde"].get(path).json()["items"]
    assert item["id"] == second
    problem(team["hilde"].delete(f"{path}/{first}"), 404, "not-found")


def test_accounts_are_found_by_domain_kind_state_and_text(team: Team) -> None:
    root = team["root"]
    create("attic@other.test", kind="room", name="The Attic")
    directory.set_active("friend@other.test", active=False)
    assert names(root.get("/admin/accounts?kind=room")) == ["attic@other.test"]
    assert names(root.get("/admin/rooms")) == ["attic@other.test"]
    assert names(root.get("/admin/accounts?active=false")) == ["friend@other.test"]
    assert names(root.get("/admin/accounts?q=aTTic")) == ["attic@other.test"]
    assert len(names(root.get(f"/admin/accounts?domain_id={team.other.domain_id}"))) == 5
    assert names(root.get("/admin/accounts?q=nobody")) == []


def test_a_room_is_no_person(team: Team) -> None:
    body = {"address": "attic@example.test", "kind": "person"}
    problem(team["root"].post("/admin/rooms", body), 422, "invalid")
    made = team["root"].post("/admin/rooms", {"address": "attic@example.test"})
    assert made.json()["kind"] == "room"


def test_pages_make_up_the_list(team: Team) -> None:
    whole = names(team["root"].get("/admin/accounts?limit=200"))
    first = team["root"].get("/admin/accounts?limit=7").json()
    second = team["root"].get(f"/admin/accounts?limit=7&cursor={first['next']}").json()
    both = [item["address"] for item in first["items"] + second["items"]]
    assert both == whole
    assert (second["next"], second["state"]) == (None, first["state"])


def test_since_tells_accounts_that_changed_and_that_are_gone(team: Team) -> None:
    dora, own = team["dora"], team.own
    state = dora.get("/admin/accounts").json()["state"]
    directory.set_quota(own.person.login, 5)
    directory.set_quota(team.other.person.login, 5)
    directory.delete_account(own.friend.login)
    directory.rename_account("ann@example.test", "ann@other.test")
    change = dora.get(f"/admin/accounts?since={state}").json()
    assert [item["address"] for item in change["items"]] == [own.person.login]
    gone = {str(own.friend.pk), str(team.people["ann"].pk)}
    assert (set(change["removed"]), change["more"]) == (gone, False)
    again = dora.get(f"/admin/accounts?since={change['state']}").json()
    assert (again["items"], again["removed"]) == ([], [])


def test_changes_come_in_pieces_that_lose_nothing(team: Team) -> None:
    state = team["root"].get("/admin/groups").json()["state"]
    for name in "abcde":
        directory.create_group(f"{name}@example.test")
    told: list[str] = []
    for _ in range(3):
        change = team["root"].get(f"/admin/groups?since={state}&limit=2").json()
        told += [item["address"][0] for item in change["items"]]
        state = change["state"]
    assert told == list("abcde")
    assert not change["more"]


def test_a_state_that_cannot_be_gone_on_from_is_refused(team: Team, set_limit: SetLimit) -> None:
    dora = team["dora"]
    groups = dora.get("/admin/groups").json()["state"]
    directory.rename_account(team.own.person.login, "renamed@example.test")
    problem(dora.get(f"/admin/groups?since={groups}"), 410, "state-expired")
    accounts = dora.get("/admin/accounts").json()["state"]
    problem(dora.get(f"/admin/groups?since={accounts}"), 410, "state-expired")
    problem(dora.get(f"/admin/accounts?since={accounts}&kind=room"), 410, "state-expired")
    roles.grant_role("dora@example.test", "help-desk", "other.test")
    problem(dora.get(f"/admin/accounts?since={accounts}"), 410, "state-expired")
    root = team["root"].get("/admin/accounts").json()["state"]
    directory.set_quota("ann@example.test", 1)
    AuditEntry.objects.update(created_at="2020-01-01T00:00:00Z")
    set_limit(limits.AUDIT_DAYS, 30)
    audit.expire()
    problem(team["root"].get(f"/admin/accounts?since={root}"), 410, "state-expired")


def test_small_lists_tell_whether_anything_changed(team: Team) -> None:
    for path in ("/admin/roles?", f"/admin/grants?account_id={team.own.person.pk}&",
                 "/admin/queue?"):  # fmt: skip
        state = team["root"].get(path).json()["state"]
        assert team["root"].get(f"{path}since={state}").json()["items"] == []
    roles.grant_role("ann@example.test", "domain", "example.test")
    QueuedRecipient.objects.update(is_held=True)
    problem(team["root"].get(f"/admin/queue?since={state}"), 410, "state-expired")


def test_group_and_address_are_changed_whole(team: Team) -> None:
    root = team["root"]
    path = f"/admin/groups/{team.own.group_id}"
    body = {"description": "All", "members": ["FRIEND@example.test", "ann@example.test"]}
    changed = root.patch(path, body, If_Match=root.get(path)["ETag"]).json()
    assert changed["members"] == ["ann@example.test", "friend@example.test"]
    [listed] = root.get("/admin/groups?q=team@example").json()["items"]
    assert listed == changed
    body = {"members": ["team@example.test"]}
    problem(root.patch(path, body, **ANY), 422, "invalid")
    path = f"/admin/addresses/{team.own.address_id}"
    body = {"targets": ["ann@example.test", "out@outside.test"]}
    changed = root.patch(path, body, If_Match=root.get(path)["ETag"]).json()
    assert (changed["kind"], changed["targets"]) == ("list", body["targets"])
    [listed] = root.get("/admin/addresses?q=info&kind=list").json()["items"]
    assert listed == changed
    found = root.get(f"/admin/addresses?account_id={team.people['ann'].pk}")
    assert names(found) == ["ann@example.test", "info@example.test"]


def test_a_primary_address_and_a_groups_own_are_not_led_elsewhere(team: Team) -> None:
    root = team["root"]
    for address in ("ann", "team"):
        [held] = [
            item for item in root.get(f"/admin/addresses?q={address}").json()["items"]
            if item["address"] == f"{address}@example.test"
        ]  # fmt: skip
        path = f"/admin/addresses/{held['id']}"
        problem(root.patch(path, {"targets": ["root@example.test"]}, **ANY), 422, "invalid")


def test_grants_are_replaced_and_taken_away(team: Team) -> None:
    root, person = team["root"], team.own.person
    body = {"account_id": person.pk, "collection_id": team.own.collection_id,
            "grantee": "@example.test", "rights": "read"}  # fmt: skip
    first = root.post("/admin/grants", body).json()
    assert (first["collection"], first["grantee"]) == ("mail/INBOX", "@example.test")
    second = root.post("/admin/grants", body | {"rights": "write"}).json()
    listed = root.get(f"/admin/grants?account_id={person.pk}").json()["items"]
    assert [item["id"] for item in listed] == [team.own.grant_id, second["id"]]
    path = f"/admin/grants/{second['id']}"
    problem(root.delete(path, If_Match=first["etag"]), 412, "stale")
    assert root.delete(path, If_Match=second["etag"]).status_code == 204
    problem(root.post("/admin/grants", body | {"rights": "?"}), 422, "invalid")
    problem(root.get("/admin/grants"), 422, "invalid")


def test_domains_are_made_and_deleted_when_nothing_lives_in_them(team: Team) -> None:
    root = team["root"]
    made = root.post("/admin/domains", {"name": "New.Test"}).json()
    assert (made["name"], made["alias_of"], made["accounts"]) == ("new.test", None, 0)
    alias = {"name": "newer.test", "alias_of": made["id"]}
    assert root.post("/admin/domains", alias).json()["alias_of"] == made["id"]
    problem(root.post("/admin/domains", {"name": "new.test"}), 409, "conflict")
    problem(root.delete(f"/admin/domains/{made['id']}", **ANY), 422, "invalid")
    problem(root.delete(f"/admin/domains/{team.own.domain_id}", **ANY), 422, "invalid")
    [held] = [item for item in root.get("/admin/domains").json()["items"]
              if item["id"] == team.own.domain_id]  # fmt: skip
    assert held["accounts"] == 8
    records = root.get(f"/admin/domains/{team.own.domain_id}/dns").json()["records"]
    assert {"MX", "TXT"} <= {record["kind"] for record in records}
    assert {record["status"] for record in records} == {None}


def test_quotas_are_told_with_their_use(team: Team) -> None:
    directory.set_quota(team.own.person.login, 1_000)
    append(team.own.person)
    items = team["dora"].get("/admin/quotas?limited=true").json()["items"]
    assert [item["address"] for item in items] == [team.own.person.login]
    assert items[0]["percent"] == items[0]["used"] * 100 // 1_000 > 0


def test_the_queue_is_held_released_tried_and_dropped(team: Team) -> None:
    dora, queue_id = team["dora"], team.own.queue_id
    assert [item["queue_id"] for item in dora.get("/admin/queue").json()["items"]] == [queue_id]

    def act(action: str, **more: Any) -> Any:
        return dora.post("/admin/queue/actions", {"action": action, "ids": [queue_id], **more})

    assert act("hold").json() == {"recipients": 1}
    assert [item["held"] for item in dora.get("/admin/queue?held=true").json()["items"]] == [True]
    assert act("retry").json() == {"recipients": 0}
    assert act("release").json() == {"recipients": 1}
    body = {"action": "drop", "ids": [queue_id, team.other.queue_id]}
    problem(dora.post("/admin/queue/actions", body), 404, "not-found")
    assert act("drop", notify=False).json() == {"recipients": 1}
    problem(dora.get(f"/admin/queue/{queue_id}"), 404, "not-found")
    assert QueuedRecipient.objects.filter(message=team.other.queue_id).exists()


def test_the_audit_log_is_read_by_pages_filters_and_since(team: Team) -> None:
    root = team["root"]
    state = root.get("/admin/audit").json()["state"]
    for quota in (1, 2, 3):
        path = f"/admin/accounts/{team.own.person.pk}"
        assert root.patch(path, {"quota": quota}, **ANY).status_code == 200
    told = root.get("/admin/audit?action=account.set-quota").json()["items"]
    assert [item["detail"]["quota"] for item in told] == [3, 2, 1]
    first = root.get("/admin/audit?action=account&limit=2").json()
    second = root.get(f"/admin/audit?action=account&limit=2&cursor={first['next']}").json()
    ids = [item["id"] for item in first["items"] + second["items"]]
    assert ids == sorted(ids, reverse=True)
    change = root.get(f"/admin/audit?since={state}&limit=2").json()
    assert [item["detail"]["quota"] for item in change["items"]] == [1, 2]
    rest = root.get(f"/admin/audit?since={change['state']}").json()
    assert [item["detail"]["quota"] for item in rest["items"]] == [3]
    item = root.get(f"/admin/audit/{told[0]['id']}").json()
    assert item == told[0]


def test_lists_cost_few_queries_however_long(
    team: Team, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for path in ("domains", "accounts", "addresses", "groups", "quotas", "roles", "queue", "audit"):
        team["root"].get(f"/admin/{path}")
        with django_assert_max_num_queries(12):
            assert team["root"].get(f"/admin/{path}?limit=200").status_code == 200, path
