"""Lists of messages by REST in a mailbox of 100,000: the newest 50, the next, a search, threads.

    .venv/bin/python -m benchmarks.api.mailbox [--messages 100000]

Prints the median of each, and requests of the newest 50 a second on one connection. A message's
flag changes before each timed request. Exits with 1 where the newest 50 take 30 ms or more.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.dav.client import Client as HttpClient
from benchmarks.imap.client import Client
from benchmarks.large import USER, fill
from tests.clients.people import PASSWORD, create_people
from tests.serve.running import Running, serving

TRIES = 15
SECONDS = 3.0
LONGEST = 0.030


def ask(client: HttpClient, path: str) -> Any:
    """Return what an answer tells."""
    return json.loads(client.ask("GET", f"/api/v1/{path}", "").body)


def find_mailbox(client: HttpClient, name: str) -> str:
    """Return the id of a mailbox."""
    mailboxes = ask(client, "mailboxes")["items"]
    return next(str(held["id"]) for held in mailboxes if held["name"] == name)


def measure(running: Running) -> dict[str, float]:
    """Return the median's seconds of each request, and how many of the first a second."""
    ports = running.ports
    with (
        Client(ports["IMAP"], USER, PASSWORD) as other,
        HttpClient(ports["HTTP"], USER, PASSWORD) as client,
    ):
        base = f"mailboxes/{find_mailbox(client, 'large')}"
        newest = f"{base}/messages"
        following = ask(client, newest)["next"]
        paths = {
            "the newest 50": newest,
            "the next 50": f"{newest}?cursor={following}",
            "unread": f"{newest}?q=is:unread",
            "by subject": f"{newest}?q=subject:the",
            "50 threads": f"{base}/threads",
        }
        other.command(b"SELECT large")
        medians = {name: _median(client, other, path) for name, path in paths.items()}
        start, count = time.perf_counter(), 0
        while time.perf_counter() - start < SECONDS:
            ask(client, newest)
            count += 1
        return medians | {"requests a second": count / (time.perf_counter() - start)}


def _median(client: HttpClient, other: Client, path: str) -> float:
    taken = []
    for turn in range(TRIES):
        other.command(b"STORE %d %cFLAGS.SILENT (\\Flagged)" % (turn + 1, b"+-"[turn % 2]))
        start = time.perf_counter()
        found = ask(client, path)
        taken.append(time.perf_counter() - start)
        assert found["items"], path
    return statistics.median(taken)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.api.mailbox")
    parser.add_argument("--messages", type=int, default=100_000)
    options = parser.parse_args()
    settings = {"GROUPWARE_PROCESSES": "1", "GROUPWARE_ALLOW_PLAINTEXT": "1"}
    with (
        tempfile.TemporaryDirectory(dir="/var/tmp") as scratch,
        serving(Path(scratch) / "data", "imap", "web", **settings) as running,
    ):
        create_people(running, [USER])
        with Client(running.ports["IMAP"], USER, PASSWORD) as client:
            fill(client, options.messages)
        found = measure(running)
    rate = found.pop("requests a second")
    for name, seconds in found.items():
        print(f"{name}: {seconds * 1e3:.1f} ms")
    print(f"{rate:.0f} requests of the newest 50 a second")
    if found["the newest 50"] >= LONGEST:
        print(f"That is not under {LONGEST * 1e3:.0f} ms.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
