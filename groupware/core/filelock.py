"""A lock between processes that waits in line and gives up after a bounded time.

SQLite's own busy handler polls, so that eight writing processes starve each other for
seconds; the kernel's `flock` wakes its waiters in order. `flock` has no time-out, so a
contended wait happens on a thread that can be abandoned.
"""

import fcntl
import os
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from groupware.core.clock import monotonic
from groupware.core.errors import Busy


class FileLock:
    """An exclusive lock on a file, fair within the process and between processes."""

    def __init__(self, path: Path, *, timeout: float) -> None:
        self._path = path
        self._timeout = timeout
        self._thread_lock = threading.Lock()
        self._fd = -1
        self._pid = 0
        self._waiter: ThreadPoolExecutor | None = None

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the lock; raises `Busy` when it was not had within the time-out."""
        deadline = monotonic() + self._timeout
        if not self._thread_lock.acquire(timeout=self._timeout):
            raise Busy("The server is busy; try again in a moment.", detail=str(self._path))
        try:
            fd = self._open()
            self._acquire(fd, deadline)
            try:
                yield
            finally:
                fcntl.flock(fd, fcntl.LOCK_UN)
        finally:
            self._thread_lock.release()

    def _open(self) -> int:
        # A forked child shares the parent's open file description and with it the lock.
        if self._fd < 0 or self._pid != os.getpid():
            self._fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            self._pid = os.getpid()
            self._waiter = None
        return self._fd

    def _acquire(self, fd: int, deadline: float) -> None:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if self._waiter is None:
                self._waiter = ThreadPoolExecutor(1, thread_name_prefix="flock")
            waiting = self._waiter.submit(fcntl.flock, fd, fcntl.LOCK_EX)
            try:
                waiting.result(timeout=max(0.0, deadline - monotonic()))
            except TimeoutError:
                self._abandon(fd, waiting)
                raise Busy(
                    "The server is busy; try again in a moment.", detail=str(self._path)
                ) from None

    def _abandon(self, fd: int, waiting: "Future[None]") -> None:
        """Give the lock back as soon as the abandoned wait gets it."""
        self._fd = -1  # the next holder opens anew and queues behind
        self._waiter = None

        def give_back(_: "Future[None]") -> None:
            os.close(fd)

        waiting.add_done_callback(give_back)
