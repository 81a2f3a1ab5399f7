"""The whole suite: pytest on SQLite, then what uses a database on PostgreSQL as well.

`python -m tests.run ARGUMENTS…` hands its arguments to both, and ends with what was skipped and
what would enable it.
"""

import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import pytest


def main(arguments: list[str]) -> int:
    """Run pytest once for each database; return the first exit code that is not 0."""
    with tempfile.TemporaryDirectory(prefix="groupware-skips-") as directory:
        skips = Path(directory) / "skips"
        skips.touch()
        codes = [
            _run_pytest([*arguments, f"--database={database}"], skips)
            for database in ("sqlite", "postgresql")
        ]
        _print_skips(skips)
    return next((code for code in codes if code), 0)


def _run_pytest(arguments: list[str], skips: Path) -> int:
    environment = os.environ | {"GROUPWARE_TEST_SKIPS": str(skips)}
    # The suite starts Python some thousand times: without compiled modules each takes half as long again.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    command = [sys.executable, "-m", "pytest", "-q", *arguments]
    code = subprocess.run(command, env=environment, check=False).returncode
    # That no test of a selection uses a database is no failure.
    return 0 if code == pytest.ExitCode.NO_TESTS_COLLECTED else code


def _print_skips(skips: Path) -> None:
    reasons: Counter[str] = Counter()
    for line in skips.read_text().splitlines():
        number, _, reason = line.partition("\t")
        reasons[reason] += int(number)
    for reason, count in sorted(reasons.items()):
        print(f"{count} skipped: {reason}")  # noqa: T201 - the runner's output
    if not reasons:
        print("Nothing was skipped.")  # noqa: T201


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
