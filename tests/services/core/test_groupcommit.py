import os
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from pathlib import Path
from threading import Event, current_thread

import pytest
from django.db import IntegrityError, OperationalError, connection

from groupware.core import db, limits
from groupware.core.changes import begin_change
from groupware.core.errors import Busy, DiskReserve, OverQuota
from groupware.core.groupcommit import MAX_GROUP, GroupCommitter
from groupware.core.models import Account, OutboxRow, Tombstone
from tests.conftest import SetLimit
from tests.serve.running import nobody_commits, wait_for, waits_for_file
from tests.services.store import state_of
from tests.services.threads import SECONDS, account_locked_elsewhere, threads, wait

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def committer() -> Iterator[GroupCommitter]:
    held = GroupCommitter()
    yield held
    held.close()


def note(text: str) -> str:
    """Write a row, which is what these jobs do."""
    OutboxRow.objects.create(topic=text, payload={}, created_at=0, run_after=0)
    return text


def note_and_fail(text: str) -> None:
    note(text)
    raise OverQuota(text)


def noted() -> list[str]:
    """Return what was committed."""
    return sorted(OutboxRow.objects.values_list("topic", flat=True))


@contextmanager
def gathered(committer: GroupCommitter) -> Iterator[None]:
    """Let what is submitted inside wait in the queue, so that it becomes one group."""
    begun, let_go = Event(), Event()

    def first() -> None:
        begun.set()
        wait(let_go)

    blocking = committer.submit(first)
    wait(begun)
    try:
        yield
    finally:
        let_go.set()
        blocking.result(SECONDS)


def test_result_comes_when_the_write_is_there(committer: GroupCommitter) -> None:
    assert committer.submit(lambda: note("one")).result(SECONDS) == "one"
    assert noted() == ["one"]


def test_failing_job_undoes_only_its_own_writes(committer: GroupCommitter) -> None:
    with gathered(committer):
        good = committer.submit(lambda: note("good"))
        bad = committer.submit(lambda: note_and_fail("bad"))
        last = committer.submit(lambda: note("last"))
    with pytest.raises(OverQuota):
        bad.result(SECONDS)
    assert (good.result(SECONDS), last.result(SECONDS)) == ("good", "last")
    assert noted() == ["good", "last"]


@pytest.mark.sqlite
def test_no_result_of_a_group_comes_before_its_commit(committer: GroupCommitter) -> None:
    begun, let_go = Event(), Event()

    def last() -> None:
        begun.set()
        wait(let_go)

    with gathered(committer):
        early = committer.submit(lambda: note("early"))
        late = committer.submit(last)
    wait(begun)
    assert not early.done()
    assert noted() == []
    let_go.set()
    late.result(SECONDS)
    assert early.result(SECONDS) == "early"
    assert noted() == ["early"]


def fail_at_commit() -> None:
    """Name a collection that is not there: the key is checked at the commit."""
    note("bad")
    Tombstone.objects.create(account_id=10**12, collection_id=10**12, modseq=1, created_at=0)


def test_commit_that_fails_is_tried_by_each_job_alone(committer: GroupCommitter) -> None:
    with gathered(committer):
        first = committer.submit(lambda: note("first"))
        bad = committer.submit(fail_at_commit)
        last = committer.submit(lambda: note("last"))
    with pytest.raises(IntegrityError):
        bad.result(SECONDS)
    assert (first.result(SECONDS), last.result(SECONDS)) == ("first", "last")
    assert noted() == ["first", "last"]


def break_transaction() -> None:
    """Fail as SQLite does on a full disk: it gives up the whole transaction by itself."""
    note("broken")
    with connection.cursor() as cursor:
        cursor.execute("ROLLBACK")
    said = sqlite3.OperationalError("database or disk is full")
    said.sqlite_errorcode = sqlite3.SQLITE_FULL
    raise OperationalError(*said.args) from said


