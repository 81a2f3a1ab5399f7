"""A process that is killed takes with it the trace of its last second, and no mail."""

import contextlib
import os
import signal
import smtplib
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from groupware.core.clock import monotonic
from mail.services.trace.buffer import SECONDS
from tests.clients.people import create_people
from tests.serve.running import Running, serving, wait_for

pytestmark = [pytest.mark.slow, pytest.mark.crash, pytest.mark.timeout(180)]

ANN = "ann@example.test"
SLACK = 1.0
"""Seconds that a machine with other things to do may add."""


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    with serving(tmp_path / "data", "lmtp", GROUPWARE_PROCESSES="1") as server:
        create_people(server, [ANN])
        yield server


def deliver(running: Running, seconds: float) -> dict[str, float]:
    """Hand messages over for some time; return when each was answered for, by its Message-ID."""
    answered: dict[str, float] = {}
    until = monotonic() + seconds
    with smtplib.LMTP("127.0.0.1", running.ports["LMTP"]) as client:
        while monotonic() < until:
            name = f"{len(answered)}@outside.test"
            client.sendmail("boss@outside.test", [ANN], f"Message-ID: <{name}>\r\n\r\nx\r\n")
            answered[name] = monotonic()
            time.sleep(0.005)
    return answered


def names_in(data: Path, query: str) -> set[str]:
    """Return the Message-IDs that a query finds."""
    with contextlib.closing(sqlite3.connect(data / "groupware.sqlite3")) as database:
        return {name for (name,) in database.execute(query)}


def traced(data: Path) -> set[str]:
    return names_in(data, "SELECT message_id FROM mail_traceentry WHERE step = 'delivered'")


def stored(data: Path) -> set[str]:
    return names_in(
        data,
        "SELECT c.message_id FROM mail_message m JOIN mail_messagecontent c"
        " ON c.blob_id = m.blob_id",
    )


def test_a_kill_costs_a_second_of_the_trace_and_no_mail(running: Running) -> None:
    before = running.pid_of("lmtp")
    answered = deliver(running, 3 * (SECONDS + SLACK))
    killed_at = monotonic()
    os.kill(before, signal.SIGKILL)
    wait_for(lambda: running.pid_of("lmtp") not in {0, before}, "another process")
    assert set(answered) <= stored(running.data)
    old = {name for name, moment in answered.items() if moment < killed_at - SECONDS - SLACK}
    assert len(old) > 10
    assert old <= traced(running.data)
    assert SECONDS < 1.0


def test_a_process_that_is_stopped_writes_what_it_has_noted(running: Running) -> None:
    answered = deliver(running, 0.3)
    running.stop()
    assert len(answered) > 3
    assert set(answered) <= traced(running.data)
