"""The Celery application: the hand that works off what is due.

Celery carries hints, never the only word of something: a task's work is a row in the database or
follows from the rows, so a message that is lost with its broker costs a few seconds. The embedded
transport is files in DATA/broker; GROUPWARE_BROKER_URL names a real broker for several machines.
"""

import logging
import os
from pathlib import Path
from typing import Any

from celery import Celery
from celery.signals import setup_logging
from django.conf import settings

from groupware import broker
from groupware.duties import DUTIES, find_duty

EMBEDDED = f"{broker.SCHEME}://localhost"
POLLING_SECONDS = 0.5
THREADS = 2
"""Tasks of one worker at once; on the embedded database they write one after the other anyway."""

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "groupware.settings")


def embedded_options(data: Path) -> dict[str, Any]:
    """Return the options of the transport that keeps messages as files; makes their folders."""
    folders = {name: data / "broker" / name for name in ("queue", "control")}
    for folder in folders.values():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return {
        "data_folder_in": str(folders["queue"]),
        "data_folder_out": str(folders["queue"]),
        "control_folder": str(folders["control"]),
        "polling_interval": POLLING_SECONDS,
    }


def configuration() -> dict[str, Any]:
    """Return Celery's configuration as it follows from ours."""
    url = settings.GROUPWARE_BROKER_URL
    return {
        "broker_url": url or EMBEDDED,
        "broker_transport_options": {} if url else embedded_options(settings.GROUPWARE_DATA),
        "broker_connection_retry_on_startup": True,
        "task_default_queue": "groupware",
        "task_ignore_result": True,
        "task_acks_late": True,
        "task_serializer": "json",
        "accept_content": ["json"],
        "timezone": "UTC",
        "worker_pool": "threads",
        "worker_concurrency": THREADS,
        "worker_prefetch_multiplier": 1,
        "worker_enable_remote_control": False,
        "worker_hijack_root_logger": False,
        "worker_redirect_stdouts": False,
        "beat_schedule": {
            duty.name: {
                "task": do_duty.name,
                "schedule": duty.seconds,
                "args": [duty.name],
                # What a dead worker left is not done ten times when it comes back.
                "options": {"expires": duty.seconds},
            }
            for duty in DUTIES
        },
    }


broker.register()
app = Celery("groupware")
app.add_defaults(configuration)


@setup_logging.connect
def keep_our_logging(**_options: object) -> None:
    """Keep Celery from setting up logs of its own, and from a line for each task that went well."""
    for name in ("celery", "kombu"):
        logging.getLogger(name).setLevel("WARNING")


@app.task(name="groupware.do-duty")
def do_duty(name: str) -> None:
    """Do one duty; its failure is logged with its traceback, and the next time comes."""
    find_duty(name).do()
