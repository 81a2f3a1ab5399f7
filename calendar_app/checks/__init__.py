"""What the doctor examines of calendars: their rows, and what is known of objects.

Like an edge, a check reads through snapshots and leaves writing to the services.
"""

from collections.abc import Iterator

from calendar_app.checks.birthdays import check_birthdays
from calendar_app.checks.calendars import check_calendar_rows
from calendar_app.checks.objects import check_objects
from groupware.core.doctor import Examination, Finding


def check_calendars(examination: Examination) -> Iterator[Finding]:
    """Find everything that is wrong with calendars; bytes of resources are core's."""
    yield from check_objects(examination)
    # After the objects, whose repairs change the counts.
    yield from check_calendar_rows(examination)
    yield from check_birthdays(examination)
