"""What every test stands on: Django with a data directory of its own, on either database.

Settings are read from the environment, so `pytest_configure` sets that first. A conftest.py is
imported before Django is set up: models are imported by test modules and inside fixtures only.

`--database=postgresql` keeps the tests that use a database and runs them on a server that this
session starts; `python -m tests.run` runs pytest with both.
"""

import contextlib
import os
import shutil
import signal
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import pytest
from pytest_django.fixtures import Settings

from groupware.core.limit import Limit
from tests import databases, selection
from tests.services import postgresql

KEPT_VARIABLES = ("GROUPWARE_TEST_CORPUS", "GROUPWARE_TEST_SKIPS")
URL_FOR_WORKERS = "GROUPWARE_TEST_POSTGRESQL"
DATABASE_FIXTURES = {
    "db",
    "transactional_db",
    "django_db_setup",
    "fresh_database_url",
    "empty_database_url",
    "other_database_url",
    "session_database_url",
    "second_database_url",
    "module_database_url",
}
WITHOUT_SOCKETS = ("unit", "property")

SetLimit = Callable[[Limit, float], None]

_resources = pytest.StashKey[contextlib.ExitStack]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the choice of database."""
    parser.addoption("--database", choices=("sqlite", "postgresql"), default="sqlite")


def pytest_configure(config: pytest.Config) -> None:
    """Set the environment of this process, then Django up."""
    # A shell's background jobs ignore it, and the programs that tests interrupt would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    resources = config.stash[_resources] = contextlib.ExitStack()
    data = tempfile.mkdtemp(prefix="groupware-tests-")
    resources.callback(shutil.rmtree, data, ignore_errors=True)
    database_url = os.environ.get(URL_FOR_WORKERS, "")
    templates = os.environ.get(databases.DIRECTORY, data)
    if config.getoption("database") == "sqlite":
        database_url = ""
    elif not database_url and postgresql.find_binaries() is not None:
        database_url = resources.enter_context(postgresql.running_server())
    for name in [name for name in os.environ if name.startswith("GROUPWARE_")]:
        if name not in KEPT_VARIABLES:
            del os.environ[name]
    os.environ["GROUPWARE_DATA"] = data
    os.environ[databases.DIRECTORY] = templates
    os.environ["GROUPWARE_DATABASE_URL"] = os.environ[URL_FOR_WORKERS] = database_url
    os.environ["DJANGO_SETTINGS_MODULE"] = "groupware.settings"
    import django

    django.setup()
    _empty_tables_after_tests()
    # A worker that inherited it would load the settings before this, with its parent's directory.
    del os.environ["DJANGO_SETTINGS_MODULE"]
    hypothesis.settings.register_profile("groupware", deadline=None, print_blob=True)
    hypothesis.settings.load_profile("groupware")


def _empty_tables_after_tests() -> None:
    from django.db import connections
    from django.test import TransactionTestCase

    def teardown(self: TransactionTestCase) -> None:
        for name in self._databases_names(include_mirrors=False):  # type: ignore[attr-defined]
            databases.empty_tables(connections[name])

    TransactionTestCase._fixture_teardown = teardown  # type: ignore[attr-defined]


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop what this session started and take its files away."""
    from groupware.core import events

    events.close_sender()
    config.stash[_resources].close()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the tests of this run's database; block sockets where nothing needs them."""
    database = config.getoption("database")
    kept: list[pytest.Item] = []
    left_out: list[pytest.Item] = []
    for item in items:
        (kept if _runs_on(item, database) else left_out).append(item)
        if item.path.relative_to(config.rootpath).parts[1:2][0] in WITHOUT_SOCKETS:
            item.add_marker(pytest.mark.disable_socket)
    config.hook.pytest_deselected(items=left_out)
    # What takes long begins first, so that no worker ends alone with it.
    items[:] = sorted(kept, key=lambda item: not item.nodeid.startswith(selection.LONG))
    if database == "postgresql" and not os.environ["GROUPWARE_DATABASE_URL"]:
        for item in items:
            item.add_marker(pytest.mark.skip(reason=postgresql.MISSING))


def _runs_on(item: pytest.Item, database: str) -> bool:
    if item.get_closest_marker("postgresql" if database == "sqlite" else "sqlite"):
        return False
    if database == "sqlite" or item.get_closest_marker("postgresql"):
        return True
    if selection.is_for_one_database(item.nodeid):
        return False
    if item.get_closest_marker("django_db"):
        return True
    return bool(DATABASE_FIXTURES.intersection(getattr(item, "fixturenames", ())))


