"""kill -9 while accounts are imported: run again, the command goes on, and nothing is done twice."""

import json
import signal
from pathlib import Path

import pytest

from tests.commands.running import Manage

pytestmark = [pytest.mark.crash, pytest.mark.slow, pytest.mark.timeout(240)]

NUMBER = 6


@pytest.mark.parametrize("point", ["account-imported:3", "before-commit:5", "account-imported:6"])
def test_an_import_that_was_killed_goes_on(
    point: str, tmp_path: Path, fresh_database_url: str
) -> None:
    manage = Manage(tmp_path / "data", fresh_database_url)
    manage.text("domain", "create", "example.test")
    manage.text("group", "create", "team@example.test")
    path = tmp_path / "people.csv"
    people = [
        f"p{n}@example.test,Person {n},a{n}@example.test,team@example.test" for n in range(NUMBER)
    ]
    path.write_text("\n".join(["address,name,aliases,groups", *people, ""]))
    words = ("account", "import", str(path), "--json")
    code, out, _ = manage.run(*words, GROUPWARE_CRASH_AT=point)
    assert (code, out) == (-signal.SIGKILL, "")
    rows = json.loads(manage.text(*words))
    assert [(row["outcome"], row["state"]) for row in rows] == [("create", "done")] * NUMBER
    # Whoever was made before the kill has a password that is told as well.
    assert len({row["password"] for row in rows}) == NUMBER
    made = [held["target"] for held in manage.json("audit", "--action", "account.create")]
    assert sorted(made) == [f"p{n}@example.test" for n in range(NUMBER)]
    assert "unchanged" in manage.text("account", "import", str(path))
    assert manage.run("doctor")[0] == 0
