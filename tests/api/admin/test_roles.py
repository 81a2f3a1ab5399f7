"""Every operation of administration by every role, in its domain and in another."""

from typing import Any

import pytest
from django.db import transaction

from groupware.api.admin.urls import urlpatterns
from groupware.core import audit
from groupware.core.models import AuditEntry
from tests.api.admin.operations import LOOK, OPERATIONS, Operation
from tests.api.admin.team import ROLES, Team, Things
from tests.api.speaking import Api, problem, token_of

pytestmark = pytest.mark.django_db

EVERYWHERE = {"root", "heidi"}


def named(operation: Operation) -> str:
    return f"{operation.method} {operation.route}"


def do(program: Api, operation: Operation, things: Things) -> Any:
    """Do it, and undo what it did."""
    with transaction.atomic():
        response = program.send(
            operation.method, operation.path(things), operation.body(things), If_Match="*"
        )
        transaction.set_rollback(True)
    return response


def may(operation: Operation, name: str, things: Things) -> bool:
    """Whether somebody may do it to the things of a domain."""
    if name == "odo":  # as dora, in the other domain
        return "dora" in operation.may and (operation.is_list or things.domain == "other.test")
    if name not in operation.may:
        return False
    return name in EVERYWHERE or operation.is_list or things.domain == "example.test"


def test_the_table_has_every_operation_there_is() -> None:
    there = {
        (f"admin/{pattern.pattern}", method.upper())
        for pattern in urlpatterns
        for method in ("get", "post", "put", "patch", "delete")
        if hasattr(pattern.callback.view_class, method)  # type: ignore[attr-defined]
    }
    assert {(operation.route, operation.method) for operation in OPERATIONS} == there


@pytest.mark.parametrize("operation", OPERATIONS, ids=named)
def test_each_role_may_do_what_is_its_own_where_it_is_and_nothing_else(
    operation: Operation, team: Team
) -> None:
    for things in (team.own, team.other):
        for name in ROLES:
            response = do(team[name], operation, things)
            where = f"{name} in {things.domain}: {response.status_code} {response.content[:300]}"
            if may(operation, name, things):
                assert 200 <= response.status_code < 300, where
            elif name == "ann":
                problem(response, 403, "not-allowed")
            else:
                assert response.status_code in {403, 404}, where


@pytest.mark.parametrize("operation", [held for held in OPERATIONS if "<" in held.route], ids=named)
def test_what_is_in_another_domain_is_not_there(operation: Operation, team: Team) -> None:
    """Its answer is that for what never was; the number alone differs."""
    for name in ("dora", "odo"):
        things = team.other if name == "dora" else team.own
        if operation.route.startswith(("admin/queue", "admin/audit")) or name in LOOK | {"odo"}:
            told = problem(do(team[name], operation, things), 404, "not-found")
            assert things.domain not in told["detail"]


@pytest.mark.parametrize(
    "operation",
    [held for held in OPERATIONS if held.is_write or held.route.endswith("header")],
    ids=named,
)
def test_each_write_and_each_look_at_mail_is_in_the_audit_log(
    operation: Operation, team: Team
) -> None:
    before = audit.last_entry()
    response = team["root"].send(
        operation.method, operation.path(team.own), operation.body(team.own), If_Match="*"
    )
    assert response.status_code < 300, response.content
    made = AuditEntry.objects.filter(pk__gt=before)
    assert made
    for entry in made:
        assert (entry.actor, entry.role) == ("root@example.test", "global")
        assert entry.actor_id == team.people["root"].pk
        assert entry.network == "127.0.0.1"


@pytest.mark.parametrize("operation", OPERATIONS, ids=named)
def test_a_refused_operation_leaves_nothing(operation: Operation, team: Team) -> None:
    before = audit.last_entry()
    for name in ("ann", "odo"):
        response = team[name].send(
            operation.method, operation.path(team.own), operation.body(team.own), If_Match="*"
        )
        assert response.status_code in {403, 404} or not operation.is_write
    assert audit.last_entry() == before


@pytest.mark.parametrize("operation", OPERATIONS, ids=named)
def test_credentials_without_the_scope_open_nothing(operation: Operation, team: Team) -> None:
    scope = "admin:read" if operation.is_write else "admin:write"
    with token_of(team.people["root"], [scope, "mail:read"]) as program:
        problem(do(program, operation, team.own), 403, "not-allowed")
    problem(do(Api(team.people["root"]), operation, team.own), 403, "not-allowed")
    problem(do(Api(None), operation, team.own), 401, "unauthenticated")
