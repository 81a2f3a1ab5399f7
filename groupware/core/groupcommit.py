"""One thread per process that commits the writes of many sessions together.

On the embedded database a commit is a sync of the disk, whoever wrote; so what waits is
written in one transaction, each job a savepoint that fails alone. A job's result is handed
out after the outer commit, which is the moment it is durable. A thread that would wait anyhow
writes itself where nobody else does (`run`). On PostgreSQL, which groups commits itself, jobs run
side by side.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import Context, copy_context
from queue import SimpleQueue
from typing import Any, TypeVar

from django.db import connections, transaction

from groupware.core import db
from groupware.core.clock import monotonic
from groupware.core.errors import Busy

MAX_GROUP = 64
"""Jobs that share one commit at most, so that the first of them does not wait for long."""
POSTGRESQL_WRITERS = 8
"""Writing threads of a process where the database groups commits itself."""

T = TypeVar("T")


class _Job:
    """One write and where its result goes."""

    __slots__ = ("call", "context", "deadline", "error", "future", "result")

    def __init__(self, call: Callable[[], Any]) -> None:
        self.call = call
        self.context: Context = copy_context()
        self.deadline = monotonic() + db.lock_timeout()
        self.future: Future[Any] = Future()
        self.result: Any = None
        self.error: BaseException | None = None

    def begin(self) -> bool:
        """Whether anyone still waits; one who waited too long in the line is told so."""
        if not self.future.set_running_or_notify_cancel():
            return False
        if monotonic() > self.deadline:
            self.error = Busy("The server is busy; try again in a moment.", detail="write queue")
            self.settle()
            return False
        return True

    def run(self) -> None:
        """Run in the submitter's context, keeping result or error."""
        self.error = None
        try:
            self.result = self.context.run(self.call)
        except BaseException as error:
            self.error = error
            raise

    def settle(self) -> None:
        """Hand the outcome to whoever waits."""
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.result)


class GroupCommitter:
    """Runs writes in the order of their arrival; `submit` may be called from any thread."""

    def __init__(self) -> None:
        self._queue: SimpleQueue[_Job | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._loop, name="group-commit", daemon=True)
        self._pool: ThreadPoolExecutor | None = None
        self._closed = False
        self._closing = threading.Lock()
        self._turn = threading.Lock()
        """Held by the thread that writes."""
        self._is_next = False
        """Whether the committing thread waits for its turn: nobody gets in before it."""
        if db.is_sqlite():
            self._thread.start()
        else:
            self._pool = ThreadPoolExecutor(POSTGRESQL_WRITERS, thread_name_prefix="write")

    def submit(self, call: Callable[[], Any]) -> "Future[Any]":
        """Run `call` in a durable transaction; the future is done after the commit.

        Where the commit of a group fails, each of its calls runs a second time, alone.
        """
        job = _Job(call)
        with self._closing:  # a job behind the end of the queue would never be run
            if self._closed:
                raise RuntimeError("the committer is closed")
            if self._pool is not None:
                self._pool.submit(_run_alone, job)
            else:
                self._queue.put(job)
        return job.future

    def run(self, call: Callable[[], T]) -> T:
        """Run a service, and return its result when that is durable; from a thread that may wait.

        Where nobody writes, this thread does, in the transaction that the service begins: to hand
        a job over and to be woken takes as long as most of them. What comes meanwhile is a group.
        """
        with self._closing:
            if self._closed:
                raise RuntimeError("the committer is closed")
            is_free = self._queue.empty() and not self._is_next
            is_mine = is_free and self._turn.acquire(blocking=False)
        if not is_mine:
            result: T = self.submit(call).result()
            return result
        try:
            return call()
        finally:
            self._turn.release()

    def close(self) -> None:
        """Finish what was submitted, then stop."""
        with self._closing:
            self._closed = True
        if self._pool is not None:
            close_pool(self._pool, POSTGRESQL_WRITERS)
        else:
            self._queue.put(None)
            self._thread.join()

    def _loop(self) -> None:
        stopping = False
        while not stopping:
            job = self._queue.get()
            self._is_next = True
            with self._turn:
                self._is_next = False
                stopping = job is None or self._write_group(job)
        connections.close_all()

    def _write_group(self, first: _Job) -> bool:
        """Run a job, and whatever came by the time at which the lock of writes is had.

        Return whether the end of the queue came. Other processes hold that lock as well: who came
        while it was waited for shares the commit, and does not wait for the next one.
        """
        jobs = [first] if first.begin() else []
        ends = has_lock = False
        try:
            if jobs:
                with db.write_transaction():
                    has_lock = True
                    ends = self._collect(jobs)
                    _run_together(jobs)
        except BaseException as error:  # noqa: BLE001 (each job is handed it or meets it again)
            # The lock was not had in time; alone, each would wait as long again.
            ends = ends or (not has_lock and self._collect(jobs))
            _go_on_alone(jobs, error, has_lock=has_lock)
        else:
            for job in jobs:
                job.settle()
        return ends

    def _collect(self, jobs: list[_Job]) -> bool:
        """Add the jobs that wait; return whether the end of the queue came."""
        while len(jobs) < MAX_GROUP and not self._queue.empty():
            job = self._queue.get()
            if job is None:
                return True
            if job.begin():
                jobs.append(job)
        return False


def close_pool(pool: ThreadPoolExecutor, threads: int) -> None:
    """Stop a pool after closing the database connection of each of its threads."""
    barrier = threading.Barrier(threads)

    def close_own() -> None:
        connections.close_all()
        barrier.wait()  # so that no thread takes two turns and another none

    for _ in range(threads):
        pool.submit(close_own)
    pool.shutdown(wait=True)


def _run_alone(job: _Job) -> None:
    if job.begin():
        _write_alone(job)


def _write_alone(job: _Job) -> None:
    try:
        with db.write_transaction():
            job.run()
    except BaseException as error:  # noqa: BLE001 (handed to whoever waits)
        job.error = error
    job.settle()


def _run_together(jobs: list[_Job]) -> None:
    """Run jobs in the transaction that is open; one that is alone needs no savepoint."""
    if len(jobs) == 1:
        jobs[0].run()
        return
    for job in jobs:
        _run_in_savepoint(job)


def _go_on_alone(jobs: list[_Job], error: BaseException, *, has_lock: bool) -> None:
    """Settle the jobs of a group that failed as a whole."""
    for job in jobs:
        if has_lock and len(jobs) > 1:
            # The commit itself failed, and with it every job of the group: whoever is
            # not to blame succeeds alone.
            _write_alone(job)
        else:
            job.error = error
            job.settle()


def _run_in_savepoint(job: _Job) -> None:
    """Run one job of a group; its failure undoes only its own writes."""
    try:
        with transaction.atomic():
            job.run()
    except BaseException:
        if job.error is None or transaction.get_connection().needs_rollback:
            raise
