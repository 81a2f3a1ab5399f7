"""Notes of one process until they are written together.

Invariant: `note` waits for nothing and asks nobody, and what is held is bounded. A process that
serves begins with `begin`, and its `Flusher` writes; a command is `kept`; anywhere else a note is
no more than a call.
"""

import os
import threading
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from django.db import Error, connections

from groupware.core import limits, metrics
from groupware.core.clock import epoch_us, monotonic
from groupware.core.errors import GroupwareError
from groupware.core.flushing import Writer, register
from mail.models import Step
from mail.services.trace import storing
from mail.services.trace.note import Note

SECONDS = 0.5
"""How long notes are gathered at least; with the flusher's turn, a process that is killed takes the
last second with it."""
BATCH = 100
"""Notes that are written in one transaction: on the embedded database others wait for it, here for
a millisecond."""
MINUTE = 60.0
MOST_PLACES = 1_000
"""Domains of which refusals are counted apart between two writes."""

_log = structlog.get_logger("groupware.trace")


class Buffer:
    """What one process has noted."""

    def __init__(self) -> None:
        self._held: deque[storing.Held] = deque()
        self._lost = 0
        self._refusals = 0
        self._minute = 0.0
        self._uncounted: Counter[storing.Place] = Counter()
        self._guard = threading.Lock()
        self._writing = threading.Lock()

    def add(self, found: Note) -> None:
        """Hold a note. Hot: runs with each delivery."""
        if found.step is Step.REFUSED and not self._may_refuse(found):
            return
        if len(self._held) >= limits.TRACE_BUFFER.value:
            self._lost += 1
            metrics.TRACE_LOST.inc()
            return
        self._held.append((epoch_us(), found))

    def _may_refuse(self, found: Note) -> bool:
        """Tell whether a refusal leaves an entry: who asks for thousands fills no table."""
        with self._guard:
            now = monotonic()
            if now - self._minute >= MINUTE:
                self._minute, self._refusals = now, 0
            self._refusals += 1
            if self._refusals <= limits.TRACE_REFUSALS.value:
                return True
            place = storing.place_of(found)
            self._uncounted[place if len(self._uncounted) < MOST_PLACES else storing.NOWHERE] += 1
        return False

    def write(self) -> bool:
        """Write what is held; False where the database does not take it now."""
        with self._writing:
            self._tell_lost()
            while self._held or self._uncounted:
                if not self._write_batch():
                    return False
        return True

    def _write_batch(self) -> bool:
        batch = [self._held.popleft() for _ in range(min(BATCH, len(self._held)))]
        with self._guard:
            uncounted, self._uncounted = self._uncounted, Counter()
        try:
            storing.write(batch, uncounted)
        except (GroupwareError, Error) as error:
            self._held.extendleft(reversed(batch))
            with self._guard:
                self._uncounted += uncounted
            _log.warning("the trace waits for the database", reason=type(error).__name__)
            connections.close_all()
            return False
        return True

    def _tell_lost(self) -> None:
        lost, self._lost = self._lost, 0
        if lost:
            _log.warning(
                "steps of messages are missing in the trace: more came than could be written;"
                " see GROUPWARE_TRACE_BUFFER",
                lost=lost,
            )


_buffer = Buffer()
_keepers = 0
"""How many want the notes of this process: a server is one, each command that runs another."""
_counting = threading.Lock()


def note(found: Note) -> None:
    """Note a step that has been taken: after the commit that makes it true. Hot."""
    if _keepers:
        _buffer.add(found)


def flush() -> bool:
    """Write what this process has noted, now; False where that cannot be."""
    return _buffer.write()


def begin() -> None:
    """Keep a trace in this process and those that it forks, until `end`."""
    _count(1)


def end() -> None:
    """Write what is left, and keep no trace any more."""
    global _keepers  # noqa: PLW0603 (one per process)
    _keepers = 0
    flush()
    _renew()


@contextmanager
def kept() -> Iterator[None]:
    """Keep the trace of what a command does; the last of several at once writes it at its end."""
    _count(1)
    try:
        yield
    finally:
        if not _count(-1):
            flush()
            _renew()


def _count(more: int) -> int:
    """Return how many want the notes from now on."""
    global _keepers  # noqa: PLW0603 (one per process)
    with _counting:
        _keepers = max(0, _keepers + more)
        return _keepers


def _renew() -> None:
    global _buffer  # noqa: PLW0603 (one per process)
    _buffer = Buffer()


register(Writer("trace", SECONDS, flush, flush))
# What was noted before is the parent's to write.
os.register_at_fork(after_in_child=_renew)
