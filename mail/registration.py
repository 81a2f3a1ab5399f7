"""What mail adds to the kernel: its provisioner, names, outbox handlers, doctor's checks."""

from groupware.core import doctor, names, outbox, provisioning
from groupware.core.models import CollectionKind
from mail.checks import check_mail
from mail.names import canonical_name
from mail.services import copying
from mail.services.mailboxes import create_default_mailboxes


def register() -> None:
    """Register everything once, when the app is ready."""
    provisioning.register(create_default_mailboxes)
    names.register_canonical(CollectionKind.MAIL, canonical_name)
    outbox.register(copying.FINISH_MOVE, copying.finish_move)
    doctor.register(check_mail)
