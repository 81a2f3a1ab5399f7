"""What the doctor examines of mail: mailboxes, messages, and the index of their bytes.

Like an edge, a check reads through snapshots and leaves writing to the services.
"""

from collections.abc import Iterator

from groupware.core.doctor import Examination, Finding
from mail.checks.contents import check_contents
from mail.checks.expunged import check_expunged
from mail.checks.inbound import check_inbound
from mail.checks.mailboxes import check_mailboxes
from mail.checks.messages import check_messages
from mail.checks.outside import check_outside
from mail.checks.queue import check_queue
from mail.checks.retention import check_retention
from mail.checks.search import check_search
from mail.checks.signing import check_signing


def check_mail(examination: Examination) -> Iterator[Finding]:
    """Find everything that is wrong with the mail store; bytes are core's, but for `deep`."""
    yield from check_mailboxes(examination)
    yield from check_messages(examination)
    yield from check_expunged(examination)
    yield from check_retention(examination)
    yield from check_contents(examination)
    yield from check_search(examination)
    yield from check_inbound(examination)
    yield from check_outside(examination)
    yield from check_queue(examination)
    yield from check_signing(examination)
