"""App configuration of mail."""

from django.apps import AppConfig


class MailConfig(AppConfig):
    """The mail app."""

    name = "mail"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register what mail adds to the kernel: provisioner, outbox handlers, doctor checks."""
        from mail import registration

        registration.register()
