"""python-caldav: its functional tests, and the tester of servers that is made of it.

Both run in an environment of their own (`requirements/caldav.txt`). The functional tests come in
the source distribution, and find the server in a file of the home directory.
"""

import ast
import contextlib
import json
import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from defusedxml.ElementTree import parse

from tests.clients.dav.servers import DavServer
from tests.clients.fetched import python_with, source_of
from tests.clients.people import Person
from tests.clients.told import Told, telling
from tests.clients.tools import private

REQUIREMENTS = Path(__file__).parent / "requirements" / "caldav.txt"
FUNCTIONAL = ("tests/test_caldav.py", "tests/test_async_integration.py")
SECONDS = 600


class Outcome(NamedTuple):
    """What came of the functional tests, by their names; the last line of each that did not pass."""

    passed: frozenset[str]
    failed: Mapping[str, str]
    skipped: Mapping[str, str]


def run_functional_tests(
    server: DavServer, person: Person, features: Mapping[str, str], directory: Path
) -> Outcome:
    """Run them all as one person; `features` are what the server is known to lack or to have."""
    place = directory / ".config" / "caldav"
    place.mkdir(parents=True)
    described = {
        "type": "external",
        "enabled": True,
        # Without TLS: some of them ask by way of a proxy of their own.
        "url": server.plain_url,
        "username": person.address,
        "password": person.password,
        "features": dict(features),
    }
    private(place / "test_servers.json", json.dumps({"test-servers": {"groupware": described}}))
    results = directory / "results.xml"
    options = [
        "-q",
        "-p",
        "no:cacheprovider",
        "-o",
        "asyncio_default_fixture_loop_scope=function",
        # Two of the tests call a method that the library deprecates.
        "-W",
        "ignore::DeprecationWarning",
        f"--junitxml={results}",
    ]
    _run(server, directory, [_python(), "-m", "pytest", *options, *FUNCTIONAL], source=True)
    return _read(results)


def _read(results: Path) -> Outcome:
    passed: set[str] = set()
    failed: dict[str, str] = {}
    skipped: dict[str, str] = {}
    for case in parse(results).iter("testcase"):
        name = f"{case.get('classname', '').rpartition('.')[2]}.{case.get('name')}"
        problem = next((child for child in case if child.tag in {"failure", "error"}), None)
        skip = case.find("skipped")
        if problem is not None:
            failed[name] = problem.get("message", "")
        elif skip is not None:
            skipped[name] = skip.get("message", "")
        else:
            passed.add(name)
    return Outcome(frozenset(passed), failed, skipped)


def find_features(
    server: DavServer, person: Person, directory: Path
) -> Mapping[str, Mapping[str, object]]:
    """Return what the tester of servers finds, by the names that it gives to features.

    Without TLS: its look at WWW-Authenticate cannot be told whom to trust.
    """
    program = str(Path(_python()).parent / "caldav-server-tester")
    login = ["--caldav-username", person.address, "--caldav-password", person.password]
    command = [program, "--caldav-url", server.plain_url, *login, "--format", "hints"]
    printed = _run(server, directory, command)
    found: dict[str, dict[str, object]] = ast.literal_eval(printed)
    return found


def _python() -> str:
    return str(python_with(REQUIREMENTS))


def _run(server: DavServer, home: Path, command: Sequence[str], *, source: bool = False) -> str:
    """Run a program that knows of no other server, and return what it printed."""
    variables = {
        "HOME": str(home),
        "REQUESTS_CA_BUNDLE": str(server.trusted),
        "PYTHON_CALDAV_TEST_EMBEDDED": "0",
        "PYTHON_CALDAV_TEST_DOCKER": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "TMPDIR": str(home),
    }
    done = subprocess.run(
        command,
        cwd=source_of("caldav", REQUIREMENTS) if source else home,
        env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"} | variables,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    # pytest ends with 1 where a test failed.
    assert done.returncode in ({0, 1} if source else {0}), (done.stdout, done.stderr)
    return done.stdout


@contextlib.contextmanager
def python_caldav(server: DavServer, person: Person) -> Iterator[Told]:
    """Sign a person in, and look for the principal."""
    settings = {
        "url": server.url,
        "username": person.address,
        "password": person.password,
        "ssl_verify_cert": str(server.trusted),
    }
    command = [_python(), str(Path(__file__).with_name("caldav_driver.py")), json.dumps(settings)]
    with telling(command) as client:
        client.call("connect")
        yield client
