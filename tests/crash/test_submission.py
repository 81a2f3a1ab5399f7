"""kill -9 while people send: what was answered for is taken and in Sent, once, or neither."""

import json

import pytest

from tests.crash.store import Store
from tests.crash.submitter import MESSAGES

pytestmark = [pytest.mark.crash, pytest.mark.slow]


@pytest.mark.parametrize(
    "point",
    [
        "submission-filed",
        "submission-filed:4",
        "inbound-accepted",
        "inbound-accepted:7",
        "before-commit:2",
        "before-commit:6",
        "after-commit:5",
    ],
)
def test_what_was_taken_is_in_sent_once(store: Store, point: str) -> None:
    notes = store.notes / "sent"
    notes.touch()
    killed = store.run("submitter", "submit", str(notes), GROUPWARE_CRASH_AT=point)
    assert killed.returncode == -9, killed.stderr
    looked = store.run("submitter", "look", str(notes))
    assert looked.returncode == 0, looked.stderr
    answer = json.loads(looked.stdout)
    assert len(answer["told"]) < MESSAGES
    for message_id, counts in answer["found"].items():
        assert counts == [1, 1] or (message_id not in answer["told"] and counts == [0, 0])
    examined = store.ask_doctor()
    assert examined.returncode == 0, examined.stdout