@pytest.mark.sqlite
def test_job_that_breaks_the_transaction_harms_no_other(committer: GroupCommitter) -> None:
    with gathered(committer):
        first = committer.submit(lambda: note("first"))
        broken = committer.submit(break_transaction)
        last = committer.submit(lambda: note("last"))
    with pytest.raises(DiskReserve):
        broken.result(SECONDS)
    assert (first.result(SECONDS), last.result(SECONDS)) == ("first", "last")
    assert noted() == ["first", "last"]


def test_callbacks_of_a_failed_job_are_dropped(committer: GroupCommitter) -> None:
    called: list[str] = []

    def job(name: str, *, fails: bool) -> Callable[[], None]:
        def call() -> None:
            db.on_commit(lambda: called.append(name))
            if fails:
                raise OverQuota(name)

        return call

    with gathered(committer):
        jobs = [committer.submit(job(name, fails=name == "bad")) for name in ("a", "bad", "c")]
    assert [type(waiting.exception(SECONDS)) for waiting in jobs] == [
        type(None),
        OverQuota,
        type(None),
    ]
    assert sorted(called) == ["a", "c"]


def test_job_that_waited_too_long_in_line_is_busy(
    committer: GroupCommitter, set_limit: SetLimit
) -> None:
    with gathered(committer):
        set_limit(limits.LOCK_TIMEOUT, -1)
        late = committer.submit(lambda: note("late"))
        set_limit(limits.LOCK_TIMEOUT, 10)
        good = committer.submit(lambda: note("good"))
    with pytest.raises(Busy):
        late.result(SECONDS)
    assert good.result(SECONDS) == "good"
    assert noted() == ["good"]


def test_jobs_behind_a_lock_are_busy_and_write_nothing(
    committer: GroupCommitter, ann: Account, set_limit: SetLimit
) -> None:
    before = state_of(ann).next_modseq
    committer.submit(lambda: note("warm")).result(SECONDS)
    with account_locked_elsewhere(ann.pk):
        set_limit(limits.LOCK_TIMEOUT, 0.1)
        waiting = [committer.submit(lambda: begin_change(ann.pk)) for _ in range(3)]
        for future in waiting:
            with pytest.raises(Busy):
                future.result(SECONDS)
    set_limit(limits.LOCK_TIMEOUT, 10)
    committer.submit(lambda: begin_change(ann.pk)).result(SECONDS)
    assert state_of(ann).next_modseq == before + 2


@pytest.mark.sqlite
def test_who_comes_while_the_lock_is_waited_for_shares_the_commit(
    committer: GroupCommitter, own_data: Path
) -> None:
    def is_in_a_group() -> bool:
        note("written")
        return bool(connection.savepoint_ids)

    with nobody_commits(own_data):
        first = committer.submit(is_in_a_group)
        wait_for(lambda: waits_for_file(os.getpid(), own_data / "write.lock"), "the line")
        others = [committer.submit(is_in_a_group) for _ in range(2)]
    assert [future.result(SECONDS) for future in (first, *others)] == [True] * 3
    assert committer.submit(is_in_a_group).result(SECONDS) is False


def test_cancelled_job_is_not_run(committer: GroupCommitter) -> None:
    begun, let_go = Event(), Event()

    def block() -> None:
        begun.set()
        wait(let_go)

    blocking = [committer.submit(block) for _ in range(8)]
    wait(begun)
    cancelled = committer.submit(lambda: note("cancelled"))
    assert cancelled.cancel()
    let_go.set()
    assert [future.result(SECONDS) for future in blocking] == [None] * 8
    committer.submit(lambda: note("after")).result(SECONDS)
    assert noted() == ["after"]


def test_job_runs_in_its_submitters_context(committer: GroupCommitter) -> None:
    session: ContextVar[str] = ContextVar("session", default="")
    session.set("s1")
    assert committer.submit(session.get).result(SECONDS) == "s1"


def test_close_finishes_what_was_submitted() -> None:
    committer = GroupCommitter()
    with gathered(committer):
        waiting = [committer.submit(partial(note, f"{n:03}")) for n in range(MAX_GROUP + 10)]
    committer.close()
    assert all(future.done() for future in waiting)
    assert noted() == [f"{n:03}" for n in range(MAX_GROUP + 10)]
    with pytest.raises(RuntimeError):
        committer.submit(lambda: note("too late"))


