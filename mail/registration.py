"""What mail adds to the kernel: provisioner, names, outbox handlers, checks, import and export."""

from functools import partial

from groupware.core import (
    devices,
    doctor,
    exchange,
    health,
    names,
    outbox,
    provisioning,
    quotawarnings,
)
from groupware.core.exchange import Exporter, Importer
from groupware.core.models import CollectionKind
from mail import health as mail_health
from mail.archives.eml import open_eml
from mail.archives.maildir import open_maildir
from mail.archives.mbox import open_mbox
from mail.archives.messages import OpenArchive
from mail.behind import find_changes
from mail.checks import check_mail
from mail.flow import relays
from mail.names import canonical_name
from mail.services import copying, holds, notices, training
from mail.services.mailboxes import create_default_mailboxes
from mail.services.outside.relaying import find_relay
from mail.transfer.exporting import export_maildir
from mail.transfer.importing import import_archive

_FORMATS: tuple[tuple[str, OpenArchive, str], ...] = (
    ("mbox", open_mbox, "an mbox file, or a directory of them"),
    ("maildir", open_maildir, "a Maildir with its sub-folders, or an export"),
    ("eml", open_eml, "a directory of .eml files; sub-directories are mailboxes"),
)


def register() -> None:
    """Register everything once, when the app is ready."""
    provisioning.register(create_default_mailboxes)
    provisioning.register_guard(holds.refuse_deletion)
    names.register_canonical(CollectionKind.MAIL, canonical_name)
    outbox.register(copying.FINISH_MOVE, copying.finish_move)
    outbox.register(quotawarnings.WARN, notices.warn_of_quota)
    outbox.register(training.LEARN, training.teach)
    relays.register_finder(find_relay)
    devices.register_finder(CollectionKind.MAIL, find_changes)
    doctor.register(check_mail)
    health.register(*mail_health.list_parts())
    for name, open_archive, text in _FORMATS:
        run = partial(import_archive, open_archive)
        exchange.register_importer(Importer(name, CollectionKind.MAIL, text, run))
    exchange.register_exporter(Exporter(CollectionKind.MAIL, "mail", export_maildir))
