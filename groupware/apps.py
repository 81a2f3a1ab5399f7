"""The project is itself an app: it brings commands, templates and static files."""

from django.apps import AppConfig


class GroupwareConfig(AppConfig):
    """Commands, templates and the pages of the server itself; it has no models."""

    name = "groupware"
    label = "groupware"
    verbose_name = "Groupware"
