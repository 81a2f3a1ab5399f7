"""Registers calendar_app with Django."""

from django.apps import AppConfig


class CalendarAppConfig(AppConfig):
    """Calendars, on the shared store."""

    name = "calendar_app"
    verbose_name = "Calendars"
