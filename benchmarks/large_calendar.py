"""A calendar of 100,000 objects: one change, a month, and one write.

    .venv/bin/python -m benchmarks.large_calendar [--events 100000] [--scratch DIR]

Writes the events over four connections, then asks as benchmarks/dav does, each time after a change.
Exits with 1 where a sync after one change takes 20 ms or more, or where of a hundred polls of fifty
clients at once one takes 200.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from benchmarks.dav.loads import CHAPTER, LOADS, Bench
from benchmarks.dav.peers import Ours

ASKED = ("sync", "month", "multiget", "freebusy", "large", "poll")
LONGEST: Mapping[str, float] = {"sync.change": 0.020, "poll.p99": 0.200}


def measure(events: int, scratch: Path) -> dict[str, float]:
    """Fill a calendar, and return the figures of the lines."""
    server = Ours(scratch)
    server.start()
    try:
        bench = Bench(server, events)
        start = time.perf_counter()
        bench.fill()
        print(f"Filled in {time.perf_counter() - start:.0f} s", flush=True)
        figures: dict[str, float] = {}
        for name in ASKED:
            figures.update(LOADS[name](bench))
        return figures
    finally:
        server.stop()


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.large_calendar")
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--scratch", type=Path, default=Path("/var/tmp"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.scratch) as directory:
        figures = measure(options.events, Path(directory))
    for line in CHAPTER.lines:
        if line.key in figures:
            print(f"| {line.text} | {line.show(figures[line.key])} |")
    late = [key for key, longest in LONGEST.items() if figures[key] >= longest]
    for key in late:
        print(f"{key} takes longer than {LONGEST[key] * 1e3:.0f} ms.", file=sys.stderr)
    return 1 if late else 0


if __name__ == "__main__":
    sys.exit(main())
