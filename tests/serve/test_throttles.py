"""How often somebody may ask, of a server with several processes on two ports."""

import contextlib
import http.client
import ssl
import time
from collections.abc import Iterator

import pytest

from tests.clients.people import Person, create_people
from tests.serve.listening import basic
from tests.serve.running import Running, child_pids, serving

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]
ANN = Person("ann@example.test")
MOST = 10
VARIABLES = {
    "GROUPWARE_API_MAX_REQUESTS": str(MOST),
    "GROUPWARE_API_MAX_FAILURES": str(MOST),
    "GROUPWARE_ALLOW_PLAINTEXT": "1",
    "GROUPWARE_PROCESSES": "2",
}
TRIES = 40
"""A connection of its own each, so that every worker gets some."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, module_database_url: str) -> Iterator[Running]:
    variables = {"GROUPWARE_DATABASE_URL": module_database_url, **VARIABLES}
    data = tmp_path_factory.mktemp("throttles") / "data"
    with serving(data, "web", **variables) as running:
        create_people(running, [ANN.address], **variables)
        yield running


def ask(server: Running, port: str, headers: dict[str, str]) -> tuple[int, int]:
    """Return the status, and when to come again."""
    connection: http.client.HTTPConnection
    if port == "HTTPS":
        context = ssl.create_default_context(cafile=str(server.trusted))
        connection = http.client.HTTPSConnection(
            "localhost", server.ports[port], timeout=30, context=context
        )
    else:
        connection = http.client.HTTPConnection("127.0.0.1", server.ports[port], timeout=30)
    with contextlib.closing(connection):
        connection.request("GET", "/api/v1/mailboxes", headers=headers)
        response = connection.getresponse()
        response.read()
        return response.status, int(response.headers.get("Retry-After", 0))


def allowed_since(began: float) -> float:
    """Return how many may have passed: what there was, and what came back meanwhile."""
    return MOST + MOST * (time.monotonic() - began) / 60 + 1


def test_a_limit_holds_for_all_workers_of_all_ports_together(server: Running) -> None:
    workers = [len(child_pids(server.pid_of(name))) for name in ("web", "web-tls")]
    assert sum(workers) >= 4
    began = time.monotonic()
    answers = [ask(server, ("HTTP", "HTTPS")[turn % 2], basic(ANN)) for turn in range(TRIES)]
    passed = [status for status, _ in answers if status == 200]
    refused = [wait for status, wait in answers if status == 429]
    assert len(passed) + len(refused) == TRIES
    assert refused
    assert MOST <= len(passed) <= allowed_since(began)
    assert all(1 <= wait <= 6 for wait in refused)
    files = list((server.data / "run").glob("*.slots"))
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}

    # Wrong credentials of one network, which is then kept out with good ones as well.
    began, tried = time.monotonic(), []
    for turn in range(TRIES):
        headers = {"Authorization": f"Bearer wrong{turn}"}
        tried.append(ask(server, ("HTTP", "HTTPS")[turn % 2], headers)[0])
    assert set(tried) == {401, 429}
    assert MOST <= tried.count(401) <= allowed_since(began)
