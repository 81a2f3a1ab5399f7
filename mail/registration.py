"""What mail adds to the kernel: its provisioner, its outbox handlers."""

from groupware.core import outbox, provisioning
from mail.services import messages
from mail.services.mailboxes import create_default_mailboxes


def register() -> None:
    """Register everything once, when the app is ready."""
    provisioning.register(create_default_mailboxes)
    outbox.register(messages.FINISH_MOVE, messages.finish_move)
