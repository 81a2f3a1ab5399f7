"""Tasks over REST: as objects and as raw iCalendar."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response

from calendar_app.api.events import CALENDAR_BODY
from calendar_app.api.forms import ChangedTaskSerializer, NewTaskSerializer, TaskSerializer
from calendar_app.api.objects import ObjectDetail, ObjectList, RawView
from calendar_app.services import forms
from groupware.rest.bodies import JsonParser
from groupware.rest.octets import CalendarParser, CalendarRenderer

TAG = "Tasks"


@extend_schema_view(get=extend_schema(operation_id="list_tasks", summary="List tasks"))
class TaskList(ObjectList):
    """Tasks of all calendars that somebody may read."""

    tag = TAG
    component = "VTODO"
    item_class = TaskSerializer
    new_class = NewTaskSerializer
    parser_classes = [JsonParser, CalendarParser]

    @extend_schema(
        operation_id="create_task",
        summary="Create a task",
        request={"application/json": NewTaskSerializer, **CALENDAR_BODY},
        responses={201: TaskSerializer},
    )
    def post(self, request: Request) -> Response:
        """Create a task from its fields, or from iCalendar (then `?calendar=` names where)."""
        return self.create(request)


@extend_schema_view(
    get=extend_schema(operation_id="get_task", summary="Read a task", responses=TaskSerializer)
)
class TaskView(ObjectDetail):
    """One task."""

    tag = TAG
    component = "VTODO"
    parameter = "task_id"
    item_class = TaskSerializer

    @extend_schema(
        operation_id="change_task",
        summary="Change a task",
        request=ChangedTaskSerializer,
        responses=TaskSerializer,
    )
    def patch(self, request: Request, task_id: str) -> Response:  # noqa: ARG002 (DRF's)
        """Change what is given, and nothing else; `status` completed says when it was done."""
        changes = self.read(ChangedTaskSerializer)
        return self.edit(lambda found: forms.edit_object(found.stored.data, changes))

    @extend_schema(operation_id="delete_task", summary="Delete a task", responses={204: None})
    def delete(self, request: Request, task_id: str) -> Response:  # noqa: ARG002 (DRF's)
        """Delete a task."""
        return self.drop()


@extend_schema_view(
    get=extend_schema(
        operation_id="get_task_calendar_data",
        summary="Read a task as iCalendar",
        responses={(200, "text/calendar"): OpenApiTypes.BINARY},
    )
)
class TaskRawView(RawView):
    """A task as iCalendar."""

    tag = TAG
    component = "VTODO"
    parameter = "task_id"
    parser_classes = [CalendarParser]
    renderer_classes = [CalendarRenderer]

    @extend_schema(
        operation_id="put_task_calendar_data",
        summary="Write a task as iCalendar",
        request=CALENDAR_BODY,
        responses={(200, "text/calendar"): OpenApiTypes.BINARY},
    )
    def put(self, request: Request, task_id: str) -> Response:  # noqa: ARG002 (DRF's)
        """Put an iCalendar object in its place, octet for octet."""
        return self.replace(request)
