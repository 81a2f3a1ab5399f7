"""Mail for other servers in a real worker: it leaves at once, and survives what ends its process."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from groupware.core.clock import monotonic
from groupware.environment import BASE_DIR
from tests.clients.people import create_people
from tests.mailflow.dns import Dns, serving_dns
from tests.mailflow.peers import SILENCE, Peer, serving_peer
from tests.serve.running import Running, environment, serving, wait_for

pytestmark = [pytest.mark.slow, pytest.mark.crash, pytest.mark.timeout(180)]

START_SECONDS = 100.0

ENQUEUE = """
import django; django.setup()
from groupware.core import db
from mail.flow.envelopes import Envelope, EnvelopeRecipient
from mail.services.content import claim_content, prepare_message
from mail.services.queue import NewQueued, enqueue
import sys
for number in range(int(sys.argv[1]), int(sys.argv[2])):
    prepared = prepare_message(b"Subject: %d\\r\\n\\r\\nx\\r\\n" % number)
    envelope = Envelope("ann@example.test", (EnvelopeRecipient("ben@other.test"),))
    with db.write_transaction():
        enqueue(NewQueued(number, "", None, claim_content(prepared), b"", envelope))
"""


@pytest.fixture
def dns() -> Iterator[Dns]:
    """Return the DNS that knows other.test."""
    with serving_dns() as found:
        found.add("other.test", "MX", "10 mx.other.test.")
        found.add("mx.other.test", "A", "127.0.0.2")
        yield found


@pytest.fixture
def peer() -> Iterator[Peer]:
    """Return the server of other.test."""
    with serving_peer() as found:
        yield found


def variables_of(dns: Dns, peer: Peer) -> dict[str, str]:
    return {
        "GROUPWARE_DNS_SERVERS": dns.variable,
        "GROUPWARE_MX_PORT": str(peer.port),
        "GROUPWARE_QUEUE_LEASE": "3",
    }


def enqueue(data: Path, first: int, end: int) -> None:
    """Put messages into the queue of a running server, in a process of its own."""
    subprocess.run(
        [sys.executable, "-c", ENQUEUE, str(first), str(end)],
        env=environment(data, {})
        | {"DJANGO_SETTINGS_MODULE": "groupware.settings", "PYTHONPATH": str(BASE_DIR)},
        check=True,
        timeout=60,
    )


def subjects(peer: Peer) -> list[bytes]:
    return [taken.data.split(b"\r\n")[0] for taken in peer.taken]


def queue_of(server: Running) -> bytes:
    return subprocess.run(
        [sys.executable, str(BASE_DIR / "manage.py"), "queue", "list"],
        env=environment(server.data, {}),
        capture_output=True,
        check=True,
    ).stdout


def await_worker(server: Running) -> None:
    """Wait until the worker listens to those who put something in; a busy machine takes its time."""
    sockets = server.data / "run" / "wake" / "queue"
    deadline = monotonic() + START_SECONDS
    while not any(sockets.glob("*.sock")):
        assert monotonic() < deadline, server.output.read_text()
        time.sleep(0.05)


def test_mail_leaves_and_a_worker_that_stops_leaves_the_rest_to_the_next(
    tmp_path: Path, dns: Dns, peer: Peer
) -> None:
    with serving(tmp_path / "data", "worker", **variables_of(dns, peer)) as server:
        await_worker(server)
        create_people(server, ["ann@example.test"])
        enqueue(server.data, 0, 20)
        wait_for(lambda: len(peer.taken) == 20, "the mail")
        peer.say("MAIL", SILENCE)
        enqueue(server.data, 20, 21)
        assert peer.came.wait(10)
        server.stop()
        assert "Traceback" not in server.output.read_text()
    with serving(tmp_path / "data", "worker", "beat", **variables_of(dns, peer)) as server:
        wait_for(lambda: len(peer.taken) == 21, "what was broken off")
        assert len(set(subjects(peer))) == 21
        wait_for(lambda: queue_of(server) == b"The queue is empty.\n", "the queue to be empty")


def test_a_killed_worker_is_followed_by_another(tmp_path: Path, dns: Dns, peer: Peer) -> None:
    with serving(tmp_path / "data", "worker", **variables_of(dns, peer)) as server:
        await_worker(server)
        create_people(server, ["ann@example.test"])
        peer.say("MAIL", SILENCE)
        enqueue(server.data, 0, 1)
        assert peer.came.wait(10)
        before = server.pid_of("worker")
        os.kill(before, signal.SIGKILL)
        wait_for(lambda: server.pid_of("worker") not in {0, before}, "another worker")
        wait_for(lambda: peer.taken, "what the dead one was sending")
        wait_for(lambda: queue_of(server) == b"The queue is empty.\n", "the queue to be empty")
        assert subjects(peer) == [b"Subject: 0"]
