"""App configuration of what the REST API shares."""

from django.apps import AppConfig


class RestConfig(AppConfig):
    """What every app's api/ stands on."""

    name = "groupware.rest"
    label = "rest"
    verbose_name = "REST"
    default_auto_field = "django.db.models.BigAutoField"
