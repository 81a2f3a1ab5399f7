"""How soon a change by IMAP is heard over server-sent events, beside 1,000 that listen idly.

    .venv/bin/python -m benchmarks.events [--listeners 1000] [--changes 200]

All listen at one process, the one of the role `events`. Prints what a listener holds of the server's
memory; the median and the 99th percentile of the milliseconds from sending the APPEND's last octets, and
from its reply, to the event; and how long all take to be back after that process was killed. Exits
with 1 where the 99th percentile from the sending is 200 ms or more, or not everybody came back.
"""

import argparse
import base64
import resource
import selectors
import signal
import socket
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from os import kill
from pathlib import Path

from benchmarks.idle import FILES_APART, WARM, settled_memory
from benchmarks.imap.client import Client
from tests.clients.people import DOMAIN, PASSWORD, create_people
from tests.serve.running import Running, child_pids, serving

ACCOUNTS = 60
LONGEST = 0.200
"""From the sending of a change to its event, at the 99th percentile, in seconds."""
PAUSE = 0.05
"""Between two changes, so that each is told by an event of its own."""
BACK_SECONDS = 120.0
USER = f"writer@{DOMAIN}"
MESSAGE = b"Subject: news\r\n\r\nHello\r\n"
SETTINGS = {
    "GROUPWARE_PROCESSES": "1",
    "GROUPWARE_ALLOW_PLAINTEXT": "1",
    "GROUPWARE_LOG_LEVEL": "WARNING",
}


class Ear:
    """One stream over a plain socket: what a client costs is no matter here."""

    def __init__(self, port: int, login: str) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        credentials = base64.b64encode(f"{login}:{PASSWORD}".encode()).decode()
        self._socket.sendall(
            f"GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n"
            f"Authorization: Basic {credentials}\r\n\r\n".encode()
        )
        self._buffer = b""

    def wait_for(self, name: bytes) -> None:
        """Return when an event of this name came; raises ConnectionError for any other end."""
        mark = b"event: " + name + b"\n"
        while (at := self._buffer.find(mark)) < 0:
            self._read()
        while (end := self._buffer.find(b"\n\n", at)) < 0:
            self._read()
        self._buffer = self._buffer[end + 2 :]

    def _read(self) -> None:
        data = self._socket.recv(65_536)
        if not data or (not self._buffer and b" 200 " not in data[:20] and b"HTTP" in data[:4]):
            raise ConnectionError(data[:200].decode("latin-1") or "closed")
        self._buffer += data

    def fileno(self) -> int:
        """Return its descriptor, for a selector."""
        return self._socket.fileno()

    def is_cut(self) -> bool:
        """Tell whether the server is gone, of a stream that can be read."""
        try:
            return not self._socket.recv(65_536)
        except ConnectionError:
            return True

    def close(self) -> None:
        """Cut it."""
        self._socket.close()


@dataclass(frozen=True, slots=True)
class Found:
    """What was measured: octets of a listener, seconds."""

    listeners: int
    opened: float
    each: float
    sent: Sequence[float]
    replied: Sequence[float]
    back: float
    missing: int

    def __str__(self) -> str:
        is_whole = "all back" if not self.missing else f"{self.missing} were not back"
        opened = f"{self.each / 1000:.1f} KB each, opened in {self.opened:.1f} s"
        return (
            f"{self.listeners:,} listeners: {opened}\n"
            f"from the sending of {len(self.sent)} changes: {_spread(self.sent)}\n"
            f"from their replies: {_spread(self.replied)}\n"
            f"{is_whole} {self.back:.1f} s after the process was killed"
        )


def _spread(seconds: Sequence[float]) -> str:
    return (
        f"median {statistics.median(seconds) * 1e3:.1f} ms,"
        f" 99th percentile {percentile(seconds) * 1e3:.1f} ms"
    )


