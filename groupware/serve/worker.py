"""The worker and beat roles: Celery works off what is due, beat says when.

SIGTERM and SIGINT stop both; a worker finishes the tasks in hand.
"""

import signal
import warnings
from types import FrameType

from celery.apps.worker import Worker
from celery.exceptions import SecurityWarning, WorkerShutdown
from django.conf import settings

from groupware.celery import app
from groupware.core.flushing import Flusher
from groupware.core.listeners import Listeners
from mail.outbound import work as queue

QUEUE_SECONDS = 2.0
"""What mail that is being sent has to come to its end; the rest of what the supervisor allows."""


class PromptWorker(Worker):  # type: ignore[misc]  # Celery has no types
    """A worker that stops at once: Celery's looks at its signals every other second, twice."""

    def install_platform_tweaks(self, _worker: object) -> None:
        """Take the two signals, and none of those that a daemon has."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, _stop)


def _stop(_number: int, _frame: FrameType | None) -> None:
    # Raised wherever the worker waits for its broker, it ends that wait; the pool's threads, in
    # which tasks run, are joined. A message that is lost here was a hint.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    raise WorkerShutdown(0)


def run(_listeners: Listeners) -> None:
    """Work off tasks until SIGTERM or SIGINT."""
    # Celery warns root of messages that run code; ours are JSON, which runs none.
    warnings.simplefilter("ignore", SecurityWarning)
    flusher = Flusher()
    queue.start()
    try:
        PromptWorker(
            app=app, quiet=True, without_gossip=True, without_mingle=True, without_heartbeat=True
        ).start()
    finally:
        queue.stop(QUEUE_SECONDS)
        flusher.close()


def run_beat(_listeners: Listeners) -> None:
    """Send each duty when it is due, until SIGTERM or SIGINT."""
    schedule = settings.GROUPWARE_DATA / "run" / "beat-schedule"
    schedule.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    app.Beat(schedule=str(schedule), quiet=True).run()
