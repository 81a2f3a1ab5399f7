"""One running server for all clients of a session, and people who never meet.

A test takes `person`, whom no other test has; the clients check the server's certificate.
"""

import ssl
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.serve.running import Running, environment, serving

DOMAIN = "example.test"
PASSWORD = 'correct "horse" battery\\staple'
PEOPLE = 60


@dataclass(frozen=True, slots=True)
class Person:
    """Who signs in."""

    address: str
    password: str


@pytest.fixture(scope="session")
def server(
    tmp_path_factory: pytest.TempPathFactory, session_database_url: str
) -> Iterator[Running]:
    """Yield a server with two processes of each protocol."""
    data = tmp_path_factory.mktemp("clients") / "data"
    variables = {"GROUPWARE_DATABASE_URL": session_database_url, "GROUPWARE_LOG_LEVEL": "WARNING"}
    with serving(data, "imap", "lmtp", **variables) as running:
        yield running
    assert "Traceback" not in running.output.read_text()


@pytest.fixture(scope="session")
def people(server: Running, session_database_url: str) -> Iterator[Person]:
    """Return people who have not signed in yet, one for each `next`."""
    addresses = [f"person-{number}@{DOMAIN}" for number in range(PEOPLE)]
    create_people(server, session_database_url, addresses)
    return iter([Person(address, PASSWORD) for address in addresses])


@pytest.fixture
def person(people: Iterator[Person]) -> Person:
    """Return somebody with empty mailboxes."""
    return next(people)


@pytest.fixture
def second_person(people: Iterator[Person]) -> Person:
    """Return somebody else."""
    return next(people)


@pytest.fixture(scope="session")
def tls(server: Running) -> ssl.SSLContext:
    """Return what clients check the server by: its own certificate and name."""
    return ssl.create_default_context(cafile=str(server.trusted))


def create_people(running: Running, database_url: str, addresses: list[str]) -> None:
    """Create accounts whose password is `PASSWORD`."""
    subprocess.run(
        [sys.executable, "-m", "tests.clients.accounts", PASSWORD, *addresses],
        check=True,
        cwd=Path(__file__).parents[2],
        env=environment(running.data, running.ports, GROUPWARE_DATABASE_URL=database_url),
    )
