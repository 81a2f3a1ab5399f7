"""Notes of every kind are written by one thread, which lets nobody wait for the disk."""

import threading

import pytest

from groupware.core import db, flushing
from groupware.core.clock import monotonic
from groupware.core.errors import Busy
from groupware.core.flushing import Flusher, Writer

pytestmark = pytest.mark.django_db(transaction=True)
FULL, NORMAL = 2, 1
"""What SQLite's `synchronous` says."""


@pytest.fixture
def writers(monkeypatch: pytest.MonkeyPatch) -> list[Writer]:
    """Those of this test alone."""
    held: list[Writer] = []
    monkeypatch.setattr(flushing, "_writers", held)
    return held


def test_each_writes_in_its_turn_and_the_end_writes_all(writers: list[Writer]) -> None:
    written: list[str] = []
    is_done = threading.Event()

    def flush() -> None:
        written.append(threading.current_thread().name)
        is_done.set()

    writers.append(Writer("soon", 0.0, flush, lambda: written.append("soon, the rest")))
    writers.append(Writer("late", 3600.0, flush, lambda: written.append("late, the rest")))
    began, flusher = monotonic(), Flusher()
    assert is_done.wait(10.0)
    assert monotonic() - began >= flushing.TURN_SECONDS
    flusher.close()
    assert set(written[:-2]) == {"flushing"}
    assert written[-2:] == ["soon, the rest", "late, the rest"]


def test_who_fails_keeps_nobody_from_writing(writers: list[Writer]) -> None:
    is_done = threading.Event()

    def fail() -> None:
        raise Busy("The server is busy.")

    writers.append(Writer("fails", 0.0, fail, fail))
    writers.append(Writer("writes", 0.0, is_done.set, is_done.set))
    flusher = Flusher()
    assert is_done.wait(10.0)
    flusher.close()


@pytest.mark.sqlite
def test_nobody_waits_for_the_disk_while_notes_are_written(writers: list[Writer]) -> None:
    asked: list[int] = []

    def flush() -> None:
        asked.extend(mode for (mode,) in db.fetch_rows("PRAGMA synchronous"))

    writers.append(Writer("asks", 3600.0, flush, flush))
    Flusher().close()
    assert asked == [NORMAL]
    assert db.fetch_rows("PRAGMA synchronous") == [(FULL,)]
