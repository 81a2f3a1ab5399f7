"""Reading calendars and what is in them, as plain rows.

`calendars` reads what a calendar is, `spans` what is when, `objects` finds by other columns.
Resources, their bytes and their changes are `groupware.core.resources.queries`'s. Whoever asks
more than one question reads in one `db.read_snapshot()`.
"""

from calendar_app.queries.calendars import CalendarInfo, find_calendar, list_calendars
from calendar_app.queries.objects import (
    FoundObject,
    classify,
    find_by_component,
    find_by_text,
    read_found,
)
from calendar_app.queries.spans import BusyPeriod, busy_periods, find_in_span

__all__ = [
    "BusyPeriod",
    "CalendarInfo",
    "FoundObject",
    "busy_periods",
    "classify",
    "find_by_component",
    "find_by_text",
    "find_calendar",
    "find_in_span",
    "list_calendars",
    "read_found",
]
