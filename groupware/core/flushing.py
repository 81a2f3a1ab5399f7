"""What a process notes in memory and writes together a moment later, on a thread of its own.

For notes whose loss can be borne: a kill loses those of the last moment. Who notes registers how they
are written; a process that serves runs one `Flusher`, and writes what is left when it ends. Nothing
is written where none runs, as in commands. On the embedded database nobody waits for the disk here:
while it is waited for nothing else could be written, mail for instance.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import structlog
from django.db import connections

from groupware.core import db
from groupware.core.clock import monotonic
from groupware.core.errors import GroupwareError

TURN_SECONDS: Final = 0.5
CONNECTIONS: Final = 1
"""To the database, of a process that runs one."""
CLOSE_SECONDS: Final = 3.0
"""How long the end of a process waits for its last notes."""

_log = structlog.get_logger("groupware.flushing")


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes one kind of notes every so many seconds; `finish` writes all when the process ends."""

    name: str
    seconds: float
    flush: Callable[[], object]
    finish: Callable[[], object]


_writers: list[Writer] = []


def register(writer: Writer) -> None:
    """Let a kind of notes be written in every process that serves."""
    if writer not in _writers:
        _writers.append(writer)


class Flusher:
    """The thread that writes; begun in the process that notes, after it was forked."""

    def __init__(self) -> None:
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="flushing", daemon=True)
        self._due = {writer.name: monotonic() + writer.seconds for writer in _writers}
        self._thread.start()

    def close(self) -> None:
        """Write what is left and end; does not wait for long."""
        self._stopping.set()
        self._thread.join(CLOSE_SECONDS)

    def _run(self) -> None:
        try:
            while not self._stopping.wait(TURN_SECONDS):
                for writer in _writers:
                    if monotonic() >= self._due.get(writer.name, 0.0):
                        _write(writer.name, writer.flush)
                        self._due[writer.name] = monotonic() + writer.seconds
            for writer in _writers:
                _write(writer.name, writer.finish)
        finally:
            connections.close_all()


def _write(name: str, work: Callable[[], object]) -> None:
    """Run one writer; its failure is its own, and it keeps what it could not write."""
    try:
        db.recover()
        db.leave_unsynced()
        work()
    except GroupwareError as error:
        _log.info("notes not written now", writer=name, reason=error.detail or error.message)
    except Exception:  # noqa: BLE001 (its turn comes again)
        _log.exception("notes not written", writer=name)
