"""kill -9 on the way from 250 to the mailboxes: everybody gets each message exactly once."""

import json

import pytest

from tests.crash.receiver import MESSAGES
from tests.crash.store import PEOPLE, Store

pytestmark = [pytest.mark.crash, pytest.mark.slow]


@pytest.mark.parametrize(
    "point",
    [
        "inbound-accepted",
        "inbound-accepted:4",
        "inbound-delivered",
        "inbound-delivered:8",
        "inbound-queued",
        "inbound-queued:3",
        "inbound-settled",
        "inbound-settled:5",
        "before-commit:31",
        "after-commit:33",
    ],
)
def test_what_was_answered_for_is_delivered_once(store: Store, point: str) -> None:
    check(store, "take", point, [1] * (len(PEOPLE) + 1))


@pytest.mark.parametrize(
    "point", ["inbound-filed", "inbound-filed:7", "before-commit:4", "after-commit:6"]
)
def test_what_is_for_one_person_alone_is_there_with_its_answer(store: Store, point: str) -> None:
    check(store, "file", point, [1] + [0] * len(PEOPLE))


def check(store: Store, action: str, point: str, everywhere: list[int]) -> None:
    """Kill, let the sweep finish, and compare who has what: `everywhere`, or nobody."""
    notes = store.notes / "taken"
    notes.touch()
    killed = store.run("receiver", action, str(notes), GROUPWARE_CRASH_AT=point)
    assert killed.returncode == -9, killed.stderr
    ended = store.run("receiver", "finish", str(notes))
    assert ended.returncode == 0, ended.stderr
    answer = json.loads(ended.stdout)
    nowhere = [0] * (len(PEOPLE) + 1)
    assert len(answer["told"]) < MESSAGES
    assert answer["left"] == 0
    for message_id, counts in answer["found"].items():
        # One that was cut off before its reply may have been taken; then all have it.
        assert counts == everywhere or (message_id not in answer["told"] and counts == nowhere)
    examined = store.ask_doctor()
    assert examined.returncode == 0, examined.stdout
