"""kill -9 while calendars are written: nothing told is lost, nothing moved is nowhere."""

import json
import signal

import pytest

from tests.crash.calendars import OBJECTS
from tests.crash.store import Store

pytestmark = pytest.mark.crash
ALL = list(range(OBJECTS))


def run(store: Store, task: str, expected: int = 0, **variables: str) -> str:
    ended = store.run("calendars", task, str(store.notes / task), **variables)
    assert ended.returncode == expected, ended.stderr
    return ended.stdout


def kill(store: Store, task: str, point: str, **variables: str) -> list[int]:
    """Kill the process at the point; return what it was told before."""
    run(store, task, -signal.SIGKILL, GROUPWARE_CRASH_AT=point, **variables)
    journal = store.notes / task
    return [int(line) for line in journal.read_text().split()] if journal.exists() else []


def look(store: Store) -> tuple[list[int], list[int], int]:
    """Return what ada and bob hold, and the number of occurrences, when the doctor is content."""
    ada, bob, occurrences = json.loads(run(store, "look"))
    doctor = store.ask_doctor()
    assert doctor.returncode == 0, doctor.stdout + doctor.stderr
    return ada, bob, occurrences


@pytest.mark.parametrize("point", ["before-commit:8", "after-commit:8"])
def test_a_put_is_whole_or_not_there(store: Store, point: str) -> None:
    told = kill(store, "put", point)
    ada, _, _ = look(store)
    assert ada in (told, [*told, len(told)])
    run(store, "put")
    assert look(store)[0] == ALL


@pytest.mark.parametrize("point", ["before-commit:4", "move-copied:3", "move-removed:3"])
def test_a_move_across_accounts_leaves_each_object_in_one_place(store: Store, point: str) -> None:
    run(store, "put")
    told = kill(store, "move", point)
    ada, bob, _ = look(store)
    assert sorted(ada + bob) == ALL
    assert set(told) <= set(bob)


@pytest.mark.parametrize(
    ("point", "is_gone"), [("before-commit:1", False), ("after-commit:1", True)]
)
def test_a_deleted_calendar_is_gone_with_everything_in_it(
    store: Store, point: str, *, is_gone: bool
) -> None:
    run(store, "put")
    before = look(store)
    assert kill(store, "delete", point) == []
    assert look(store) == (([], [], 0) if is_gone else before)


def test_a_horizon_that_was_ended_moves_on(store: Store) -> None:
    run(store, "put", GROUPWARE_CALENDAR_HORIZON="62")
    before = look(store)[2]
    kill(store, "horizon", "before-commit:1")
    assert look(store)[2] == before
    kill(store, "horizon", "after-commit:1")
    run(store, "horizon")
    assert look(store)[2] > before
