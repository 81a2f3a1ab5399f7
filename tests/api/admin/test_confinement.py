"""A domain admin who wants more: every way out of the domain, and up, is closed."""

from typing import Any

import pytest
from pytest_django.fixtures import Settings

from groupware.core import directory, rights, roles
from groupware.core.models import Account, AddressTarget, AdminRole, Grant, GroupMember
from tests.api.admin.team import Team
from tests.api.speaking import problem, token_of
from tests.services.store import create

pytestmark = pytest.mark.django_db

ANY = {"If_Match": "*"}


def account_of(team: Team, name: str) -> str:
    return f"/admin/accounts/{team.people[name].pk}"


def test_nobody_is_added_to_a_group_from_another_domain(team: Team) -> None:
    group = f"/admin/groups/{team.own.group_id}"
    for member in ("person@other.test", "team@other.test", "person@alias-other.test"):
        told = problem(team["dora"].patch(group, {"members": [member]}, **ANY), 404, "not-found")
        assert member in told["detail"]
        new = {"address": "new@example.test", "members": [member]}
        problem(team["dora"].post("/admin/groups", new), 404, "not-found")
    names = set(GroupMember.objects.filter(group=team.own.group_id).values_list("account__login"))
    assert names == {("person@example.test",)}
    assert team["root"].patch(group, {"members": ["person@other.test"]}, **ANY).status_code == 200


def test_a_member_whom_somebody_with_a_wider_reach_put_in_may_stay(team: Team) -> None:
    group = f"/admin/groups/{team.own.group_id}"
    directory.add_member("team@example.test", "person@other.test")
    wanted = ["friend@example.test", "person@other.test"]
    response = team["dora"].patch(group, {"members": wanted}, **ANY)
    assert response.json()["members"] == wanted
    assert team["dora"].patch(group, {"members": wanted[:1]}, **ANY).status_code == 200
    problem(team["dora"].patch(group, {"members": wanted}, **ANY), 404, "not-found")


@pytest.mark.parametrize(
    "target",
    [
        "person@other.test",
        "PERSON@Other.Test",
        "person@alias-other.test",
        "team@other.test",
        "info@other.test",
    ],
)
def test_no_address_leads_to_an_account_of_another_domain(target: str, team: Team) -> None:
    new = {"address": "x@example.test", "targets": ["someone@outside.test", target]}
    problem(team["dora"].post("/admin/addresses", new), 404, "not-found")
    held = f"/admin/addresses/{team.own.address_id}"
    problem(team["dora"].patch(held, {"targets": [target]}, **ANY), 404, "not-found")
    problem(team["dora"].post("/admin/addresses", new | {"address": "@example.test"}), 404,
            "not-found")  # fmt: skip
    assert not AddressTarget.objects.filter(
        address__domain=team.own.domain_id, account__domain=team.other.domain_id
    )


def test_a_forward_becomes_no_way_to_an_account_when_its_domain_comes_here(team: Team) -> None:
    directory.create_address("out@example.test", ["eve@third.test"])
    directory.create_domain("third.test")
    create("eve@third.test")
    [held] = team["dora"].get("/admin/addresses?q=out").json()["items"]
    body = {"targets": ["eve@third.test", "person@example.test"]}
    response = team["dora"].patch(f"/admin/addresses/{held['id']}", body, **ANY)
    problem(response, 404, "not-found")
    assert AddressTarget.objects.filter(forward_to="eve@third.test").exists()


@pytest.mark.parametrize("place", ["other.test", "alias-other.test", "nowhere.test"])
def test_nothing_is_made_in_another_domain(place: str, team: Team) -> None:
    dora = team["dora"]
    for path, body in (
        ("accounts", {"address": f"x@{place}"}),
        ("rooms", {"address": f"x@{place}"}),
        ("groups", {"address": f"x@{place}"}),
        ("addresses", {"address": f"x@{place}", "targets": ["person@example.test"]}),
        ("addresses", {"address": f"@{place}", "targets": ["person@example.test"]}),
    ):
        told = problem(dora.post(f"/admin/{path}", body), 404, "not-found")
        assert told["detail"] == f"There is no domain {place} that you administer."


def test_no_account_is_renamed_into_another_domain(team: Team) -> None:
    path = f"/admin/accounts/{team.own.person.pk}"
    for address in ("person2@other.test", "person@alias-other.test"):
        problem(team["dora"].patch(path, {"address": address}, **ANY), 404, "not-found")
    assert team["root"].patch(path, {"address": "p2@other.test"}, **ANY).status_code == 200
    problem(team["dora"].get(path), 404, "not-found")


