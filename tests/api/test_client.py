"""A typed client that openapi-python-client makes from the schema, at work."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from pytest_django.fixtures import Settings
from pytest_django.live_server_helper import LiveServer

from groupware.api.views import make_schema
from groupware.core.models import Account
from tests.api.speaking import token_of
from tests.clients.fetched import python_with

HERE = Path(__file__).parent


@pytest.fixture
def python() -> Path:
    return python_with(HERE / "requirements" / "client.txt")


def kinds_of(schema: Any) -> set[str]:
    """Return the media types of bodies that are no JSON: to the generator they are octets."""
    if not isinstance(schema, dict | list):
        return set()
    below = schema.values() if isinstance(schema, dict) else schema
    here = schema.get("content") if isinstance(schema, dict) else None
    found = (
        {kind for kind in here if not kind.endswith("json")} if isinstance(here, dict) else set()
    )
    return found.union(*map(kinds_of, below))


@pytest.fixture
def package(python: Path, tmp_path: Path) -> Path:
    """Return the folder in which the client's package is."""
    schema = tmp_path / "schema.json"
    schema.write_text(json.dumps(make_schema()[0]))
    config = tmp_path / "config.yml"
    octets = dict.fromkeys(sorted(kinds_of(make_schema()[0])), "application/octet-stream")
    config.write_text(json.dumps({"post_hooks": [], "content_type_overrides": octets}))
    program = python.parent / "openapi-python-client"
    options: list[str | Path] = ["--path", schema, "--output-path", tmp_path / "suite"]
    done = subprocess.run(
        [program, "generate", *options, "--meta", "none", "--config", config, "--fail-on-warning"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return tmp_path


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.django_db(transaction=True)
def test_generated_client_does_a_days_work(
    live_server: LiveServer, python: Path, package: Path, ann: Account, settings: Settings
) -> None:
    settings.GROUPWARE_ALLOW_PLAINTEXT = True
    with token_of(ann, ["mail:read", "mail:write"]) as api:
        token = api.headers["Authorization"].removeprefix("Bearer ")
        done = subprocess.run(
            [python, HERE / "client_driver.py", live_server.url, token],
            env=os.environ | {"PYTHONPATH": str(package)},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert done.returncode == 0, done.stderr
