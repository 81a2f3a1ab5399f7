"""python-caldav's own functional tests, whole, and what caldav-server-tester says."""

from pathlib import Path

import pytest

from tests.clients.dav import features
from tests.clients.dav.python_caldav import find_features, run_functional_tests
from tests.clients.dav.servers import DavServer
from tests.clients.people import Person

FEATURES = {"scheduling": "unsupported"}
"""Where this server is not what the library takes for granted; scheduling comes later."""
PROXY = "its proxy looks for Content-Type written so; HTTP server writes names in lower case"
FAILURES = {
    "TestProxy.testWithProxyParams": PROXY,
    "TestProxy.testWithProxyParamsWithoutScheme": PROXY,
}
"""Functional tests that fail, and why."""


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_functional_tests_pass(dav: DavServer, person: Person, tmp_path: Path) -> None:
    outcome = run_functional_tests(dav, person, FEATURES, tmp_path)
    assert len(outcome.passed) > 120
    assert set(outcome.failed) == set(FAILURES), outcome.failed


@pytest.mark.slow
@pytest.mark.sqlite
@pytest.mark.timeout(600)
def test_server_tester_finds_every_feature_but_those_explained(
    dav: DavServer, person: Person, tmp_path: Path
) -> None:
    found = find_features(dav, person, tmp_path)
    assert len(found) > 80
    assert features.lacking(found) == set(features.EXPLAINED)
    assert features.DOCUMENT.read_text() == features.render(found), "run its command again"
