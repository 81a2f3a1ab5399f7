"""What mail adds to the kernel: its provisioner, its outbox handlers, its doctor's checks."""

from groupware.core import doctor, outbox, provisioning
from mail.checks import check_mail
from mail.services import messages
from mail.services.mailboxes import create_default_mailboxes


def register() -> None:
    """Register everything once, when the app is ready."""
    provisioning.register(create_default_mailboxes)
    outbox.register(messages.FINISH_MOVE, messages.finish_move)
    doctor.register(check_mail)
