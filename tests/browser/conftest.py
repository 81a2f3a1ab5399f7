"""A server with people, and a Chromium that looks at it; skipped where there is no Chromium."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.browser import chromium as chromium_of_tests
from tests.clients.people import Person, create_people
from tests.serve.running import Running, serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext

ANN, BEN, ROOT = (Person(f"{name}@example.test") for name in ("ann", "ben", "root"))
ROLES = ("web", "events", "imap")
VARIABLES = {"GROUPWARE_ALLOW_PLAINTEXT": "1", "GROUPWARE_EVENTS_HEARTBEAT": "1"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, module_database_url: str) -> Iterator[Running]:
    """Return a server for the tests of a module, with three people; Root administers."""
    variables = {"GROUPWARE_DATABASE_URL": module_database_url, **VARIABLES}
    data = tmp_path_factory.mktemp("browser") / "data"
    with serving(data, *ROLES, **variables) as running:
        create_people(running, [person.address for person in (ANN, BEN, ROOT)], **variables)
        yield running


# Of a module: while Playwright runs, an event loop of its own runs in this thread, and tests of
# other modules that want one could not begin theirs.
@pytest.fixture(scope="module")
def chromium() -> Iterator["Browser"]:
    """Return a Chromium without a window."""
    path = chromium_of_tests.find()
    if path is None:
        pytest.skip("run `make test-deps`, which installs chromium")
    with chromium_of_tests.running(path) as browser:
        yield browser


@pytest.fixture
def window(chromium: "Browser", server: Running) -> Iterator["BrowserContext"]:
    """Return windows that share their cookies, and know the server as the start of each URL."""
    base = f"https://localhost:{server.ports['HTTPS']}"
    context = chromium.new_context(base_url=base, ignore_https_errors=True)
    try:
        yield context
    finally:
        context.close()
