"""Calendars that tests use."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from groupware.core.models import Account


@pytest.fixture
def calendar(ann: "Account") -> int:
    """Return a calendar of ann's that takes every usual component."""
    from calendar_app.services.calendars import create_calendar
    from groupware.core.resources.collections import Face

    return create_calendar(ann.pk, Face(display_name="Work"), slug="work")


@pytest.fixture
def other(ben: "Account") -> int:
    """Return a calendar of ben's."""
    from calendar_app.services.calendars import create_calendar
    from groupware.core.resources.collections import Face

    return create_calendar(ben.pk, Face(display_name="Team"), slug="team")
