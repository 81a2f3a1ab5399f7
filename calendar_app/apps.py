"""App configuration of calendars."""

from django.apps import AppConfig


class CalendarAppConfig(AppConfig):
    """The app of calendars, on the shared store."""

    name = "calendar_app"
    verbose_name = "Calendars"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register what calendars add to the kernel."""
        from calendar_app import registration

        registration.register()
