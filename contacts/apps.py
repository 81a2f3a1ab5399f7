"""App configuration of contacts."""

from django.apps import AppConfig


class ContactsConfig(AppConfig):
    """The app of contacts, on the shared store."""

    name = "contacts"
    verbose_name = "Contacts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register what contacts add to the kernel."""
        from contacts import registration

        registration.register()
