"""The parts of the kernel: database, blobs, disk, certificate, and whoever works off what is due."""

import sqlite3
from collections.abc import Mapping
from datetime import UTC
from pathlib import Path

import structlog
from cryptography import x509
from django.conf import settings
from django.db import DatabaseError, connection
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from groupware.core import blobs, limits
from groupware.core.blobs.service import store
from groupware.core.clock import epoch, now
from groupware.core.health.parts import DATABASE_LANE, Outcome, Part, State
from groupware.core.sizes import octets
from groupware.core.tls import certificate_files

BEAT_SECONDS = 10.0
"""How often whoever works off duties shows that it does."""
BEAT_MISSED = 60
"""Seconds without that after which nobody works them off."""

# Locations that are never given out: reading them asks the store without needing a message.
_ABSENT_LOCATIONS = ("db:0", "file:00-healthz")

_log = structlog.get_logger("groupware.health")


def look_at_database(_seconds: float) -> Outcome:
    """Ask the database for a number."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        _log.exception("database unreachable")
        text = _(
            "The database does not answer: it is not running, cannot be reached, or its files cannot"
            " be read. Nobody can sign in or get mail until it is back. Look at its log, and at"
            " GROUPWARE_DATABASE_URL."
        )
        return Outcome(State.FAILED, text)
    return Outcome(State.OK)


def look_at_blobs(_seconds: float) -> Outcome:
    """Ask for bytes that are not there: whoever answers so can be asked."""
    for location in _ABSENT_LOCATIONS:
        try:
            store().get(location, 0, 1)
        except blobs.BlobMissing:
            continue
        except (OSError, sqlite3.Error, DatabaseError):  # small ones may lie beside their row
            _log.exception("blob store unreachable")
            text = _(
                "What messages and files hold cannot be read: {directory} is not there, not readable,"
                " or damaged. Is its disk mounted? `manage.py doctor` says what is missing."
            )
            return Outcome(State.FAILED, format_lazy(text, directory=settings.GROUPWARE_DATA))
    return Outcome(State.OK)


def look_at_disks(_seconds: float) -> Outcome:
    """Compare what is free with what is kept free."""
    reserve, percent = limits.DISK_RESERVE.value, limits.NOTICE_DISK.value
    disk = min(blobs.measure_disks(), key=lambda held: held.free)
    told: Mapping[str, object] = {
        "free": octets(disk.free),
        "total": octets(disk.total),
        "directory": disk.directory,
        "reserve": octets(reserve),
    }
    if disk.free < reserve:
        text = _(
            "The disk of {directory} has {free} of {total} left, less than the reserve of {reserve}:"
            " nothing new is stored, and mail waits at its senders. Make room, or give it a larger disk."
        )
        return Outcome(State.FAILED, format_lazy(text, **told))
    if disk.free < max(disk.total * percent // 100, 2 * reserve):
        text = _(
            "The disk of {directory} has {free} of {total} left; below {reserve} nothing new is"
            " stored. Make room, or give it a larger disk."
        )
        return Outcome(State.ATTENTION, format_lazy(text, **told))
    return Outcome(State.OK, format_lazy(_("{free} of {total} free"), **told))


def look_at_certificate(_seconds: float) -> Outcome:
    """Read when the certificate ends."""
    file = certificate_files()[0]
    try:
        ends = x509.load_pem_x509_certificate(file.read_bytes()).not_valid_after_utc
    except (OSError, ValueError):
        text = _(
            "There is no certificate in {file} that can be read: nothing can speak TLS. `serve` makes"
            " one when it starts; or name one by GROUPWARE_TLS_CERT and GROUPWARE_TLS_KEY."
        )
        return Outcome(State.FAILED, format_lazy(text, file=file))
    day, left = f"{ends.astimezone(UTC):%Y-%m-%d}", ends - now()
    if left.total_seconds() <= 0:
        text = _(
            "The certificate in {file} has ended on {day}: programs and phones refuse to connect."
            " Put a new one in its place; it is taken up without a restart."
        )
        return Outcome(State.FAILED, format_lazy(text, file=file, day=day))
    if left.days < limits.NOTICE_CERTIFICATE.value:
        text = _(
            "The certificate in {file} ends on {day}; after that programs and phones refuse to connect."
            " Put a new one in its place; one that the server made itself it makes anew at its start."
        )
        return Outcome(State.ATTENTION, format_lazy(text, file=file, day=day))
    return Outcome(State.OK, format_lazy(_("valid until {day}"), day=day))


def beat() -> None:
    """Show that duties are worked off; itself a duty."""
    path = _beat_file()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.touch()


def look_at_worker(_seconds: float) -> Outcome:
    """Read when somebody worked off a duty last."""
    try:
        silent = epoch() - int(_beat_file().stat().st_mtime)
    except OSError:
        silent = None
    if silent is not None and silent <= BEAT_MISSED:
        return Outcome(State.OK)
    text = _(
        "Nobody works off what is due: mail is not sent on, nothing is cleaned up. The roles worker and"
        " beat have ended, hang, or were never started. Their log says why; `manage.py serve worker"
        " beat` starts them."
    )
    return Outcome(State.FAILED, text)


def _beat_file() -> Path:
    return Path(settings.GROUPWARE_DATA) / "run" / "health" / "worker.beat"


PARTS = (
    Part("database", _("Database"), look_at_database, 10, lane=DATABASE_LANE),
    Part("blobs", _("Blob store"), look_at_blobs, 20, lane=DATABASE_LANE),
    Part("disk", _("Disk"), look_at_disks, 30),
    Part("worker", _("Background work"), look_at_worker, 40),
    Part("certificate", _("Certificate"), look_at_certificate, 70),
)