def test_who_manages_both_domains_moves_an_account_between_them(team: Team) -> None:
    roles.grant_role("dora@example.test", "domain", "other.test")
    path = f"/admin/accounts/{team.own.person.pk}"
    response = team["dora"].patch(path, {"address": "p2@other.test"}, **ANY)
    assert response.json()["domain_id"] == team.other.domain_id


@pytest.mark.parametrize(
    ("grantee", "status"),
    [
        ("friend@other.test", 404),
        ("team@other.test", 404),
        ("@other.test", 404),
        ("friend@alias-other.test", 404),
        ("someone@outside.test", 422),
        ("@outside.test", 404),
    ],
)
def test_nothing_is_granted_across_domains(grantee: str, status: int, team: Team) -> None:
    before = Grant.objects.count()
    body = {"account_id": team.own.person.pk, "grantee": grantee, "rights": "all"}
    assert team["dora"].post("/admin/grants", body).status_code == status
    own = {"account_id": team.other.person.pk, "grantee": "dora@example.test", "rights": "all"}
    problem(team["dora"].post("/admin/grants", own), 404, "not-found")
    inbox = own | {"account_id": team.own.person.pk, "collection_id": team.other.collection_id}
    problem(team["dora"].post("/admin/grants", inbox), 404, "not-found")
    assert Grant.objects.count() == before


@pytest.mark.parametrize("name", ["dora", "hilde", "heidi"])
def test_nobody_makes_himself_more_than_he_is(name: str, team: Team) -> None:
    me = team.people[name].pk
    before = set(AdminRole.objects.values_list("account", "role", "domain"))
    for body in (
        {"account_id": me, "role": "global"},
        {"account_id": me, "role": "help-desk"},
        {"account_id": me, "role": "domain", "domain_id": team.other.domain_id},
        {"account_id": me, "role": "help-desk", "domain_id": team.other.domain_id},
        {"account_id": team.own.person.pk, "role": "global"},
        {"account_id": team.own.person.pk, "role": "help-desk"},
    ):
        assert team[name].post("/admin/roles", body).status_code in {403, 404}
    new = {"address": "new@example.test", "is_admin": True, "admin": True, "role": "global"}
    team[name].post("/admin/accounts", new)
    team[name].patch(account_of(team, name), {"admin": True, "is_superuser": True}, **ANY)
    assert set(AdminRole.objects.values_list("account", "role", "domain")) == before
    assert list(Account.objects.filter(is_superuser=True)) == [team.people["root"]]


def test_a_domain_admin_gives_and_takes_the_roles_of_its_own_domain(team: Team) -> None:
    dora, domain = team["dora"], team.own.domain_id
    body = {"account_id": team.own.person.pk, "role": "domain", "domain_id": domain}
    made = dora.post("/admin/roles", body)
    assert made.status_code == 201
    path = f"/admin/roles/{made.json()['id']}"
    assert dora.delete(path, If_Match=made.json()["etag"]).status_code == 204
    root = AdminRole.objects.get(role="global")
    problem(dora.delete(f"/admin/roles/{root.pk}", **ANY), 403, "not-allowed")
    heidi = AdminRole.objects.get(account=team.people["heidi"])
    problem(dora.delete(f"/admin/roles/{heidi.pk}", **ANY), 403, "not-allowed")


def takeovers(team: Team, target: Account) -> list[Any]:
    """Return what somebody would try who wants to be another; the paths of his account."""
    path = f"/admin/accounts/{target.pk}"
    return [
        ("PUT", f"{path}/password", {"password": "a long password"}),
        ("PUT", f"{path}/password", {}),
        ("DELETE", f"{path}/second-factor", None),
        ("DELETE", f"{path}/sessions", None),
        ("DELETE", f"{path}/failed-logins", None),
        ("PATCH", path, {"address": "renamed@example.test"}),
        ("PATCH", path, {"active": False}),
        ("PATCH", path, {"quota": 1}),
        ("DELETE", path, None),
        ("POST", "/admin/grants",
         {"account_id": target.pk, "grantee": "dora@example.test", "rights": "all"}),
        ("POST", "/admin/addresses", {"address": "y@example.test", "targets": [target.login]}),
        ("POST", "/admin/roles",
         {"account_id": target.pk, "role": "help-desk", "domain_id": team.own.domain_id}),
    ]  # fmt: skip


@pytest.mark.parametrize("target", ["root", "heidi", "two"])
@pytest.mark.parametrize("name", ["dora", "hilde", "heidi"])
def test_nobody_takes_over_an_account_with_more_than_he_has(
    name: str, target: str, team: Team
) -> None:
    """All live in the admin's own domain: the global admin, a help desk of all, who has two domains."""
    two = create("two@example.test", password="correct horse battery")
    roles.grant_role(two.login, "domain", "example.test")
    roles.grant_role(two.login, "domain", "other.test")
    account = two if target == "two" else team.people[target]
    account.refresh_from_db()
    before = (account.password, account.login, account.is_active, account.credential_epoch)
    for method, path, body in takeovers(team, account):
        problem(team[name].send(method, path, body, **ANY), 403, "not-allowed")
    account.refresh_from_db()
    assert (account.password, account.login, account.is_active, account.credential_epoch) == before


