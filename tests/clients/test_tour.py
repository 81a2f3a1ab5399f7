"""`make tour`: every proof holds, and one that does not is said and ends it with 1."""

import io
import os
import re
import subprocess
import sys

import pytest

from groupware.environment import BASE_DIR
from groupware.tour.promises import PROMISES
from groupware.tour.report import Report


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_every_promise_is_proved_with_figures() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "groupware.tour", "--messages", "300"],
        cwd=BASE_DIR,
        env={name: text for name, text in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "NOT SO" not in ran.stdout
    assert ran.stdout.count("\n“") == len(PROMISES)
    proofs = re.search(r"(\d+) proofs held, 0 did not", ran.stdout)
    assert proofs
    assert int(proofs[1]) == ran.stdout.count("✓") >= 15


def test_what_does_not_hold_is_said_and_counted() -> None:
    written = io.StringIO()
    report = Report(written)
    report.holds("Water is wet.", is_so=True, figure="1 of 1")
    report.holds("Water is dry.", is_so=False)
    assert (report.held, report.broken) == (1, 1)
    assert "✗ NOT SO: Water is dry." in written.getvalue()
