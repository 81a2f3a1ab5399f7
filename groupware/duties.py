"""What is due whether or not anyone asks for it, as rows of a table.

What must happen is a row in the database; the sweep of the outbox finds the rows that nobody has
worked off, whatever became of the broker's message.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass

from calendar_app.services import reindexing, subscriptions
from contacts.services import directory
from groupware.core import audit, blobs, devices, health, outbox, quota, retention
from groupware.core.administration import csvfiles
from groupware.core.blobs import collector
from groupware.core.doctor import reports
from groupware.core.health import kernel
from groupware.core.leaving import departures, exports, invitations
from groupware.dav.services import locks, properties
from groupware.identity.services import sessions
from groupware.oauth.services import tokens
from groupware.rest import idempotency
from mail.outbound import work as queue
from mail.services import (
    adminnotices,
    expunged,
    fanout,
    policies,
    pop3,
    search,
    sendrates,
    sentcopies,
    trace,
)
from mail.services import retention as mail_retention
from mail.services.outside import rounds


@dataclass(frozen=True, slots=True)
class Duty:
    """Something to do every so many seconds; to do it twice at once does no harm.

    What may take long leaves the worker's other thread to the rest: one of a process at a time.
    """

    name: str
    seconds: float
    run: Callable[[], object]
    is_long: bool = False

    def do(self) -> None:
        """Do it now; what is long not while another such is being done: its time comes again."""
        if not self.is_long:
            self.run()
        elif _long.acquire(blocking=False):
            try:
                self.run()
            finally:
                _long.release()


_long = threading.Lock()


DUTIES = (
    Duty("heartbeat", kernel.BEAT_SECONDS, kernel.beat),
    Duty("health", 60.0, health.list_health),
    Duty("outbox", 2.0, outbox.sweep),
    Duty("inbound", 2.0, fanout.work_off),
    Duty("queue", 2.0, queue.work_off),
    Duty("spooled-blobs", 2.0, blobs.carry_over),
    Duty("unreferenced-blobs", 600.0, collector.collect_unreferenced),
    Duty("unnamed-blobs", 3600.0, collector.sweep_unnamed),
    Duty("search-index", 2.0, search.index_in_calm),
    Duty("search-missing", 3600.0, search.index_missing),
    Duty("retention", 3600.0, retention.expire),
    Duty("audit", 3600.0, audit.expire),
    Duty("doctor", 3.0, reports.work_off, is_long=True),
    Duty("exports", 5.0, exports.work_off, is_long=True),
    Duty("exports-over", 3600.0, exports.expire),
    Duty("departures", 60.0, departures.work_off, is_long=True),
    Duty("account-imports", 2.0, csvfiles.work_off),
    Duty("account-imports-over", 3600.0, csvfiles.expire),
    Duty("invitations", 3600.0, invitations.expire),
    Duty("devices", 3600.0, devices.expire),
    Duty("mail-retention", 600.0, mail_retention.run_due, is_long=True),
    Duty("quota-warnings", 3600.0, quota.note_full_accounts),
    Duty("expunged", 600.0, expunged.let_go),
    Duty("transport-policies", 3600.0, policies.forget_expired),
    Duty("pop3-hidden", 3600.0, pop3.forget_hidden),
    Duty("sending-rates", 3600.0, sendrates.forget),
    Duty("sent-copies", 3600.0, sentcopies.forget),
    Duty("admin-notices", 600.0, adminnotices.tell),
    Duty("trace", 3600.0, trace.forget),
    Duty("tokens", 600.0, tokens.forget_expired),
    Duty("dav-locks", 600.0, locks.remove_expired),
    Duty("dav-properties", 3600.0, properties.remove_left_over),
    Duty("idempotency-keys", 3600.0, idempotency.forget),
    Duty("web-sessions", 600.0, sessions.remove_expired),
    Duty("outside", 30.0, rounds.fetch_due, is_long=True),
    Duty("calendar-sources", 60.0, subscriptions.refresh_due, is_long=True),
    Duty("calendar-horizon", 600.0, reindexing.move_horizon, is_long=True),
    Duty("calendar-rules", 60.0, reindexing.renew_rules, is_long=True),
    Duty("directory", 60.0, directory.refresh_all),
)


def find_duty(name: str) -> Duty:
    """Return the duty `name`; raises KeyError."""
    return {duty.name: duty for duty in DUTIES}[name]
