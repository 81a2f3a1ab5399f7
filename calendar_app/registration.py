"""What calendars add to the kernel."""

from calendar_app.services.calendars import create_default_calendars
from groupware.core import provisioning


def register() -> None:
    """Register everything once, when the app is ready."""
    provisioning.register(create_default_calendars)