def percentile(seconds: Sequence[float]) -> float:
    """Return what 99 of 100 stay within."""
    return sorted(seconds)[max(0, -(-len(seconds) * 99 // 100) - 1)]


def login(number: int) -> str:
    """Return whom a listener signs in as: an account may have so many streams and no more."""
    return f"u{number % ACCOUNTS}@{DOMAIN}"


def open_ears(port: int, number: int) -> list[Ear]:
    """Open streams and wait until each has heard where things stand."""
    ears = [Ear(port, login(each)) for each in range(number)]
    for ear in ears:
        ear.wait_for(b"ready")
    return ears


def hear_changes(running: Running, changes: int) -> tuple[list[float], list[float]]:
    """Return how long each change took to be heard: from its sending, and from its reply."""
    ear = Ear(running.ports["EVENTS"], USER)
    ear.wait_for(b"ready")
    sent, replied = [], []
    heard_at: list[float] = []
    with Client(running.ports["IMAP"], USER, PASSWORD) as client:
        for _ in range(changes):
            hearing = threading.Thread(target=_hear, args=(ear, heard_at))
            hearing.start()
            began = time.perf_counter()
            client.append(b"INBOX", MESSAGE)
            done = time.perf_counter()
            hearing.join(60)
            heard = heard_at.pop()
            sent.append(heard - began)
            replied.append(max(heard - done, 0.0))
            time.sleep(PAUSE)
    ear.close()
    return sent, replied


def _hear(ear: Ear, heard_at: list[float]) -> None:
    ear.wait_for(b"change")
    heard_at.append(time.perf_counter())


def kill_and_return(running: Running, ears: Sequence[Ear]) -> tuple[float, int]:
    """Kill the worker; return when the last is back, connecting at once, and how many are not."""
    [worker] = child_pids(running.pid_of("events"))
    with selectors.DefaultSelector() as selector:
        for number, ear in enumerate(ears):
            selector.register(ear, selectors.EVENT_READ, number)
        kill(worker, signal.SIGKILL)
        began = time.perf_counter()
        cut: list[int] = []
        while len(cut) < len(ears) and time.perf_counter() - began < BACK_SECONDS:
            for key, _ in selector.select(1):
                if ears[key.data].is_cut():
                    selector.unregister(key.fileobj)
                    cut.append(key.data)
    back = [ear for number in cut if (ear := _come_back(running, number, began)) is not None]
    missing = len(ears)
    for ear in back:
        if _is_ready(ear):
            missing -= 1
        ear.close()
    return time.perf_counter() - began, missing


def _come_back(running: Running, number: int, began: float) -> Ear | None:
    while time.perf_counter() - began < BACK_SECONDS:
        try:
            return Ear(running.ports["EVENTS"], login(number))
        except OSError:
            time.sleep(0.05)
    return None


def _is_ready(ear: Ear) -> bool:
    try:
        ear.wait_for(b"ready")
    except OSError:
        return False
    return True


def measure(running: Running, listeners: int, changes: int) -> Found:
    """Measure all of it on a server that runs."""
    port = running.ports["EVENTS"]
    for ear in open_ears(port, WARM):
        ear.close()
    [worker] = child_pids(running.pid_of("events"))
    before = settled_memory(worker)
    began = time.perf_counter()
    ears = open_ears(port, listeners)
    opened = time.perf_counter() - began
    each = (settled_memory(worker) - before) / listeners
    sent, replied = hear_changes(running, changes)
    back, missing = kill_and_return(running, ears)
    for ear in ears:
        ear.close()
    return Found(listeners, opened, each, sent, replied, back, missing)


def _allow_files(listeners: int, refuse: Callable[[str], object]) -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most < 2 * listeners + FILES_APART:
        refuse(f"Only {most} files may be open: raise `ulimit -n` or ask for fewer.")
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.events", description=__doc__)
    parser.add_argument("--listeners", type=int, default=1_000)
    parser.add_argument("--changes", type=int, default=200)
    options = parser.parse_args()
    _allow_files(options.listeners, parser.error)
    with (
        tempfile.TemporaryDirectory(dir="/var/tmp") as scratch,
        serving(Path(scratch) / "data", "imap", "events", **SETTINGS) as running,
    ):
        create_people(running, [USER, *map(login, range(ACCOUNTS))])
        found = measure(running, options.listeners, options.changes)
    print(found)
    if percentile(found.sent) >= LONGEST:
        print(f"That is not under {LONGEST * 1e3:.0f} ms.", file=sys.stderr)
        return 1
    return 1 if found.missing else 0


if __name__ == "__main__":
    sys.exit(main())
