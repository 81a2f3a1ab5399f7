"""App configuration of the kernel."""

from django.apps import AppConfig


class CoreConfig(AppConfig):
    """The kernel."""

    name = "groupware.core"
    label = "core"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = "Kernel"

    def ready(self) -> None:
        """Register the guard of departures and the kernel's parts; let devices be written."""
        from groupware.core import devices, health, provisioning
        from groupware.core.health import kernel
        from groupware.core.leaving import departures

        health.register(*kernel.PARTS)
        provisioning.register_guard(departures.refuse_deletion)
        devices.begin()
