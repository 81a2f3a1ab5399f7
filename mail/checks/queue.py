"""The outbound queue: what nobody sends, and what can never be sent."""

from collections.abc import Iterator

from groupware.core.clock import epoch
from groupware.core.doctor import Examination, Fault, Finding, read_pages

OVERDUE = 3_600
"""Seconds after which a recipient that is due counts as left: the worker looks each second."""
_START = "Start the worker: `serve`, or `serve worker`."

_MESSAGES = """
SELECT m.id, m.mail_from, COUNT(r.id), MIN(CASE WHEN r.is_held THEN NULL ELSE
 CASE WHEN r.leased_until > r.next_attempt_at THEN r.leased_until ELSE r.next_attempt_at END END)
FROM mail_queuedmessage m LEFT JOIN mail_queuedrecipient r ON r.message_id = m.id
WHERE {within} AND m.id > %(after)s GROUP BY m.id, m.mail_from ORDER BY m.id LIMIT %(page)s
"""


def check_queue(examination: Examination) -> Iterator[Finding]:
    """Find messages without a recipient, and recipients that are long overdue.

    Whether their bytes can be read is what `blobs` finds out of all bytes.
    """
    now = epoch()
    sql = _MESSAGES.format(within=examination.within("m.account_id"))
    for key, mail_from, recipients, due_at in read_pages(sql):
        where = f"queued message {key} from <{mail_from}>"
        if not recipients:
            what, advice = "it is for nobody", f"Drop it: `queue drop {key} --silent`."
        elif due_at is not None and due_at < now - OVERDUE:
            what, advice = f"it was due {(now - due_at) // 60} minutes ago", _START
        else:
            continue
        yield Fault("queue", where, what, advice)