def test_a_domain_admin_takes_over_whom_it_rules(team: Team) -> None:
    """The twin: a person without a role, and the help desk of the domain."""
    for account in (team.own.friend, team.people["hilde"]):
        for method, path, body in takeovers(team, account)[:5]:
            assert team["dora"].send(method, path, body, **ANY).status_code < 300, path


def test_the_help_desk_lets_people_in_and_does_nothing_else(team: Team) -> None:
    allowed = takeovers(team, team.own.friend)
    for method, path, body in allowed[:5]:
        assert team["hilde"].send(method, path, body, **ANY).status_code < 300, path
    for method, path, body in allowed[5:]:
        problem(team["hilde"].send(method, path, body, **ANY), 403, "not-allowed")
    for who in ("hilde", "dora"):
        for method, path, body in takeovers(team, team.people[who])[:3]:
            problem(team["hilde"].send(method, path, body, **ANY), 403, "not-allowed")


def test_an_address_of_whom_is_not_ruled_is_not_led_elsewhere(team: Team) -> None:
    held = directory.create_address("boss@example.test", ["root@example.test"])
    path = f"/admin/addresses/{held.pk}"
    problem(team["dora"].patch(path, {"targets": ["dora@example.test"]}, **ANY), 403,
            "not-allowed")  # fmt: skip
    problem(team["dora"].delete(path, **ANY), 403, "not-allowed")
    response = team["root"].patch(path, {"targets": ["dora@example.test"]}, **ANY)
    assert response.json()["targets"] == ["dora@example.test"]


def test_what_a_global_admin_granted_is_not_widened(team: Team) -> None:
    rights.grant(team.people["root"], None, team.people["dora"], rights.parse_rights("lr"))
    held = rights.find_grant(team.people["root"], None, team.people["dora"])
    assert held is not None
    problem(team["dora"].delete(f"/admin/grants/{held.pk}", **ANY), 403, "not-allowed")


def test_nobody_locks_himself_out_or_goes_around_his_own_password(team: Team) -> None:
    for name in ("root", "dora"):
        path = account_of(team, name)
        problem(team[name].patch(path, {"active": False}, **ANY), 403, "not-allowed")
        problem(team[name].delete(path, **ANY), 403, "not-allowed")
        problem(team[name].send("PUT", f"{path}/password", {}), 403, "not-allowed")
        problem(team[name].delete(f"{path}/second-factor"), 403, "not-allowed")


def test_lists_show_what_is_in_the_domain_alone(team: Team) -> None:
    paths = ("domains", "accounts", "rooms", "quotas", "addresses", "groups", "roles", "queue",
             "audit")  # fmt: skip
    for path in paths:
        for name in ("dora", "hilde"):
            response = team[name].get(f"/admin/{path}?limit=200")
            assert b"other.test" not in response.content.replace(b"alias-other.test", b""), path
        assert (
            b"other.test" in team["root"].get(f"/admin/{path}?limit=200").content or path == "rooms"
        )


def test_a_role_of_another_domain_is_not_told_of_somebody_of_this_one(team: Team) -> None:
    roles.grant_role("person@example.test", "domain", "other.test")
    assert b"other.test" not in team["dora"].get("/admin/roles").content
    assert b"other.test" in team["root"].get("/admin/roles").content


def test_a_role_that_was_taken_away_opens_nothing_at_the_next_request(team: Team) -> None:
    assert team["dora"].get("/admin/accounts").status_code == 200
    roles.revoke_role("dora@example.test", "domain", "example.test")
    problem(team["dora"].get("/admin/accounts"), 403, "not-allowed")


def test_grants_and_reads_of_mail_by_an_administrator_are_found_in_the_log(team: Team) -> None:
    body = {"account_id": team.own.person.pk, "grantee": "dora@example.test", "rights": "read"}
    assert team["dora"].post("/admin/grants", body).status_code == 201
    assert team["dora"].get(f"/admin/queue/{team.own.queue_id}/header").status_code == 200
    items = team["dora"].get(f"/admin/audit?actor_id={team.people['dora'].pk}").json()["items"]
    assert [item["action"] for item in items] == ["queue.read-header", "grant.set"]
    assert items[1]["detail"]["grantee"] == "dora@example.test"


def test_a_token_reaches_no_further_than_its_account(team: Team, settings: Settings) -> None:
    with token_of(team.people["ann"], ["admin:read", "admin:write"]) as program:
        problem(program.get("/admin/accounts"), 403, "not-allowed")
