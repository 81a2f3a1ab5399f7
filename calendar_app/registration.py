"""What calendars add to the kernel: provisioner, outbox handlers."""

from calendar_app.services import placing
from calendar_app.services.calendars import create_default_calendars
from groupware.core import outbox, provisioning


def register() -> None:
    """Register everything once, when the app is ready."""
    provisioning.register(create_default_calendars)
    outbox.register(placing.FINISH_MOVE, placing.finish_move)
