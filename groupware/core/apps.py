"""App configuration of the kernel."""

from django.apps import AppConfig


class CoreConfig(AppConfig):
    """The kernel."""

    name = "groupware.core"
    label = "core"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = "Kernel"
