"""The lock between processes that the embedded database's writers take; it needs no database."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event

import pytest

from groupware.core.errors import Busy
from groupware.core.filelock import FileLock
from tests.services.threads import threads, wait

pytestmark = pytest.mark.sqlite
LONG = 20.0
SHORT = 0.05

HOLDER = """
import sys
from pathlib import Path
from groupware.core.filelock import FileLock
with FileLock(Path(sys.argv[1])).held(20):
    print("held", flush=True)
    sys.stdin.readline()
"""
COUNTER = """
import sys
from pathlib import Path
from groupware.core.filelock import FileLock
lock, count = FileLock(Path(sys.argv[1])), Path(sys.argv[2])
for _ in range(200):
    with lock.held(20):
        count.write_text(str(int(count.read_text()) + 1))
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "write.lock"


@contextmanager
def held_by_a_process(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Hold the lock in another process; a line to it, or its death, lets go."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


def is_free(path: Path) -> bool:
    """Whether somebody who just comes has the lock at once."""
    try:
        with FileLock(path).held(SHORT):
            return True
    except Busy:
        return False


def test_lock_is_private_to_its_user(path: Path) -> None:
    with FileLock(path).held(LONG):
        assert path.stat().st_mode & 0o777 == 0o600


def test_one_thread_at_a_time_holds_it(path: Path) -> None:
    lock, inside, leave = FileLock(path), Event(), Event()

    def hold() -> None:
        with lock.held(LONG):
            inside.set()
            wait(leave)

    with threads(1) as start:
        holding = start(hold)
        wait(inside)
        with pytest.raises(Busy), lock.held(SHORT):
            pass
        leave.set()
        holding.result(LONG)
    with lock.held(SHORT):
        pass


def test_failure_inside_frees_it(path: Path) -> None:
    lock = FileLock(path)
    with pytest.raises(ValueError, match="inside"), lock.held(LONG):
        raise ValueError("inside")
    assert is_free(path)


def test_another_process_makes_the_wait_end_busy(path: Path) -> None:
    lock = FileLock(path)
    with held_by_a_process(path), pytest.raises(Busy), lock.held(SHORT):
        pass


def test_place_in_line_of_one_who_gave_up_is_handed_back(path: Path) -> None:
    """Otherwise this process would hold the lock for nobody, and nobody would get it."""
    lock = FileLock(path)
    with held_by_a_process(path) as process:
        with pytest.raises(Busy), lock.held(SHORT):
            pass
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
        assert process.wait(LONG) == 0
        with FileLock(path).held(LONG):
            pass


def test_next_caller_takes_over_the_place_in_line(path: Path) -> None:
    lock = FileLock(path)
    with held_by_a_process(path) as process:
        for _ in range(3):
            with pytest.raises(Busy), lock.held(SHORT):
                pass
        with threads(1) as start:
            waiting = start(lambda: taken(lock))
            process.kill()
            assert waiting.result(LONG)
        assert is_free(path)


def taken(lock: FileLock) -> bool:
    with lock.held(LONG):
        return True


def test_thread_that_could_not_begin_leaves_no_place_in_line(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    lock = FileLock(path)
    with FileLock(path).held(LONG), monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        with pytest.raises(RuntimeError), lock.held(LONG):
            pass
    with lock.held(LONG):
        pass


def test_death_of_the_holder_frees_it(path: Path) -> None:
    with held_by_a_process(path):
        assert not is_free(path)
    assert is_free(path)


def test_threads_and_processes_lose_no_update(path: Path, tmp_path: Path) -> None:
    lock, count = FileLock(path), tmp_path / "count"
    count.write_text("0")

    def add() -> None:
        for _ in range(100):
            with lock.held(LONG):
                count.write_text(str(int(count.read_text()) + 1))

    command = [sys.executable, "-c", COUNTER, str(path), str(count)]
    with subprocess.Popen(command) as one, subprocess.Popen(command) as other, threads(2) as start:
        for adding in [start(add), start(add)]:
            adding.result(LONG)
        assert one.wait(LONG) == other.wait(LONG) == 0
    assert count.read_text() == "600"


def test_forked_child_neither_holds_nor_frees_its_parents_lock(path: Path) -> None:
    lock = FileLock(path)
    with lock.held(LONG):
        child = os.fork()
        if child == 0:  # the child reports by its exit status only
            status = 1
            try:
                with lock.held(SHORT):
                    status = 2
            except Busy:
                status = 0
            finally:
                os._exit(status)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert not is_free(path)
    assert is_free(path)


def test_forked_child_takes_the_lock_itself(path: Path) -> None:
    lock = FileLock(path)
    with lock.held(LONG):
        pass
    child = os.fork()
    if child == 0:
        status = 1
        try:
            with lock.held(LONG):
                status = 0 if not is_free(path) else 2
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert is_free(path)
