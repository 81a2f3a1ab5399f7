"""kill -9 while messages go by age, and while somebody is told that the quota is nearly used up."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from groupware.environment import BASE_DIR
from tests.commands.running import Manage
from tests.serve.running import environment

pytestmark = [pytest.mark.crash, pytest.mark.slow, pytest.mark.timeout(240)]

ANN = "ann@example.test"
SETUP = "import django; django.setup()\n"
FILL = (
    "from groupware.core.models import Account\n"
    "from tests.services.store import append, prepared\n"
    f"ann = Account.objects.get(login='{ANN}')\n"
    "for number in range(20):\n"
    "    append(ann, 'INBOX' if number % 2 else 'Sent', prepared(size=1000), internal_date=10**9)\n"
)
TELL = (
    "from groupware.core import outbox\n"
    "from groupware.core.models import OutboxRow\n"
    "OutboxRow.objects.update(run_after=0)\n"
    "outbox.sweep()\n"
)
SEND = "from mail.services import fanout\nfanout.work_off(now=2**40)\n"


@pytest.fixture
def manage(tmp_path: Path, fresh_database_url: str) -> Manage:
    """Return a store with a person who has 20 old messages, 19,000 octets and a bit of 20,000."""
    made = Manage(tmp_path / "data", fresh_database_url)
    made.text("domain", "create", "example.test")
    made.text("account", "create", ANN, "--quota", "20500", "--password-stdin", stdin="good word\n")
    assert run(made, FILL) == 0
    return made


def run(manage: Manage, program: str, **variables: str) -> int:
    """Run a program on the store; return its exit code."""
    own = {"DJANGO_SETTINGS_MODULE": "groupware.settings", "PYTHONPATH": str(BASE_DIR)}
    return subprocess.run(
        [sys.executable, "-c", SETUP + program],
        env=environment(manage.data, {}, GROUPWARE_DATABASE_URL=manage.database_url)
        | own
        | variables,
        cwd=BASE_DIR,
        check=False,
    ).returncode


def items(manage: Manage) -> dict[str, int]:
    """Return how many messages each mailbox that has any has."""
    told = json.loads(manage.text("account", "show", ANN, "--json"))
    return {
        row["name"].rpartition("/")[2]: row["items"]
        for row in told["collections"]
        if row["items"] and "/mail/" in row["name"]
    }


def test_retention_that_is_killed_leaves_whole_batches_and_goes_on(manage: Manage) -> None:
    for use in ("INBOX", "Sent"):
        words = ("--use", use, "--days", "90", "--action", "archive")
        manage.text("retention", "set", ANN, *words)
    code, _, _ = manage.run("retention", "run", GROUPWARE_CRASH_AT="retention-removed:2")
    assert code == -signal.SIGKILL
    assert items(manage) == {"Sent": 10, "Archive": 10}
    assert json.loads(manage.text("retention", "run", "--json"))["messages"] == 10
    assert items(manage) == {"Archive": 20}
    manage.text("doctor")


def test_who_is_told_of_a_full_quota_is_told_once(manage: Manage) -> None:
    before = items(manage)
    for point in ("before-commit:2", "notice-accepted", "before-commit:1"):
        assert run(manage, TELL, GROUPWARE_CRASH_AT=point) == -signal.SIGKILL
        forget = (
            "from groupware.core.models import OutboxRow\nOutboxRow.objects.update(run_after=0)"
        )
        assert run(manage, forget) == 0
    for _ in range(2):
        assert run(manage, TELL + SEND) == 0
    assert items(manage) == before | {"INBOX": 11}
    manage.text("doctor")
