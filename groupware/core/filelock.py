"""A lock between processes that waits in line and gives up after a bounded time.

SQLite's own busy handler polls, so that eight writing processes starve each other for
seconds; the kernel's `flock` wakes its waiters in turn. `flock` has no time-out, so a
contended wait happens on a thread, and a caller that gave up leaves it in the line: the next
caller takes its place over, and where there is none the lock goes back at once.
"""

import fcntl
import os
import threading
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from groupware.core.clock import monotonic
from groupware.core.errors import Busy

PAUSES = (50e-6, 50e-6, 100e-6, 200e-6)
"""Seconds between looks before a place in the line is taken: a thread for it costs more than most
waits last, and whoever stands there already comes first."""


class _Wait:
    """A place in the kernel's line. `wanted` tells whether a caller still waits for it."""

    __slots__ = ("done", "error", "wanted")

    def __init__(self) -> None:
        self.done = threading.Event()
        self.error: OSError | None = None
        self.wanted = True


class FileLock:
    """An exclusive lock on a file, between the threads of a process and between processes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._begin()
        _locks.add(self)

    def _begin(self) -> None:
        self._threads = threading.Lock()
        self._guard = threading.Lock()
        self._fd = -1
        self._waiting: _Wait | None = None

    def begin_in_child(self) -> None:
        """Forget what a forked child inherited: its parent's lock, and threads it has not."""
        if self._fd >= 0:
            with suppress(OSError):
                os.close(self._fd)
        self._begin()

    @contextmanager
    def held(self, timeout: float) -> Iterator[None]:
        """Hold the lock; raises `Busy` when it was not had within `timeout` seconds."""
        deadline = monotonic() + timeout
        if not self._threads.acquire(timeout=timeout):
            raise self._busy()
        try:
            self._acquire(deadline)
            try:
                yield
            finally:
                fcntl.flock(self._fd, fcntl.LOCK_UN)
        finally:
            self._threads.release()

    def take_at_once(self) -> bool:
        """Take the lock unless somebody has it or waits for it; `release` gives it back."""
        if not self._threads.acquire(blocking=False):
            return False
        is_held = False
        try:
            is_held = self._acquire_at_once()
        finally:
            if not is_held:
                self._threads.release()
        return is_held

    def release(self) -> None:
        """Give back what `take_at_once` took."""
        try:
            fcntl.flock(self._fd, fcntl.LOCK_UN)
        finally:
            self._threads.release()

    def _acquire_at_once(self) -> bool:
        with self._guard:
            if self._waiting is not None:
                return False
            self._open()
            return self._try()

    def _open(self) -> None:
        if self._fd < 0:
            flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
            self._fd = os.open(self._path, flags, 0o600)

    def _busy(self) -> Busy:
        return Busy("The server is busy; try again in a moment.", detail=str(self._path))

    def _acquire(self, deadline: float) -> None:
        with self._guard:
            if self._waiting is None:
                self._open()
                if self._try_for_a_moment():
                    return
                wait = _Wait()
                arguments = (wait, self._fd)
                threading.Thread(target=self._wait, args=arguments, daemon=True).start()
                # Only now: without a thread nobody would ever come to this place in line.
                self._waiting = wait
            wait = self._waiting
            wait.wanted = True
        wait.done.wait(max(0.0, deadline - monotonic()))
        with self._guard:
            if not wait.done.is_set():
                wait.wanted = False
                raise self._busy()
            self._waiting = None
        if wait.error is not None:
            raise wait.error

    def _try_for_a_moment(self) -> bool:
        if self._try():
            return True
        for pause in PAUSES:
            time.sleep(pause)
            if self._try():
                return True
        return False

    def _try(self) -> bool:
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _wait(self, wait: _Wait, fd: int) -> None:
        """Stand in the line, and hand the lock to whoever wants it then."""
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
        except OSError as error:
            wait.error = error
        with self._guard:
            if wait.wanted:
                wait.done.set()
                return
            if wait.error is None:
                fcntl.flock(fd, fcntl.LOCK_UN)
            self._waiting = None


_locks: "weakref.WeakSet[FileLock]" = weakref.WeakSet()


def _begin_in_child() -> None:
    for lock in list(_locks):
        lock.begin_in_child()


os.register_at_fork(after_in_child=_begin_in_child)