@pytest.fixture(autouse=True)
def _no_hub_is_left_open() -> Iterator[None]:
    """Let fail whoever leaves a hub open: it would carry the events of all tests that follow."""
    before = open_hubs()
    yield
    left = [held for held in open_hubs() if held not in before]
    assert not left, f"The test left a hub open: {left}"


@pytest.fixture(autouse=True)
def _no_language_is_left_active() -> Iterator[None]:
    """Forget the language of the last page, which a client in the tests leaves in its thread."""
    yield
    if (translation := sys.modules.get("django.utils.translation")) is not None:
        translation.deactivate()


def open_hubs() -> list[object]:
    """Return the hubs of this process, and what else carries events, of modules that are loaded."""
    events, aio = map(sys.modules.get, ("groupware.core.events", "groupware.core.aio"))
    held = [*getattr(events, "_carriers", ()), getattr(aio, "_hub", None)]
    return [carrier for carrier in held if carrier is not None]


@pytest.fixture
def fresh_database_url(tmp_path: Path) -> Iterator[str]:
    """Yield a value of GROUPWARE_DATABASE_URL for other processes: migrated, and nobody's yet."""
    with databases.fresh_database(tmp_path / "database") as url:
        yield url


@pytest.fixture
def other_database_url(tmp_path: Path) -> Iterator[str]:
    """Yield another such, for a server beside the test's own."""
    with databases.fresh_database(tmp_path / "other") as url:
        yield url


@pytest.fixture
def empty_database_url(tmp_path: Path) -> Iterator[str]:
    """Yield the same of a database with nothing in it, no table either."""
    with databases.empty_database(tmp_path) as url:
        yield url


@pytest.fixture(scope="session")
def session_database_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield the same for processes that live as long as the session."""
    with databases.fresh_database(tmp_path_factory.mktemp("database")) as url:
        yield url


@pytest.fixture(scope="session")
def second_database_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield another such, for a server beside the first one: each has its own data directory."""
    with databases.fresh_database(tmp_path_factory.mktemp("database")) as url:
        yield url


@pytest.fixture(scope="module")
def module_database_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield one that the tests of a module have to themselves."""
    with databases.fresh_database(tmp_path_factory.mktemp("database")) as url:
        yield url


@pytest.fixture
def set_limit(settings: Settings) -> SetLimit:
    """Return what gives a limit of `groupware.core.limits` another value for this test."""

    def set_one(limit: Limit, value: float) -> None:
        settings.GROUPWARE_LIMITS = settings.GROUPWARE_LIMITS | {limit.name: value}

    return set_one


@pytest.fixture
def relaxed(transactional_db: None) -> Iterator[None]:
    """Let this thread write as the event loop of a server does: in part without a sync."""
    from django.db import connection

    from groupware.core import db

    if db.is_sqlite():
        connection.ensure_connection()
        db.relax()
    yield
    connection.close()


@pytest.fixture(scope="session")
def corpus() -> Path:
    """Return the directory of real test data, or skip."""
    value = os.environ.get("GROUPWARE_TEST_CORPUS", "")
    if not value:
        pytest.skip("set GROUPWARE_TEST_CORPUS to the directory of test data")
    return Path(value)


def _skips(reporter: pytest.TerminalReporter) -> Counter[str]:
    """Return how often each reason to skip was given."""
    reasons: Counter[str] = Counter()
    for report in reporter.stats.get("skipped", []):
        if not hasattr(report, "wasxfail") and isinstance(report.longrepr, tuple):
            reasons[report.longrepr[2].removeprefix("Skipped: ")] += 1
    return reasons


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI a skipped test is a failure, but for those that want the corpus."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or hasattr(session.config, "workerinput"):
        return
    reasons = _skips(reporter)
    if os.environ.get("GROUPWARE_TEST_SKIPS"):
        with Path(os.environ["GROUPWARE_TEST_SKIPS"]).open("a") as file:
            file.writelines(f"{count}\t{reason}\n" for reason, count in reasons.items())
    refused = [reason for reason in reasons if "GROUPWARE_TEST_CORPUS" not in reason]
    if os.environ.get("CI") == "true" and refused and session.exitstatus == 0:
        reporter.write_line(f"\nSkipped in CI, which is a failure: {'; '.join(refused)}", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
