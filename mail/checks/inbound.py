"""Messages that were taken and do not get to whom they are for."""

from collections.abc import Iterator

from groupware.core.clock import epoch
from groupware.core.doctor import Examination, Fault, Finding, read_pages

OVERDUE = 3600
"""Seconds after which a message that is due counts as left: the sweep looks every few seconds."""
MANY_ATTEMPTS = 8
"""Some three hours of them; a full mailbox is no fault, and is waited for longer."""

_WAITING = """
SELECT i.id, i.mail_from, i.attempts, i.last_error, i.next_attempt_at,
(SELECT COUNT(*) FROM mail_inboundrecipient r WHERE r.inbound_id = i.id)
FROM mail_inbound i WHERE i.id > %(after)s ORDER BY i.id LIMIT %(page)s
"""


def check_inbound(examination: Examination) -> Iterator[Finding]:
    """Find messages that are long overdue, that fail again and again, or that wait for nobody."""
    if examination.account_id is not None:
        return
    now = epoch()
    for key, mail_from, attempts, last_error, due, recipients in read_pages(_WAITING):
        examination.counted["messages on their way"] += 1
        if due < now - OVERDUE:
            what = f"it was due {(now - due) // 60} minutes ago"
            advice = "Start the worker: `serve`, or `serve worker`."
        elif attempts >= MANY_ATTEMPTS and not last_error.startswith("OverQuota"):
            what = f"its delivery failed {attempts} times, last with {last_error}"
            advice = "Look for the cause in the log; it is tried again every hour."
        elif not recipients:
            what = "no recipient waits for it"
            advice = "Start the worker, which removes it."
        else:
            continue
        yield Fault("inbound", f"inbound message {key} from <{mail_from}>", what, advice)
