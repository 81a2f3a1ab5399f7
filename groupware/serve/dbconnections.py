"""Whether a database takes as many connections as the servers may come to hold.

A thread that reads or writes keeps its connection. PostgreSQL refuses those beyond its
`max_connections`, in the busiest moment: that is told at the start, where somebody is looking.
"""

from collections.abc import Iterable

import structlog

from groupware import celery
from groupware.core import aio, db, flushing, limits
from groupware.serve import web
from groupware.serve.roles import Program

_log = structlog.get_logger("groupware.serve")
_WORKER = web.THREADS + aio.READERS + flushing.CONNECTIONS
_WEB = web.MOST_WORKERS * _WORKER
_OTHERS = {"web": _WEB, "web-tls": _WEB, "events": _WORKER, "beat": 0}


def most_connections(programs: Iterable[Program], processes: int) -> int:
    """Return how many connections the programs hold at most; `processes` of each gateway."""
    return sum(_of_process(program.name) * (program.processes or processes) for program in programs)


def _of_process(name: str) -> int:
    if name == "worker":
        return 1 + celery.THREADS + limits.QUEUE_THREADS.value + flushing.CONNECTIONS
    return _OTHERS.get(name, aio.MOST_CONNECTIONS)


def warn_of_few(programs: Iterable[Program], processes: int) -> None:
    """Log what to set where the database takes fewer; others on it are not known here."""
    taken = db.most_connections()
    wanted = most_connections(programs, processes)
    if taken is not None and taken < wanted:
        _log.warning(
            "the database takes few connections: set max_connections of PostgreSQL higher,"
            " or GROUPWARE_PROCESSES lower",
            takes=taken,
            wanted=wanted,
        )
