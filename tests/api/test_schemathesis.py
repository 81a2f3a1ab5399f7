"""schemathesis over the whole schema: no fault of the server, and a 2xx on each operation."""

import json
import random
import subprocess
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from pytest_django.fixtures import Settings
from pytest_django.live_server_helper import LiveServer

from groupware.core import limits
from groupware.core.models import Account
from groupware.core.roles import grant_role
from groupware.core.scopes import SCOPES
from tests.api.speaking import token_of
from tests.api.table import Operation, list_operations, request_for
from tests.clients.fetched import python_with
from tests.conftest import SetLimit
from tests.services.store import create

HERE = Path(__file__).parent
OWN = "/api/v1/me"
EXAMPLES = 12
"""Requests by chance to each operation."""


@pytest.fixture
def program() -> Path:
    return python_with(HERE / "requirements" / "schemathesis.txt")


def asked_of(operation: Operation, owner: Account, authorization: str) -> dict[str, Any]:
    """Return a request that the operation takes, cut into its parts."""
    asked = request_for(operation, owner)
    path, _, query = asked.path.partition("?")
    wanted, given = operation.path.split("/"), path.split("/")
    places = {
        name.strip("{}"): unquote(text)
        for name, text in zip(wanted, given, strict=True)
        if name.startswith("{")
    }
    body = asked.body.decode("latin-1") if isinstance(asked.body, bytes) else asked.body
    return {
        "id": operation.described["operationId"],
        "authorization": authorization,
        "path_parameters": places,
        "query": query,
        "headers": dict(asked.headers),
        "body": body,
        "kind": asked.kind,
    }


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.django_db(transaction=True)
def test_no_operation_fails_and_each_succeeds(
    live_server: LiveServer, program: Path, ann: Account, settings: Settings, set_limit: SetLimit
) -> None:
    settings.GROUPWARE_ALLOW_PLAINTEXT = True
    for limit in (limits.API_REQUESTS, limits.API_FAILURES, limits.API_KEYS):
        set_limit(limit, 1_000_000)
    root = create("root@example.test")
    grant_role(root.login, "global")
    operations = [found for found in list_operations() if not found.is_public]
    operations = [found for found in operations if not found.needs.session]
    with ExitStack() as held:
        anns = held.enter_context(token_of(ann, list(SCOPES))).headers["Authorization"]
        roots = held.enter_context(token_of(root, list(SCOPES))).headers["Authorization"]
        asked = [
            asked_of(found, ann, roots if (found.scope or "").startswith("admin:") else anns)
            for found in operations
            if not found.path.startswith(OWN)
        ]
        # What opens an account, or ends its sessions, is done to an account of its own each time.
        for number, found in enumerate(found for found in operations if found.path.startswith(OWN)):
            owner = create(f"own{number}@example.test")
            owns = held.enter_context(token_of(owner, list(SCOPES))).headers["Authorization"]
            asked.append(asked_of(found, owner, owns))
        told = run(program, {"url": live_server.url, "operations": asked})
    assert [one for one in told if one["wrong"] or not 200 <= one["known"] < 300] == []
    assert {one["id"] for one in told} == {one["id"] for one in asked}


def run(program: Path, asked: Any) -> list[dict[str, Any]]:
    seed = random.randrange(1 << 32)
    print(f"The seed of this run is {seed}.")  # noqa: T201 - shown where the test failed
    done = subprocess.run(
        [program, HERE / "schemathesis_driver.py", str(EXAMPLES), str(seed)],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        timeout=840,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-8_000:]
    found: list[dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
    return found
