"""The worker role: what is due whether or not anyone asks for it.

What must happen is a row in the database; this finds the rows that nobody has worked off.
"""

import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass

import structlog
from django.db import close_old_connections

from groupware.core import outbox
from groupware.core.blobs import collector
from groupware.core.clock import monotonic
from groupware.core.listeners import Listeners

_log = structlog.get_logger("groupware.worker")


@dataclass(frozen=True, slots=True)
class Duty:
    """Something to do every so many seconds."""

    name: str
    seconds: float
    run: Callable[[], object]


DUTIES = (
    Duty("outbox", 2.0, outbox.sweep),
    Duty("unreferenced blobs", 600.0, collector.collect_unreferenced),
    Duty("unnamed blobs", 3600.0, collector.sweep_unnamed),
)


def run(_listeners: Listeners) -> None:
    """Do every duty when it is due, until SIGTERM or SIGINT; finish the one in hand."""
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    due = {duty: monotonic() + duty.seconds for duty in DUTIES}
    while not stopping.wait(max(0.0, min(due.values()) - monotonic())):
        for duty in DUTIES:
            if due[duty] <= monotonic() and not stopping.is_set():
                _run(duty)
                due[duty] = monotonic() + duty.seconds


def _run(duty: Duty) -> None:
    close_old_connections()
    try:
        duty.run()
    except Exception:  # noqa: BLE001 - logged with its traceback; the other duties go on
        _log.exception("duty failed", duty=duty.name)
