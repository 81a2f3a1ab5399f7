from typing import Any

import pytest

from groupware.core import db, outbox
from groupware.core.models import Account, OutboxRow
from tests.services.threads import in_thread

pytestmark = pytest.mark.django_db(transaction=True)
NOW = 2_000_000_000


class Worker:
    """A handler that notes what it did, and fails as often as it is told to."""

    def __init__(self) -> None:
        self.seen: list[dict[str, Any]] = []
        self.failures = 0

    def __call__(self, payload: dict[str, Any]) -> None:
        if self.failures:
            self.failures -= 1
            raise LookupError("not\0 yet \ud800")
        self.seen.append(payload)


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> Worker:
    made = Worker()
    monkeypatch.setattr(outbox, "_handlers", {"test": made})
    return made


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return a clock that stands at its one element."""
    time = [NOW]
    monkeypatch.setattr(outbox, "epoch", lambda: time[0])
    return time


def add(**fields: Any) -> int:
    with db.write_transaction():
        return outbox.add("test", {"n": 1}, account_id=None, **fields)


def row() -> OutboxRow:
    return OutboxRow.objects.get()


def test_row_is_worked_off_right_after_its_commit(worker: Worker) -> None:
    with db.write_transaction():
        outbox.run_after_commit(outbox.add("test", {"n": 7}, account_id=None))
        assert worker.seen == []
    assert worker.seen == [{"n": 7}]
    assert not OutboxRow.objects.exists()


def test_row_of_an_undone_transaction_never_runs(ann: Account, worker: Worker) -> None:
    with pytest.raises(ValueError, match="no"), db.write_transaction():  # noqa: PT012
        outbox.run_after_commit(outbox.add("test", {}, account_id=ann.pk))
        raise ValueError("no")
    assert outbox.sweep(now=NOW * 2) == 0
    assert worker.seen == []


def test_sweep_finds_only_what_is_due(worker: Worker, clock: list[int]) -> None:
    add(delay=30)
    clock[0] += 29
    assert outbox.sweep() == 0
    clock[0] += 1
    assert outbox.sweep() == 1
    assert worker.seen == [{"n": 1}]
    assert outbox.sweep() == 0


def test_row_is_left_to_its_writer_for_the_lease(worker: Worker, clock: list[int]) -> None:
    add()
    clock[0] += outbox.LEASE - 1
    assert outbox.sweep() == 0
    clock[0] += 1
    assert outbox.sweep() == 1


def test_failing_handler_keeps_row_and_error(worker: Worker, clock: list[int]) -> None:
    worker.failures = 1
    add(delay=0)
    assert outbox.sweep() == 0
    held = row()
    assert held.attempts == 1
    assert held.last_error.startswith("LookupError: not yet ")
    assert held.run_after == NOW + outbox.BACKOFF[0]
    clock[0] = held.run_after
    assert outbox.sweep() == 1
    assert worker.seen == [{"n": 1}]


def test_each_failure_waits_longer_up_to_the_last_step(worker: Worker, clock: list[int]) -> None:
    worker.failures = len(outbox.BACKOFF) + 2
    add(delay=0)
    waits = []
    while worker.failures:
        assert outbox.sweep() == 0
        waits.append(row().run_after - clock[0])
        clock[0] = row().run_after
    assert waits == [*outbox.BACKOFF, outbox.BACKOFF[-1], outbox.BACKOFF[-1]]


def test_failure_after_the_commit_is_left_to_the_sweep(worker: Worker, clock: list[int]) -> None:
    worker.failures = 1
    with db.write_transaction():
        outbox.run_after_commit(outbox.add("test", {"n": 1}, account_id=None))
    assert row().attempts == 1
    clock[0] = row().run_after
    assert outbox.sweep() == 1


def test_topic_that_nobody_handles_is_kept(worker: Worker, clock: list[int]) -> None:
    with db.write_transaction():
        outbox.add("unknown", {}, account_id=None, delay=0)
    assert outbox.sweep() == 0
    assert "unknown" in row().last_error


def test_row_in_work_is_left_alone_by_the_others(
    worker: Worker, clock: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    others: list[int] = []

    def sweep_elsewhere(payload: dict[str, Any]) -> None:
        others.append(in_thread(outbox.sweep))

    monkeypatch.setattr(outbox, "_handlers", {"test": sweep_elsewhere})
    add(delay=0)
    assert outbox.sweep() == 1
    assert others == [0]


def test_row_whose_worker_died_runs_again_after_the_lease(
    worker: Worker, clock: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(payload: dict[str, Any]) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(outbox, "_handlers", {"test": die})
    add(delay=0)
    with pytest.raises(KeyboardInterrupt):
        outbox.sweep()
    monkeypatch.setattr(outbox, "_handlers", {"test": worker})
    assert outbox.sweep() == 0
    clock[0] += outbox.LEASE
    assert outbox.sweep() == 1


def test_one_failing_row_does_not_stop_the_sweep(worker: Worker, clock: list[int]) -> None:
    worker.failures = 1
    for _ in range(3):
        add(delay=0)
    assert outbox.sweep() == 2
    assert OutboxRow.objects.count() == 1


def test_sweep_takes_the_oldest_first_and_no_more_than_its_limit(
    worker: Worker, clock: list[int]
) -> None:
    with db.write_transaction():
        for number, delay in enumerate((3, 1, 2)):
            outbox.add("test", {"n": number}, account_id=None, delay=delay)
    clock[0] += 3
    assert outbox.sweep(limit=2) == 2
    assert worker.seen == [{"n": 1}, {"n": 2}]
