"""Tables of calendars: what core's collections and resources lack."""

from calendar_app.models.calendar import Calendar
from calendar_app.models.objects import CalendarObject, Occurrence, OccurrenceRules, Task

__all__ = ["Calendar", "CalendarObject", "Occurrence", "OccurrenceRules", "Task"]
