"""`manage.py import`."""

from groupware.management.importing import Command

__all__ = ["Command"]
