"""Eight processes that write to accounts of their own, as fast as they can, in one SQLite store.

How long they wait is measured by the same program for a minute: docs/benchmarks.md.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from groupware.environment import BASE_DIR

pytestmark = [pytest.mark.slow, pytest.mark.sqlite, pytest.mark.timeout(120)]

PROCESSES = 8
WRITES = 40


def test_no_write_of_eight_processes_fails_or_is_lost(tmp_path: Path) -> None:
    options = {"--processes": PROCESSES, "--writes": WRITES, "--scratch": tmp_path}
    words = [str(word) for option in options.items() for word in option]
    ended = subprocess.run(
        [sys.executable, "-m", "benchmarks.writers", *words, "--json"],
        cwd=BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.stderr == ""
    figures = json.loads(ended.stdout)
    assert figures["errors"] == []
    assert figures["missing"] == []
    assert figures["writes"] == PROCESSES * WRITES
