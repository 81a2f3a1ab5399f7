"""What calendars add to the kernel: provisioner, moves, checks; and to contacts: birthdays."""

from calendar_app.checks import check_calendars
from calendar_app.services.birthdays import follow_cards
from calendar_app.services.calendars import create_default_calendars
from calendar_app.services.placing import WRITER
from contacts.services import hooks
from groupware.core import doctor, provisioning
from groupware.core.resources import moving


def register() -> None:
    """Register everything once, when the app is ready."""
    provisioning.register(create_default_calendars)
    moving.register(WRITER)
    doctor.register(check_calendars)
    hooks.on_change(follow_cards)
