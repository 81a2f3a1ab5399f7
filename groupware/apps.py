"""The project is itself an app: it brings commands, templates and static files."""

from django.apps import AppConfig


class GroupwareConfig(AppConfig):
    """Commands, templates and the pages of the server itself; it has no models."""

    name = "groupware"
    label = "groupware"
    verbose_name = "Groupware"

    def ready(self) -> None:
        """Say how the parts are looked at that are nobody's below: web, events, a broker."""
        from groupware import parts
        from groupware.core import health

        health.register(*parts.list_parts())
