"""App configuration of the person's own pages."""

from django.apps import AppConfig


class AccountPagesConfig(AppConfig):
    """The app of the pages; it has templates and translations, and no models."""

    name = "groupware.account"
    label = "account_pages"
    verbose_name = "Account"
