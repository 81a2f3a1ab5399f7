"""Registers contacts with Django."""

from django.apps import AppConfig


class ContactsConfig(AppConfig):
    """Contacts, on the shared store."""

    name = "contacts"
    verbose_name = "Contacts"
