"""App configuration of DAV."""

from django.apps import AppConfig


class DavConfig(AppConfig):
    """The DAV app: what WebDAV keeps beside the store, dead properties and locks."""

    name = "groupware.dav"
    label = "dav"
    verbose_name = "CalDAV and CardDAV"
    default_auto_field = "django.db.models.BigAutoField"
