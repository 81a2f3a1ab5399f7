"""The team's creation in a real process that is killed on the way, on both databases."""

import json
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from groupware.environment import BASE_DIR
from groupware.serve.banner import DEMO_PASSWORDS
from tests.serve.running import environment

pytestmark = [pytest.mark.crash, pytest.mark.slow]


@dataclass(frozen=True)
class Start:
    """A data directory and a database, on which processes are started."""

    data: Path
    database_url: str

    def run(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run tests.demo.creating to its end."""
        return subprocess.run(
            [sys.executable, "-m", "tests.demo.creating", *arguments],
            env=environment(
                self.data,
                {},
                GROUPWARE_DATABASE_URL=self.database_url,
                DJANGO_SETTINGS_MODULE="groupware.settings",
                PYTHONPATH=str(BASE_DIR),
                **variables,
            ),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def found(self, *arguments: str) -> dict[str, Any]:
        """Run to a good end; return what is there."""
        ended = self.run(*arguments)
        assert ended.returncode == 0, ended.stderr
        counted: dict[str, Any] = json.loads(ended.stdout)
        return counted


@pytest.fixture
def start(tmp_path: Path, fresh_database_url: str) -> Start:
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    return Start(data, fresh_database_url)


NOBODY = {"domains": 0, "accounts": 0, "messages": 0, "opened": []}


@pytest.mark.parametrize("point", ["account-created:4", "before-commit"])
def test_a_kill_before_the_commit_leaves_nobody_and_the_next_start_makes_the_team(
    start: Start, point: str
) -> None:
    killed = start.run(GROUPWARE_CRASH_AT=point)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert (start.data / DEMO_PASSWORDS).exists()
    left = start.found("look")
    written = left.pop("passwords")
    assert left == NOBODY
    assert_is_whole(made := start.found())
    assert made["passwords"] == written


def test_a_kill_after_the_commit_leaves_the_team_and_its_passwords(start: Start) -> None:
    killed = start.run(GROUPWARE_CRASH_AT="after-commit")
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert_is_whole(left := start.found("look"))
    assert start.found() == left


def assert_is_whole(found: dict[str, Any]) -> None:
    assert (found["domains"], found["accounts"]) == (1, 7)
    assert found["messages"] > 200
    assert len(found["opened"]) == 5
    assert found["opened"] == list(found["passwords"])
