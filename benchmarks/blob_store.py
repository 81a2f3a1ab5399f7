"""Blobs in a directory against a database file: durable puts, reads, octets on disk.

    .venv/bin/python -m benchmarks.blob_store DIRECTORY_OF_EML [--rounds 3] [--scratch DIR]

Alternates the two in one run and prints the median of the rounds. Both sync before a put
returns. The scratch directory must lie on a real disk, not in memory.
"""

import argparse
import os
import random
import shutil
import statistics
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from typing import Any

MAX_SIZE = 256 * 1024
COPIES = 3


def load(directory: Path) -> list[tuple[str, bytes]]:
    """Return (name, stored form) of every message below `MAX_SIZE`, three times over."""
    from groupware.core.blobs import frames

    messages = [path.read_bytes() for path in sorted(directory.glob("*.eml"))]
    small = [data for data in messages if len(data) < MAX_SIZE]
    return [(sha256(data).hexdigest(), frames.compress(data)) for data in small] * COPIES


def measure(
    blobs: list[tuple[str, bytes]], scratch: Path, *, large: int, threads: int
) -> tuple[float, float, float]:
    """Return puts a second, gets a second, and octets on disk for each blob."""
    from groupware.core.blobs.store import LocalBlobStore

    directory = Path(tempfile.mkdtemp(dir=scratch))
    store = LocalBlobStore(directory, large=large, timeout=60.0)
    start = time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        locations = list(pool.map(lambda blob: store.put(*blob), blobs))
    putting = time.perf_counter() - start
    random.Random(1).shuffle(locations)
    start = time.perf_counter()
    for location in locations:
        store.get(location)
    getting = time.perf_counter() - start
    blocks = sum(path.stat().st_blocks * 512 for path in directory.rglob("*"))
    shutil.rmtree(directory)
    return len(blobs) / putting, len(blobs) / getting, blocks / len(blobs)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("messages", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--scratch", type=Path, default=Path("/var/tmp"))
    options = parser.parse_args()
    os.environ["DJANGO_SETTINGS_MODULE"] = "groupware.settings"
    import django

    django.setup()
    blobs = load(options.messages)
    print(f"{len(blobs)} blobs of {sum(len(s) for _, s in blobs) / len(blobs):.0f} stored octets")
    figures: dict[tuple[str, int], list[Any]] = {}
    for _ in range(options.rounds):
        for threads in (1, 8):
            for name, large in (("directory", 0), ("database file", 1 << 40)):
                result = measure(blobs, options.scratch, large=large, threads=threads)
                figures.setdefault((name, threads), []).append(result)
    for (name, threads), results in figures.items():
        puts, gets, octets = (statistics.median(column) for column in zip(*results, strict=True))
        print(
            f"{name:14} {threads} threads: {puts:6.0f} puts/s {gets:8.0f} gets/s"
            f" {octets:6.0f} octets on disk"
        )


if __name__ == "__main__":
    main()
