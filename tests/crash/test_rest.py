"""kill -9 while a program asks over REST: its request is never done twice under one key."""

import json

import pytest

from tests.crash.store import Store

pytestmark = pytest.mark.crash


@pytest.mark.parametrize(
    ("point", "copies"),
    [("after-commit:1", 0), ("after-commit:2", 1), ("after-commit:3", 2), ("before-commit:4", 2)],
    ids=["begun", "one copied", "both copied", "not answered yet"],
)
def test_repeated_copy_copies_nothing_twice(store: Store, point: str, copies: int) -> None:
    notes = store.notes / "asked"
    made = store.run("asker", "prepare", str(notes))
    assert made.returncode == 0, made.stderr
    killed = store.run("asker", "ask", str(notes), GROUPWARE_CRASH_AT=point)
    assert killed.returncode == -9, killed.stderr
    looked = store.run("asker", "look", str(notes))
    assert looked.returncode == 0, looked.stderr
    found = json.loads(looked.stdout.splitlines()[-1])
    assert (found["status"], found["copies"]) == (409, copies), found
    assert found["told"]["type"].endswith("#still-at-work")


def test_copy_that_was_answered_is_answered_alike(store: Store) -> None:
    notes = store.notes / "asked"
    for what in ("prepare", "ask"):
        done = store.run("asker", what, str(notes))
        assert done.returncode == 0, done.stderr
    looked = store.run("asker", "look", str(notes))
    found = json.loads(looked.stdout.splitlines()[-1])
    assert (found["status"], found["copies"]) == (200, 2)
    assert [result["status"] for result in found["told"]["results"]] == ["done", "done"]