def test_what_is_submitted_while_it_closes_is_finished_or_refused() -> None:
    for _ in range(20):
        committer = GroupCommitter()
        with threads(3) as start:
            submitting = [start(partial(_submit_some, committer)) for _ in range(2)]
            start(committer.close).result(SECONDS)
        futures = [future for taken in submitting for future in taken.result(SECONDS)]
        for future in futures:
            assert future.result(SECONDS) == 1


def _submit_some(committer: GroupCommitter) -> list[Future[int]]:
    taken: list[Future[int]] = []
    try:
        for _ in range(200):
            taken.append(committer.submit(lambda: 1))  # noqa: PERF401 (what was taken counts)
    except RuntimeError:
        return taken
    return taken


def write(text: str) -> str:
    """Write a row as a service does, and return on which thread."""
    with db.write_transaction():
        note(text)
    return current_thread().name


def test_a_thread_writes_itself_where_nobody_else_does(committer: GroupCommitter) -> None:
    assert committer.run(lambda: write("own")) == current_thread().name
    assert noted() == ["own"]
    with pytest.raises(OverQuota):
        committer.run(lambda: note_and_fail_in_transaction("bad"))
    assert committer.run(lambda: write("after")) == current_thread().name
    assert noted() == ["after", "own"]


def note_and_fail_in_transaction(text: str) -> None:
    with db.write_transaction():
        note_and_fail(text)


@pytest.mark.sqlite
def test_a_thread_joins_the_group_where_another_one_writes(committer: GroupCommitter) -> None:
    with threads(2) as start:
        with gathered(committer):
            early = committer.submit(lambda: note("early"))
            own = start(lambda: committer.run(lambda: write("own")))
            with pytest.raises(TimeoutError):
                own.result(0.05)
        assert own.result(SECONDS) == "group-commit"
    assert early.result(SECONDS) == "early"
    assert noted() == ["early", "own"]


@pytest.mark.sqlite
def test_what_comes_while_a_thread_writes_itself_waits_for_it(committer: GroupCommitter) -> None:
    begun, let_go = Event(), Event()

    def hold() -> str:
        begun.set()
        wait(let_go)
        return write("own")

    with threads(2) as start:
        own = start(lambda: committer.run(hold))
        wait(begun)
        later = [committer.submit(lambda: note("first")), committer.submit(lambda: note("second"))]
        overtaking = start(lambda: committer.run(lambda: write("third")))
        with pytest.raises(TimeoutError):
            later[0].result(0.05)
        let_go.set()
        assert own.result(SECONDS) != "group-commit"
        assert [future.result(SECONDS) for future in later] == ["first", "second"]
        assert overtaking.result(SECONDS) == "group-commit", "it does not come before the others"
    assert noted() == ["first", "own", "second", "third"]


def test_a_closed_committer_runs_nothing() -> None:
    committer = GroupCommitter()
    committer.close()
    with pytest.raises(RuntimeError):
        committer.run(lambda: write("too late"))
    assert noted() == []


def test_many_threads_never_share_a_modseq(committer: GroupCommitter, ann: Account) -> None:
    before = state_of(ann).next_modseq

    def change() -> int:
        return begin_change(ann.pk, add_bytes=10, add_items=1).modseq

    def run() -> int:
        with db.write_transaction():
            return change()

    def submit_25() -> list[int]:
        return [committer.submit(change).result(SECONDS) for _ in range(25)]

    def run_25() -> list[int]:
        return [committer.run(run) for _ in range(25)]

    with threads(8) as start:
        drawn = [start(work) for work in (submit_25, run_25) for _ in range(4)]
        modseqs = [modseq for future in drawn for modseq in future.result(SECONDS)]
    assert sorted(modseqs) == list(range(before, before + 200))
    state = state_of(ann)
    assert (state.next_modseq, state.bytes_used, state.items_used) == (before + 200, 2000, 200)
