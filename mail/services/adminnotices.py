"""Telling administrators by mail what wants to be looked at, of each thing once a day at most.

Who administers everything is told of the server, who administers a domain of what is that domain's.
"""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass

import structlog
from cryptography import x509
from django.conf import settings
from django.db.models import Count, Min, Q

from groupware.core import blobs, db, limits
from groupware.core.clock import epoch, now
from groupware.core.errors import GroupwareError
from groupware.core.models import Account, AccountKind, Role
from groupware.core.tls import certificate_files
from mail import alarms
from mail.alarms import Alarm
from mail.models import AdminNotice, QueuedRecipient
from mail.notices import write_notice
from mail.services import inbound
from mail.services.notices import prepare_notice
from mail.services.sendrates import MINUTES

DAY = 86_400
HOUR = 3_600
FORGOTTEN = 30 * DAY
"""Seconds after which nobody needs to know that something was told."""
MOST_READERS = 50
MOST_SENDERS = 100
"""Accounts that one look tells of."""
MOST_DOMAINS = 100
"""Domains of whose mail it tells."""

_log = structlog.get_logger("groupware.notices")


def tell() -> int:
    """Tell of what there is and was not told within a day; return of how many things that was."""
    _forget()
    return sum(_tell(alarm) for alarm in list_alarms())


def list_alarms() -> list[Alarm]:
    """Return what wants to be looked at now."""
    found = [*_look_at_certificate(), *_look_at_disks()]
    with db.read_snapshot():
        return [*found, *_look_at_queue(), *_look_at_senders()]


def _look_at_certificate() -> Iterator[Alarm]:
    days = limits.NOTICE_CERTIFICATE.value
    file, _ = certificate_files()
    try:
        ends = x509.load_pem_x509_certificate(file.read_bytes()).not_valid_after_utc
    except (OSError, ValueError):  # there is none: the servers themselves say so
        return
    if days and (ends - now()).days < days:
        is_own = settings.GROUPWARE_TLS_CERT is None
        yield alarms.certificate_ends(file, ends, now(), is_own=is_own)


def _look_at_disks() -> Iterator[Alarm]:
    percent, reserve = limits.NOTICE_DISK.value, limits.DISK_RESERVE.value
    for disk in blobs.measure_disks():
        # Below the reserve no notice can be written either: it comes before.
        if percent and disk.free < max(disk.total * percent // 100, 2 * reserve):
            yield alarms.disk_is_full(disk.directory, disk.free, disk.total, reserve)
            return  # rows and bytes lie on one disk, or the fuller one is told of


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many recipients wait, and since when (epoch seconds) the oldest does."""

    number: int
    oldest: int | None

    def is_long(self, moment: int) -> bool:
        """Tell whether somebody should look at it."""
        most, age = limits.NOTICE_QUEUE.value, limits.NOTICE_QUEUE_AGE.value
        is_old = bool(age) and self.oldest is not None and moment - self.oldest > age
        return is_old or (bool(most) and self.number > most)

    def hours(self, moment: int) -> int:
        """Return for how many hours the oldest waits."""
        return (moment - self.oldest) // HOUR if self.oldest is not None else 0


def measure_queue() -> Waiting:
    """Return what waits for other servers, of all domains."""
    waiting = QueuedRecipient.objects.filter(is_held=False)
    whole = waiting.aggregate(number=Count("id"), oldest=Min("message__created_at"))
    return Waiting(whole["number"], whole["oldest"])


def _look_at_queue() -> Iterator[Alarm]:
    whole = measure_queue()
    if not whole.is_long(epoch()):
        return  # of no domain there is more than of all
    yield alarms.queue_is_long(whole.number, whole.hours(epoch()))
    rows = db.fetch_rows(
        "SELECT d.id, d.name, COUNT(*), MIN(m.created_at) FROM mail_queuedrecipient r"
        " JOIN mail_queuedmessage m ON m.id = r.message_id"
        " JOIN core_account a ON a.id = m.account_id JOIN core_domain d ON d.id = a.domain_id"
        " WHERE NOT r.is_held GROUP BY d.id, d.name ORDER BY 3 DESC LIMIT %s",
        [MOST_DOMAINS],
    )
    for domain_id, name, number, oldest in rows:
        waiting = Waiting(number, oldest)
        if waiting.is_long(epoch()):
            yield alarms.queue_is_long(number, waiting.hours(epoch()), name, domain_id)


def _look_at_senders() -> Iterator[Alarm]:
    most = limits.NOTICE_SENDING.value
    if not most:
        return
    rows = db.fetch_rows(
        "SELECT u.account_id, a.login, a.domain_id, SUM(u.recipients) FROM mail_submissionuse u"
        " JOIN core_account a ON a.id = u.account_id WHERE u.minute >= %s"
        " GROUP BY u.account_id, a.login, a.domain_id HAVING SUM(u.recipients) > %s"
        " ORDER BY 4 DESC LIMIT %s",
        [epoch() // 60 - MINUTES, most, MOST_SENDERS],
    )
    for account_id, login, domain_id, number in rows:
        yield alarms.account_sends_much(login, int(number), most, account_id, domain_id)


def _tell(alarm: Alarm) -> bool:
    """Tell of one thing, whatever becomes of the others; return whether it was told now."""
    try:
        return _is_due(alarm) and _send(alarm, find_readers(alarm))
    except GroupwareError as error:
        _log.warning("administrators were not told", what=alarm.subject, reason=str(error))
        return False


def find_readers(alarm: Alarm) -> list[Account]:
    """Return who is told: administrators who are people, and sign in."""
    meant = Q(pk__in=[])
    if alarm.is_global:
        meant |= Q(roles__role=Role.GLOBAL)
    if alarm.domain_id is not None:
        meant |= Q(roles__role=Role.DOMAIN, roles__domain=alarm.domain_id)
    people = Account.objects.filter(kind=AccountKind.PERSON, is_active=True)
    return list(people.filter(meant).distinct().order_by("pk")[:MOST_READERS])


def _is_due(alarm: Alarm) -> bool:
    return not db.finds(
        "SELECT 1 FROM mail_adminnotice WHERE subject = %s AND sent_at > %s",
        [alarm.key[:200], epoch() - DAY],
    )


def _send(alarm: Alarm, readers: list[Account]) -> bool:
    moment = now()
    written = []
    for reader in readers:
        name = f"<notice.{secrets.token_hex(12)}@{settings.GROUPWARE_DOMAIN}>"
        data = write_notice(alarm.subject, alarm.text, reader.login, message_id=name, moment=moment)
        written.append(prepare_notice(data, reader.login))
    if not written:
        return False
    with db.write_transaction():
        claimed = db.fetch_rows(
            "INSERT INTO mail_adminnotice (subject, sent_at) VALUES (%s, %s)"
            " ON CONFLICT (subject) DO UPDATE SET sent_at = excluded.sent_at"
            " WHERE mail_adminnotice.sent_at <= %s RETURNING id",
            [alarm.key[:200], epoch(), epoch() - DAY],
        )
        for new in written if claimed else ():
            inbound.accept(new)
    return bool(claimed)


def _forget() -> None:
    before = epoch() - FORGOTTEN
    if db.finds("SELECT 1 FROM mail_adminnotice WHERE sent_at < %s", [before]):
        with db.write_transaction():
            AdminNotice.objects.filter(sent_at__lt=before).delete()
