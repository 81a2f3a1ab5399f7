"""App configuration of the kernel."""

from django.apps import AppConfig


class CoreConfig(AppConfig):
    """The kernel."""

    name = "groupware.core"
    label = "core"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = "Kernel"

    def ready(self) -> None:
        """Keep who is left to as long as somebody leaves; let what is noted of devices be written."""
        from groupware.core import devices, provisioning
        from groupware.core.leaving import departures

        provisioning.register_guard(departures.refuse_deletion)
        devices.begin()
