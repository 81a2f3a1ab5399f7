"""Every metric of the suite, for Prometheus, summed over its processes.

The processes write to files in DATA/metrics, named by PROMETHEUS_MULTIPROC_DIR, which must be set
before this module is imported; without it (in a command, in a test) the values stay in memory.
Labels come from closed sets: never an address, a name or anything a client chose.
"""

import contextlib
import os
from pathlib import Path

from prometheus_client import REGISTRY as IN_MEMORY
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from groupware.core.metricfiles import use_allocated_files

DIRECTORY_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)

use_allocated_files()
SESSIONS = Gauge(
    "groupware_sessions",
    "Sessions that are open now.",
    ["protocol"],
    multiprocess_mode="livesum",
)
COMMAND_SECONDS = Histogram(
    "groupware_command_seconds",
    "From a command to its reply, by how it ended (ok, no, bad, error).",
    ["protocol", "command", "outcome"],
    buckets=_SECONDS,
)
LOGINS = Counter("groupware_logins", "Tries to log in.", ["protocol", "outcome"])
DELIVERIES = Counter("groupware_deliveries", "Results of recipients.", ["protocol", "outcome"])
SUBMISSIONS = Counter(
    "groupware_submissions",
    "Messages that people sent, and tries above the limits of an account's hour (limited).",
    ["outcome"],
)
INBOUND_MESSAGES = Gauge(
    "groupware_inbound_messages",
    "Messages that were answered for and have not reached all their recipients.",
    multiprocess_mode="livemax",
)
INBOUND_OLDEST = Gauge(
    "groupware_inbound_oldest_seconds",
    "How long the oldest of those has been on its way.",
    multiprocess_mode="livemax",
)
QUEUE_RESULTS = Counter(
    "groupware_queue_results",
    "Recipients elsewhere that were sent, deferred or failed for good.",
    ["outcome"],
)
QUEUE_RECIPIENTS = Gauge(
    "groupware_queue_recipients",
    "Recipients in the queue that are due, waiting for their next attempt or held.",
    ["state"],
    multiprocess_mode="livemax",
)
QUEUE_OLDEST = Gauge(
    "groupware_queue_oldest_seconds",
    "How long the oldest message of the queue has been there.",
    multiprocess_mode="livemax",
)
TRACE_LOST = Counter(
    "groupware_trace_lost",
    "Steps of messages that are not in the trace: more came than could be written.",
)
HTTP_SECONDS = Histogram(
    "groupware_http_seconds",
    "From a request to its response.",
    ["method", "status"],
    buckets=_SECONDS,
)


def metrics_directory(data: Path) -> Path:
    """Return where the processes of the installation in `data` keep their values."""
    return data / "metrics"


def clean_metrics(data: Path) -> None:
    """Start from zero: remove the files of processes that ran before."""
    directory = metrics_directory(data)
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    for path in directory.glob("*.db"):
        path.unlink(missing_ok=True)


def forget_process(data: Path, pid: int) -> None:
    """Take what a dead process held open, such as its sessions, out of the sums."""
    with contextlib.suppress(FileNotFoundError):
        mark_process_dead(pid, str(metrics_directory(data)))  # type: ignore[no-untyped-call]


def render_metrics() -> bytes:
    """Return the text that Prometheus scrapes: of all processes where they share a directory."""
    if DIRECTORY_VARIABLE not in os.environ:
        return generate_latest(IN_MEMORY)
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)
