"""200 kills at random under load, on one store that lives on through all of them.

160 are of forked writers (`tests.crash.kills`): three at a time call the services as a server
does, and are killed one after the other, each while the rest write; then the store is checked.

40 are of real servers, `manage.py serve imap lmtp`, under the load of four clients over sockets
(`tests.crash.client`): in each of five lives, seven of a child process chosen at random, which the
supervisor brings back, and one of all processes at once; then the store is checked.
"""

import json
import os
import random
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.crash.load import Load
from tests.crash.store import Store
from tests.serve.running import Running, descendants, exists, serving, wait_for

pytestmark = [pytest.mark.crash, pytest.mark.slow, pytest.mark.timeout(240)]

FORKED_KILLS = 160
LIVES = 5
CHILD_KILLS = 7
LONGEST_LIFE = 40
"""Steps that are told of between one kill of a child and the next."""


def test_writers_killed_at_random_lose_nothing(store: Store) -> None:
    ended = store.run("kills", str(store.model), str(FORKED_KILLS))
    assert ended.returncode == 0, ended.stderr
    report = json.loads(ended.stdout)
    assert report["faults"] == [], ended.stderr
    assert report["kills"] == FORKED_KILLS
    assert report["told"] > FORKED_KILLS, "the writers hardly wrote"
    assert report["cut"] > 0, "no writer was killed in the middle of a step"
    doctor = store.ask_doctor()
    assert doctor.returncode == 0, doctor.stdout


def test_servers_killed_at_random_lose_nothing_that_they_told(store: Store) -> None:
    for life in range(LIVES):
        with running_servers(store, life) as server, Load(store, server, life) as load:
            for _ in range(CHILD_KILLS):
                load.wait_for_steps(random.randint(1, LONGEST_LIFE))
                wait_for(server.children, "a child that runs")
                os.kill(random.choice(list(server.children())), signal.SIGKILL)
            load.wait_for_steps(random.randint(1, LONGEST_LIFE))
            kill_all(server)
        assert load.breaks > CHILD_KILLS / 2, "the kills hardly met a client"
        assert store.faults(*load.journals) == []
    doctor = store.ask_doctor()
    assert doctor.returncode == 0, doctor.stdout


@contextmanager
def running_servers(store: Store, life: int) -> Iterator[Running]:
    variables = {
        "GROUPWARE_DATABASE_URL": store.database_url,
        "GROUPWARE_ALLOW_PLAINTEXT": "1",
        "GROUPWARE_LOG_LEVEL": "WARNING",
    }
    with serving(store.data, "imap", "lmtp", log=f"life{life}", **variables) as server:
        yield server


def kill_all(server: Running) -> None:
    """Kill every process; none has the time to see another go, and to end as it is meant to."""
    supervisor = server.process.pid
    os.kill(supervisor, signal.SIGSTOP)
    wait_for(lambda: process_state(supervisor) == "T", "the supervisor to stand still")
    children = descendants(supervisor)
    for pid in children:
        os.kill(pid, signal.SIGKILL)  # one that is dead already waits for the supervisor to see it
    server.process.kill()
    server.process.wait()
    wait_for(lambda: not any(map(exists, children)), "the killed processes to be gone")


def process_state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
