"""Nobody reaches what is another's: every operation of the table of URLs, as every role.

A new view is covered without being named. Where these tests cannot make what its URL or body needs,
they say what tests/api/objects lacks.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client

from groupware.api.urls import v1
from groupware.api.views import make_schema
from groupware.core.directory import create_domain
from groupware.core.models import Account, Domain
from groupware.core.roles import grant_role
from groupware.core.scopes import SCOPES
from tests.api import objects
from tests.api.speaking import Api, token_of
from tests.api.table import Asked, Operation, list_operations, list_patterns, request_for
from tests.services.store import create

pytestmark = pytest.mark.django_db

OPERATIONS = [operation for operation in list_operations() if not operation.is_public]
PAGES = {"api/v1/docs/", "api/v1/docs/problems"}
"""What is no operation: pages for people, which show nobody's anything."""
REFUSED = {403, 404}


@dataclass(frozen=True, slots=True)
class People:
    """Ann and Ben of one domain, Eve of another; who administers both, one or the other."""

    ann: Account
    ben: Account
    eve: Account
    root: Account
    others_admin: Account
    others_help_desk: Account

    @property
    def strangers(self) -> dict[str, Account]:
        return {
            "a person of another domain": self.eve,
            "a domain admin of another domain": self.others_admin,
            "the help desk of another domain": self.others_help_desk,
        }


@pytest.fixture
def people(domain: Domain, ann: Account, ben: Account) -> People:
    create_domain("other.test")
    admin, help_desk = create("admin@other.test"), create("help@other.test")
    root = create("root@example.test")
    grant_role(admin.login, "domain", "other.test")
    grant_role(help_desk.login, "help-desk", "other.test")
    grant_role(root.login, "global")
    return People(ann, ben, create("eve@other.test"), root, admin, help_desk)


@pytest.fixture
def tokens() -> Iterator[ExitStack]:
    with ExitStack() as held:
        yield held


def send(api: Api, operation: Operation, asked: Asked) -> Any:
    names = {name.replace("-", "_"): text for name, text in asked.headers.items()}
    return api.send(operation.method, asked.path, asked.body, kind=asked.kind, **names)


def owner_of(operation: Operation, people: People) -> Account:
    """Return who may do it: what is administered is done by the global admin, all else by Ann."""
    return people.root if (operation.scope or "").startswith("admin:") else people.ann


def speaker(operation: Operation, account: Account, tokens: ExitStack) -> Api:
    if not operation.needs.session:
        api: Api = tokens.enter_context(token_of(account, list(SCOPES)))
        return api
    api = Api(account, "")
    api.client = Client(raise_request_exception=False)
    api.client.force_login(account)
    return api


def names_something(operation: Operation) -> bool:
    return bool(operation.parameters) or operation.needs.names


def is_domains(operation: Operation) -> bool:
    return any(objects.find_parameter(name).is_domains for name in operation.parameters)


def is_administered(operation: Operation) -> bool:
    return (operation.scope or "").startswith("admin:")


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_whose_it_is_may(operation: Operation, people: People, tokens: ExitStack) -> None:
    asked = request_for(operation, people.ann)
    response = send(speaker(operation, owner_of(operation, people), tokens), operation, asked)
    assert 200 <= response.status_code < 300, (asked, response.content)


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_nobody_and_a_token_without_the_scope_may_not(
    operation: Operation, people: People, tokens: ExitStack
) -> None:
    asked = request_for(operation, people.ann)
    assert send(Api(None), operation, asked).status_code == 401
    assert operation.scope in SCOPES, f"{operation} names no scope"
    lesser = [scope for scope in SCOPES if scope != operation.scope]
    program = tokens.enter_context(token_of(owner_of(operation, people), lesser))
    assert send(program, operation, asked).status_code == 403


@pytest.mark.parametrize(
    "operation", [found for found in OPERATIONS if names_something(found)], ids=str
)
def test_nobody_elses_may(operation: Operation, people: People, tokens: ExitStack) -> None:
    asked = request_for(operation, people.ann)
    strangers = dict(people.strangers)
    if not is_domains(operation):
        strangers["a person of the same domain"] = people.ben
    reached = {}
    for who, account in strangers.items():
        response = send(speaker(operation, account, tokens), operation, asked)
        if response.status_code not in REFUSED:
            reached[who] = (response.status_code, response.content)
    assert reached == {}
    response = send(speaker(operation, owner_of(operation, people), tokens), operation, asked)
    assert 200 <= response.status_code < 300, (asked, response.content)


@pytest.mark.parametrize(
    "operation",
    [found for found in OPERATIONS if found.method == "GET" and not names_something(found)],
    ids=str,
)
def test_lists_show_nothing_of_another_domain(
    operation: Operation, people: People, tokens: ExitStack
) -> None:
    asked = request_for(operation, people.ann)
    for who, account in people.strangers.items():
        response = send(speaker(operation, account, tokens), operation, asked)
        if is_administered(operation) and response.status_code in REFUSED:
            continue
        assert response.status_code == 200, (who, response.content)
        assert b"example.test" not in response.content, who


def test_who_has_no_role_administers_nothing(people: People, tokens: ExitStack) -> None:
    reached = []
    for operation in filter(is_administered, OPERATIONS):
        asked = request_for(operation, people.ann)
        for account in (people.ann, people.ben):
            response = send(speaker(operation, account, tokens), operation, asked)
            if response.status_code not in REFUSED:
                reached.append((str(operation), account.login, response.status_code))
    assert reached == []


def test_every_url_is_an_operation_of_the_schema_or_a_page() -> None:
    schema, _ = make_schema()
    told = {
        (path, method.upper()) for path, methods in schema["paths"].items() for method in methods
    }
    assert told == {(found.path, found.method) for found in OPERATIONS}
    views = {found.path for found in list_operations()}
    others = {
        path
        for path, pattern in list_patterns()
        if path.startswith("api/v1/") and not hasattr(pattern.callback, "view_class")
    }
    assert others == PAGES
    assert len(views) + len(PAGES) >= len(v1) - 1


def test_objects_are_of_operations_that_are_there() -> None:
    told = {found.described["operationId"] for found in OPERATIONS}
    assert objects.known_operations() <= told
