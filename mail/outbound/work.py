"""The queue in a worker process: one dispatcher, which a call wakes and the clock."""

import threading

import structlog
from django.db import Error, connections

from groupware.core.errors import GroupwareError
from groupware.core.metrics import QUEUE_OLDEST, QUEUE_RECIPIENTS
from groupware.core.wakeups import Listener, wake
from mail.outbound.dispatch import Dispatcher
from mail.services import sending
from mail.services.queue import RETRY, WAKE

LOOK_SECONDS = 1.0

_log = structlog.get_logger("groupware.queue")
_guard = threading.Lock()
_worker: "Worker | None" = None


class Worker:
    """Listens for what comes into the queue, and keeps leases and connections in order."""

    def __init__(self) -> None:
        self.dispatcher = Dispatcher()
        self._stopping = threading.Event()
        self._listener = Listener(WAKE)
        self._thread = threading.Thread(target=self._listen, name="queue-listener", daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        while not self._stopping.is_set():
            words = self._listener.wait(LOOK_SECONDS)
            if RETRY in words:
                self.dispatcher.forgive()
            try:
                self.dispatcher.tick()
                self.dispatcher.fill()
            except (GroupwareError, Error, OSError) as error:
                # The database is away for a while: the next second looks again.
                _log.warning("the queue waits for the database", reason=type(error).__name__)
                connections.close_all()
        connections.close_all()

    def stop(self, seconds: float) -> None:
        """Come to an end within so many seconds."""
        self._stopping.set()
        wake(WAKE)
        if not self.dispatcher.stop(seconds):
            _log.warning("still sending when told to stop; another takes over")
        self._thread.join(LOOK_SECONDS)
        self._listener.close()


def start() -> Worker:
    """Return the worker of this process, which works from now on."""
    global _worker  # noqa: PLW0603 (one per process)
    with _guard:
        if _worker is None:
            _worker = Worker()
        return _worker


def stop(seconds: float) -> None:
    """Stop the worker of this process, if there is one."""
    global _worker
    with _guard:
        held, _worker = _worker, None
    if held is not None:
        held.stop(seconds)


def work_off() -> None:
    """Begin to send what is due: here where this process has a worker, else where there is one.

    The duty that finds what no call told of.
    """
    with _guard:
        held = _worker
    if held is not None:
        held.dispatcher.fill()
    else:
        wake(WAKE)
    due, waiting, held_back, oldest = sending.measure()
    for state, number in (("due", due), ("waiting", waiting), ("held", held_back)):
        QUEUE_RECIPIENTS.labels(state).set(number)
    QUEUE_OLDEST.set(oldest)
