"""A database that takes fewer connections than the servers may hold is told of at the start."""

import pytest
from structlog.testing import capture_logs

from groupware import celery
from groupware.core import aio, db, flushing, limits
from groupware.serve import dbconnections, web
from groupware.serve.roles import PROGRAMS, find_program


def test_each_process_of_a_gateway_counts() -> None:
    imap, web_tls = find_program("imap"), find_program("web-tls")
    wanted = dbconnections.most_connections([imap, web_tls], 3)
    of_worker = web.THREADS + aio.READERS + flushing.CONNECTIONS
    assert wanted == 3 * aio.MOST_CONNECTIONS + web.MOST_WORKERS * of_worker
    worker = dbconnections.most_connections([find_program("worker")], 3)
    threads = celery.THREADS + limits.QUEUE_THREADS.value
    assert worker == 1 + threads + flushing.CONNECTIONS


@pytest.mark.postgresql
@pytest.mark.django_db
def test_too_few_are_told_with_both_numbers() -> None:
    takes = db.most_connections()
    assert takes is not None
    enough = takes // aio.MOST_CONNECTIONS
    with capture_logs() as logs:
        dbconnections.warn_of_few([find_program("imap")], enough)
        assert logs == []
        dbconnections.warn_of_few(PROGRAMS, enough)
    [line] = logs
    assert (line["takes"], line["log_level"]) == (takes, "warning")
    assert line["wanted"] == dbconnections.most_connections(PROGRAMS, enough)
    assert "max_connections" in line["event"]


@pytest.mark.sqlite
@pytest.mark.django_db
def test_a_file_sets_no_bound() -> None:
    with capture_logs() as logs:
        dbconnections.warn_of_few(PROGRAMS, 64)
    assert logs == []
