"""One running server for the DAV clients of a session, and people who never meet."""

from collections.abc import Iterator

import pytest

from tests.clients.dav import servers
from tests.clients.dav.servers import DavServer
from tests.clients.dav.visitor import Visitor
from tests.clients.people import DOMAIN, Person

PEOPLE = 60


@pytest.fixture(scope="session")
def dav(tmp_path_factory: pytest.TempPathFactory, second_database_url: str) -> Iterator[DavServer]:
    """Yield a server."""
    with servers.serving_dav(tmp_path_factory.mktemp("dav"), second_database_url) as server:
        yield server


@pytest.fixture(scope="session")
def people(dav: DavServer) -> Iterator[Person]:
    """Return people who have not signed in yet, one for each `next`."""
    # None is the beginning of another: a search for one's name finds one.
    addresses = [f"person-{number:02}@{DOMAIN}" for number in range(PEOPLE)]
    dav.create_people(addresses)
    return iter([Person(address) for address in addresses])


@pytest.fixture
def third_person(people: Iterator[Person]) -> Person:
    """Return one more."""
    return next(people)


@pytest.fixture
def visitor(dav: DavServer, person: Person) -> Iterator[Visitor]:
    """Yield a session of the person by whom the tests see what the server holds."""
    with Visitor(dav, person) as session:
        yield session
