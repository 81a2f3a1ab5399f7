"""The worker and beat roles: Celery works off what is due, beat says when.

Celery's own signal handling stops both: SIGTERM finishes the tasks in hand.
"""

from django.conf import settings

from groupware.celery import app
from groupware.core.listeners import Listeners


def run(_listeners: Listeners) -> None:
    """Work off tasks until SIGTERM or SIGINT."""
    app.Worker(quiet=True, without_gossip=True, without_mingle=True, without_heartbeat=True).start()


def run_beat(_listeners: Listeners) -> None:
    """Send each duty when it is due, until SIGTERM or SIGINT."""
    schedule = settings.GROUPWARE_DATA / "run" / "beat-schedule"
    schedule.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    app.Beat(schedule=str(schedule), quiet=True).run()
