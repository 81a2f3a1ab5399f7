"""One running server for all clients of a session, and people who never meet.

A test takes `person`, whom no other test has; the clients check the server's certificate.
"""

import ssl
from collections.abc import Iterator

import pytest

from tests.clients.people import DOMAIN, Person, create_people
from tests.serve.running import Running, serving

PEOPLE = 150


@pytest.fixture(scope="session")
def server(
    tmp_path_factory: pytest.TempPathFactory, session_database_url: str
) -> Iterator[Running]:
    """Yield a server with two processes of each protocol."""
    data = tmp_path_factory.mktemp("clients") / "data"
    variables = {"GROUPWARE_DATABASE_URL": session_database_url, "GROUPWARE_LOG_LEVEL": "WARNING"}
    with serving(data, "imap", "lmtp", "pop3", "smtp", **variables) as running:
        yield running
    assert "Traceback" not in running.output.read_text()


@pytest.fixture(scope="session")
def people(server: Running, session_database_url: str) -> Iterator[Person]:
    """Return people who have not signed in yet, one for each `next`."""
    # None is the beginning of another: a search for one's name finds one.
    addresses = [f"person-{number:03}@{DOMAIN}" for number in range(PEOPLE)]
    create_people(server, addresses, GROUPWARE_DATABASE_URL=session_database_url)
    return iter([Person(address) for address in addresses])


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
