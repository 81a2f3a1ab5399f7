"""App configuration of the panel."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PanelConfig(AppConfig):
    """The panel."""

    name = "groupware.panel"
    label = "panel"
    verbose_name = _("Administration")
    default_auto_field = "django.db.models.BigAutoField"
