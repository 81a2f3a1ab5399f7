"""A month of occurrences over a calendar of 10,000 events, by REST.

    .venv/bin/python -m benchmarks.api.month [--events 10000] [--scratch DIR]

Events are those of benchmarks/dav; before each timed request the calendar has changed. Prints the
median, and requests a second on one connection. Exits with 1 where the median takes 50 ms or more.
"""

import argparse
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlencode

from benchmarks.dav import objects
from benchmarks.dav.client import Client
from benchmarks.dav.loads import Bench
from benchmarks.dav.peers import Ours

TRIES = 15
SECONDS = 3.0
LONGEST = 0.050
MONTH = {
    "start": objects.MONTH[0].isoformat(),
    "end": objects.MONTH[1].isoformat(),
    "zone": "Europe/Paris",
}


def ask(client: Client) -> int:
    """Ask for the month, and return how many occurrences it has."""
    answer = client.ask("GET", f"/api/v1/occurrences?{urlencode(MONTH)}", "")
    return len(json.loads(answer.body)["items"])


def measure(events: int, scratch: Path) -> tuple[int, float, float]:
    """Return how many occurrences a month has, the median's seconds, requests a second."""
    server = Ours(scratch)
    server.start()
    try:
        bench = Bench(server, events)
        bench.fill()
        taken = []
        with server.connect() as client:
            for _ in range(TRIES):
                bench.change(client)
                start = time.perf_counter()
                found = ask(client)
                taken.append(time.perf_counter() - start)
            start, count = time.perf_counter(), 0
            while time.perf_counter() - start < SECONDS:
                ask(client)
                count += 1
            rate = count / (time.perf_counter() - start)
        return found, statistics.median(taken), rate
    finally:
        server.stop()


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.api.month")
    parser.add_argument("--events", type=int, default=10_000)
    parser.add_argument("--scratch", type=Path, default=Path("/var/tmp"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.scratch) as directory:
        found, seconds, rate = measure(options.events, Path(directory))
    print(
        f"{found} occurrences of {options.events} events: {seconds * 1e3:.1f} ms,"
        f" {rate:.0f} requests a second"
    )
    if seconds >= LONGEST:
        print(f"That is not under {LONGEST * 1e3:.0f} ms.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
