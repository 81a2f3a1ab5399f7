"""Reading calendars and what is in them, as plain rows.

`calendars` reads what a calendar is, `spans` what is when, `objects` finds by other columns,
`search` by a text in all that somebody may read, `tasks` lists tasks.
Resources, their bytes and their changes are `groupware.core.resources.queries`'s. Whoever asks
more than one question reads in one `db.read_snapshot()`.
"""

from calendar_app.queries.calendars import CalendarInfo, find_calendar, list_calendars
from calendar_app.queries.objects import (
    FoundObject,
    classify,
    find_by_component,
    find_by_text,
    find_candidates,
    read_found,
)
from calendar_app.queries.search import Hit, list_readable, search_objects
from calendar_app.queries.spans import BusyPeriod, busy_periods, find_in_span
from calendar_app.queries.tasks import TaskRow, list_tasks

__all__ = [
    "BusyPeriod",
    "CalendarInfo",
    "FoundObject",
    "Hit",
    "TaskRow",
    "busy_periods",
    "classify",
    "find_by_component",
    "find_by_text",
    "find_calendar",
    "find_candidates",
    "find_in_span",
    "list_calendars",
    "list_readable",
    "list_tasks",
    "read_found",
    "search_objects",
]
