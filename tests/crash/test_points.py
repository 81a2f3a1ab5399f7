"""kill -9 at every crash point: nothing that was told is lost, and what was left is finished."""

import signal
from pathlib import Path

import pytest

from groupware.core.crashpoints import POINTS
from tests.crash.model import read_journal
from tests.crash.store import Store

pytestmark = pytest.mark.crash

CASES = (
    ("blob-written", 3, "carry"),
    ("blob-written", 2, "append-large"),
    ("blob-synced", 3, "carry"),
    ("blob-synced", 2, "append-large"),
    ("before-commit", 25, "change"),
    ("after-commit", 25, "change"),
    ("move-copied", 5, "move-across"),
    ("move-removed", 5, "move-across"),
    ("move-copied", 5, "move-across-alone"),
    ("move-removed", 5, "move-across-alone"),
    ("collector-marked", 3, "collect"),
    ("collector-unlinked", 3, "collect"),
    ("account-created", 3, "create-account"),
)
"""(point, how often it is passed before, scenario of `tests.crash.writer`)."""


def write_until_killed(store: Store, scenario: str, journal: Path, point: str) -> None:
    ended = store.run("writer", scenario, str(store.model), str(journal), GROUPWARE_CRASH_AT=point)
    assert ended.returncode == -signal.SIGKILL, ended.stderr


ELSEWHERE = {
    "export-written",
    "pop3-removed",
    "pop3-committed",
    "inbound-accepted",
    "inbound-delivered",
    "inbound-filed",
    "inbound-queued",
    "inbound-settled",
    "queue-leased",
    "queue-acknowledged",
    "queue-settled",
    "submission-filed",
    "retention-removed",
    "notice-accepted",
    "account-imported",
}
"""Points that no writer passes: tests of their own (test_pop3.py, test_inbound.py…) kill there."""


def test_every_crash_point_has_a_case() -> None:
    assert {point for point, _, _ in CASES} | ELSEWHERE == POINTS


@pytest.mark.parametrize(("point", "count", "scenario"), CASES)
def test_after_a_kill_nothing_that_was_told_is_lost(
    store: Store, point: str, count: int, scenario: str
) -> None:
    journal = store.notes / "journal"
    write_until_killed(store, scenario, journal, f"{point}:{count}")
    steps, results = read_journal(journal)
    assert set(results) < {step.id for step in steps}
    assert store.faults(journal) == []


def test_a_store_goes_on_after_a_kill(store: Store) -> None:
    journals = [store.notes / name for name in ("first", "second")]
    for journal in journals:
        write_until_killed(store, "everything", journal, "before-commit:60")
        assert store.faults(journal) == []
    assert {step.op for step in read_journal(journals[1])[0]} >= {"append", "deliver", "remove"}
