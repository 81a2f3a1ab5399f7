"""App configuration of identity."""

from django.apps import AppConfig


class IdentityConfig(AppConfig):
    """The identity app."""

    name = "groupware.identity"
    label = "identity"
    verbose_name = "Identity"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register what identity adds to the kernel."""
        from groupware.identity import registration

        registration.register()
