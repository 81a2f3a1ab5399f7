"""What calendars add to the kernel: provisioner, moves that must be finished; and to contacts."""

from calendar_app.services.birthdays import follow_cards
from calendar_app.services.calendars import create_default_calendars
from calendar_app.services.placing import WRITER
from contacts.services import hooks
from groupware.core import provisioning
from groupware.core.resources import moving


def register() -> None:
    """Register everything once, when the app is ready."""
    provisioning.register(create_default_calendars)
    moving.register(WRITER)
    hooks.on_change(follow_cards)
