"""The worker and beat roles: what is due is done, whatever becomes of a process or a message."""

import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from groupware.celery import app, do_duty
from groupware.duties import DUTIES, Duty, find_duty
from mail.services.copying import FINISH_MOVE
from tests.clients.lmtp import deliver_all
from tests.clients.people import DOMAIN, create_people
from tests.serve.running import (
    Running,
    free_ports,
    nobody_commits,
    serving,
    wait_for,
    waits_for_the_lock,
)


def add_forgotten_work(data: Path) -> None:
    """Add an outbox row that is due: the second half of a move whose messages are gone already."""
    payload = json.dumps({"account": 0, "collection": 0, "uid_validity": 1, "ranges": [[1, 5]]})
    with closing(sqlite3.connect(data / "groupware.sqlite3")) as connection, connection:
        connection.execute(
            "INSERT INTO core_outboxrow (topic, payload, created_at, run_after, attempts,"
            " last_error) VALUES (?, ?, 0, 0, 0, '')",
            [FINISH_MOVE, payload],
        )


def work_left(data: Path) -> int:
    with closing(sqlite3.connect(data / "groupware.sqlite3")) as connection:
        return int(connection.execute("SELECT COUNT(*) FROM core_outboxrow").fetchone()[0])


def check_work_is_done(server: Running) -> None:
    add_forgotten_work(server.data)
    wait_for(lambda: not work_left(server.data), "the outbox to be worked off")


def test_work_that_was_forgotten_is_done_also_after_a_kill(tmp_path: Path) -> None:
    with serving(tmp_path / "data", "worker", "beat") as server:
        wait_for(lambda: len(server.children()) == 2, "worker and beat")
        check_work_is_done(server)
        for program in ("worker", "beat"):
            before = server.pid_of(program)
            os.kill(before, signal.SIGKILL)
            wait_for(lambda: server.pid_of(program) not in {0, before}, program)  # noqa: B023
        check_work_is_done(server)
        assert server.stop() < 5
        output = server.output.read_text()
        assert "Traceback" not in output
        assert "[warning" not in output


def test_task_in_hand_is_finished_when_the_worker_stops(tmp_path: Path) -> None:
    with serving(tmp_path / "data", "worker", "beat") as server:
        wait_for(lambda: len(server.children()) == 2, "worker and beat")
        with nobody_commits(server.data):
            add_forgotten_work(server.data)
            wait_for(lambda: waits_for_the_lock(server, "worker"), "a task")
            # Tasks that pile up say that both threads wait; of two that do, one is the outbox's.
            queue = server.data / "broker" / "queue"
            wait_for(lambda: len(list(queue.iterdir())) > len(DUTIES) // 2, "more tasks")
            server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(5) == 0
        assert not work_left(server.data)


@contextmanager
def running_redis(directory: Path) -> Iterator[str]:
    binary = shutil.which("redis-server")
    if binary is None:
        pytest.skip("Redis is not installed: run `make test-deps`")
    port = free_ports()["HTTP"]
    options = {"port": port, "bind": "127.0.0.1", "save": "", "dir": directory}
    words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    server = subprocess.Popen([binary, *words], stdout=subprocess.DEVNULL)
    try:
        wait_for(lambda: answers(port), "Redis")
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        server.terminate()
        server.wait()


def answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def test_a_real_broker_carries_the_same_work(tmp_path: Path) -> None:
    with (
        running_redis(tmp_path) as url,
        serving(tmp_path / "data", "worker", "beat", GROUPWARE_BROKER_URL=url) as server,
    ):
        wait_for(lambda: len(server.children()) == 2, "worker and beat")
        check_work_is_done(server)
        assert not (server.data / "broker").exists()


def test_every_duty_is_on_the_schedule_and_expires_before_its_next_turn() -> None:
    schedule = app.conf.beat_schedule
    assert set(schedule) == {duty.name for duty in DUTIES}
    for name, entry in schedule.items():
        assert entry["task"] == do_duty.name
        assert entry["options"]["expires"] <= entry["schedule"]
        assert find_duty(*entry["args"]).name == name


def test_of_what_takes_long_one_is_done_at_a_time() -> None:
    """The worker has two threads: the other one stays free for what must not wait."""
    done: list[str] = []

    def work() -> None:
        for duty in (long, quick):
            duty.do()
        done.append("outer")

    outer = Duty("outer", 1.0, work, is_long=True)
    long = Duty("long", 1.0, lambda: done.append("long"), is_long=True)
    quick = Duty("quick", 1.0, lambda: done.append("quick"))
    outer.do()
    assert done == ["quick", "outer"]
    long.do()
    assert done[-1] == "long"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("duty", DUTIES, ids=lambda duty: duty.name)
def test_every_duty_runs_on_an_empty_store(duty: Duty) -> None:
    do_duty(duty.name)


def test_mail_that_arrives_is_indexed_by_the_worker(tmp_path: Path) -> None:
    def indexed() -> int:
        with closing(sqlite3.connect(server.data / "groupware.sqlite3")) as connection:
            found = connection.execute("SELECT COUNT(*) FROM mail_searchtext WHERE text <> ''")
            return int(found.fetchone()[0])

    with serving(tmp_path / "data", "lmtp", "worker", "beat") as server:
        anna = f"anna@{DOMAIN}"
        create_people(server, [anna])
        messages = [b"Subject: %d\r\n\r\nbody\r\n" % number for number in range(3)]
        deliver_all(server.ports["LMTP"], messages, [anna])
        wait_for(lambda: indexed() == len(messages), "the messages to be indexed")
