"""The URLs of calendars below /api/v1/."""

from django.urls import URLPattern, path

from calendar_app.api import calendars, events, tasks, times
from groupware.rest import paths

paths.register()

_CALENDAR = "calendars/<oid:calendar_id>"
_EVENT = "calendar-events/<named:event_id>"
_TASK = "tasks/<named:task_id>"

urlpatterns: list[URLPattern] = [
    path("calendars", calendars.CalendarList.as_view(), name="api-calendars"),
    path(_CALENDAR, calendars.CalendarView.as_view(), name="api-calendar"),
    path(f"{_CALENDAR}/link", calendars.CalendarLinkView.as_view(), name="api-calendar-link"),
    path(f"{_CALENDAR}/shares", calendars.CalendarShares.as_view(), name="api-calendar-shares"),
    path(
        f"{_CALENDAR}/shares/<key:calendar_share_id>",
        calendars.CalendarShare.as_view(),
        name="api-calendar-share",
    ),
    path("calendar-events", events.EventList.as_view(), name="api-calendar-events"),
    path(_EVENT, events.EventView.as_view(), name="api-event"),
    path(f"{_EVENT}/raw", events.EventRawView.as_view(), name="api-event-raw"),
    path(
        f"{_EVENT}/occurrences/<when:recurrence_id>",
        events.EventOccurrenceView.as_view(),
        name="api-event-occurrence",
    ),
    path("occurrences", times.OccurrenceList.as_view(), name="api-occurrences"),
    path("free-busy", times.FreeBusyView.as_view(), name="api-free-busy"),
    path("tasks", tasks.TaskList.as_view(), name="api-tasks"),
    path(_TASK, tasks.TaskView.as_view(), name="api-task"),
    path(f"{_TASK}/raw", tasks.TaskRawView.as_view(), name="api-task-raw"),
]
