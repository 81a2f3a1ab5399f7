"""kill -9 while messages are indexed: a search finds the same before, after and without it."""

import json
import signal

import pytest

from tests.crash.indexer import MESSAGES, WORDS
from tests.crash.store import Store

pytestmark = pytest.mark.crash

FOUND = [
    [uid for uid in range(1, MESSAGES + 1) if (uid - 1) % len(WORDS) == place]
    for place in range(len(WORDS))
    for _ in ("TEXT", "SUBJECT")
]


def run(store: Store, task: str, expected: int = 0, **variables: str) -> str:
    ended = store.run("indexer", task, **variables)
    assert ended.returncode == expected, ended.stderr
    return ended.stdout


@pytest.mark.parametrize("point", ["before-commit:1", "after-commit:1", "before-commit:2"])
def test_a_kill_between_message_and_index_loses_no_match(store: Store, point: str) -> None:
    run(store, "deliver")
    run(store, "index", -signal.SIGKILL, GROUPWARE_CRASH_AT=point)
    assert json.loads(run(store, "ask")) == FOUND
    run(store, "index")
    assert json.loads(run(store, "ask")) == FOUND
    doctor = store.ask_doctor()
    assert doctor.returncode == 0, doctor.stdout
