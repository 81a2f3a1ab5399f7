"""docs/api.md: what it shows is what happens."""

import re
import subprocess
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings
from pytest_django.live_server_helper import LiveServer

from calendar_app.models import CalendarObject
from groupware.core.auth import create_app_password
from groupware.core.models import Account
from groupware.environment import BASE_DIR
from groupware.rest.problems import PROBLEMS
from mail.flags import SEEN
from tests.clients.fetched import python_with
from tests.services.store import append

PAGE = (BASE_DIR / "docs" / "api.md").read_text("utf-8")
[SCRIPT] = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture
def python() -> Path:
    return python_with(Path(__file__).parent / "requirements" / "client.txt")


def run(python: Path, script: str) -> str:
    done = subprocess.run(
        [python, "-c", script], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_the_first_script_does_what_it_says(
    live_server: LiveServer, python: Path, ann: Account, settings: Settings
) -> None:
    settings.GROUPWARE_ALLOW_PLAINTEXT = True
    append(ann, flags=SEEN)
    append(ann)
    password = create_app_password(ann.pk, "script", frozenset({"api"}))
    script = SCRIPT.replace("https://mail.example.org:8443", live_server.url)
    script = script.replace("ann@example.org", ann.login).replace("APP-PASSWORD", password)
    assert live_server.url in script
    told = run(python, script).splitlines()
    assert len([line for line in told if "@" in line]) == 1
    assert CalendarObject.objects.get().summary == "Lunch"


def test_the_first_script_is_short() -> None:
    statements = [line for line in SCRIPT.splitlines() if line and not line.startswith((" ", ")"))]
    assert len(statements) <= 10


def test_the_page_names_problems_that_there_are() -> None:
    told = set(re.findall(r"#([a-z-]+)\"|`\d{3} ([a-z-]+)`", PAGE))
    assert {first or second for first, second in told} <= {problem.slug for problem in PROBLEMS}
