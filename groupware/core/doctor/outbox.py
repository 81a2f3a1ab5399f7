"""The outbox: work that nobody does, or that fails again and again."""

from collections.abc import Iterator

from groupware.core import outbox
from groupware.core.clock import epoch
from groupware.core.doctor.findings import Examination, Fault, Finding, read_pages

OVERDUE = 3600
"""Seconds after which work that is due counts as left: the sweep looks every few seconds."""
MANY_ATTEMPTS = 5

_WORK = """
SELECT o.id, o.topic, a.login, o.attempts, o.last_error, o.run_after
FROM core_outboxrow o LEFT JOIN core_account a ON a.id = o.account_id
WHERE {within} AND o.id > %(after)s ORDER BY o.id LIMIT %(page)s
"""


def check_outbox(examination: Examination) -> Iterator[Finding]:
    """Find rows that no handler knows, that keep failing, or that are long overdue."""
    now = epoch()
    known = outbox.topics()
    sql = _WORK.format(within=examination.within("o.account_id"))
    for key, topic, login, attempts, last_error, run_after in read_pages(sql):
        where = f"{login or 'the server'}: outbox row {key} ({topic})"
        if topic not in known:
            what = "nothing here works off this topic"
            advice = "Run the version of the server that wrote it, or a later one."
        elif attempts >= MANY_ATTEMPTS:
            what = f"it failed {attempts} times, last with {last_error}"
            advice = "Look for the cause in the worker's log; it is tried again every hour."
        elif run_after < now - OVERDUE:
            what = f"it was due {(now - run_after) // 60} minutes ago"
            advice = "Start the worker: `serve`, or `serve worker`."
        else:
            continue
        yield Fault("outbox", where, what, advice)
