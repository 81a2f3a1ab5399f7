"""200 kills at random under load, on one store that lives on through all of them.

160 are of forked writers (`tests.crash.kills`): three at a time call the services as a server
does, and are killed one after the other, each while the rest write; then the store is checked.
"""

import json

import pytest

from tests.crash.store import Store

pytestmark = [pytest.mark.crash, pytest.mark.slow, pytest.mark.timeout(240)]

FORKED_KILLS = 160


def test_writers_killed_at_random_lose_nothing(store: Store) -> None:
    ended = store.run("kills", str(store.model), str(FORKED_KILLS))
    assert ended.returncode == 0, ended.stderr
    report = json.loads(ended.stdout)
    assert report["faults"] == [], ended.stderr
    assert report["kills"] == FORKED_KILLS
    assert report["told"] > FORKED_KILLS, "the writers hardly wrote"
    assert report["cut"] > 0, "no writer was killed in the middle of a step"
