"""kill -9 while an export is made, and while what somebody leaves is handed over."""

import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from groupware.environment import BASE_DIR
from tests.commands.running import Manage
from tests.serve.running import environment

pytestmark = [pytest.mark.crash, pytest.mark.slow, pytest.mark.timeout(240)]

ANN, BEN = "ann@example.test", "ben@example.test"
SETUP = "import django; django.setup()\n"
FILL = (
    "from groupware.core.models import Account\n"
    "from tests.services.store import append\n"
    f"ann = Account.objects.get(login='{ANN}')\n"
    "for number in range(20):\n"
    "    append(ann, 'INBOX' if number % 2 else 'Sent')\n"
)
EXPORT = "from groupware.core.leaving import exports\nexports.work_off()\n"
LATER = (
    "from groupware.core.models import AccountExport\n"
    "from groupware.core.clock import now\n"
    "AccountExport.objects.update(leased_until=now())\n"
)
LEAVE = "from groupware.core.leaving import departures\ndepartures.work_off()\n"


@pytest.fixture
def manage(tmp_path: Path, fresh_database_url: str) -> Manage:
    """Return a store with a person who has 20 messages, and another."""
    made = Manage(tmp_path / "data", fresh_database_url)
    made.text("domain", "create", "example.test")
    for address in (ANN, BEN):
        made.text("account", "create", address, "--password-stdin", stdin="a good word\n")
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


def test_an_export_that_was_cut_off_is_made_anew(manage: Manage) -> None:
    manage.text("account", "exports", ANN, "--new")
    assert run(manage, EXPORT, GROUPWARE_CRASH_AT="export-written") == -signal.SIGKILL
    [held] = manage.json("account", "exports", ANN)
    assert held["state"] == "running"
    assert run(manage, LATER + EXPORT) == 0
    [held] = manage.json("account", "exports", ANN)
    assert held["state"] == "done"
    with zipfile.ZipFile(held["file"]) as archive:
        assert archive.testzip() is None
        assert sum("/mail/" in name and "/cur/" in name for name in archive.namelist()) >= 20
    assert [path.name for path in (manage.data / "exports").iterdir()] == [Path(held["file"]).name]


@pytest.mark.parametrize("point", ["handed-over", "before-commit:3", "after-commit:2"])
def test_what_is_handed_over_is_there_once(manage: Manage, point: str) -> None:
    manage.text("account", "depart", ANN, "--days", "0", "--no-export", "--successor", BEN)
    assert run(manage, LEAVE, GROUPWARE_CRASH_AT=point) == -signal.SIGKILL
    again = "from groupware.core.models import Departure\nDeparture.objects.update(tried_at=None)\n"
    assert run(manage, again + LEAVE) == 0
    shown = manage.json("account", "show", BEN)
    items = {held["name"]: held["items"] for held in shown["collections"] if held["items"]}
    assert sorted(items.values()) == [10, 10], items
    assert all("Handed over" in name for name in items)
    assert ANN not in manage.text("account", "list")
    assert manage.run("doctor")[0] == 0
