"""Events over REST: as objects, as raw iCalendar, and one occurrence of a series by itself."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response

from calendar_app.api.forms import (
    ChangedEventSerializer,
    EventFieldsSerializer,
    EventOccurrenceSerializer,
    EventSerializer,
    NewEventSerializer,
)
from calendar_app.api.objects import ObjectDetail, ObjectList, RawView, Shown
from calendar_app.services import forms
from groupware.rest import items
from groupware.rest.bodies import JsonParser
from groupware.rest.octets import CalendarParser, CalendarRenderer

TAG = "Events"
CALENDAR_BODY = {"text/calendar": OpenApiTypes.BINARY}


@extend_schema_view(get=extend_schema(operation_id="list_events", summary="List events"))
class EventList(ObjectList):
    """Events of all calendars that somebody may read."""

    tag = TAG
    component = "VEVENT"
    item_class = EventSerializer
    new_class = NewEventSerializer
    parser_classes = [JsonParser, CalendarParser]

    @extend_schema(
        operation_id="create_event",
        summary="Create an event",
        request={"application/json": NewEventSerializer, **CALENDAR_BODY},
        responses={201: EventSerializer},
    )
    def post(self, request: Request) -> Response:
        """Create an event from its fields, or from iCalendar (then `?calendar=` names where)."""
        return self.create(request)


@extend_schema_view(
    get=extend_schema(operation_id="get_event", summary="Read an event", responses=EventSerializer)
)
class EventView(ObjectDetail):
    """One event, with all that its series says."""

    tag = TAG
    component = "VEVENT"
    parameter = "event_id"
    item_class = EventSerializer

    @extend_schema(
        operation_id="change_event",
        summary="Change an event",
        request=ChangedEventSerializer,
        responses=EventSerializer,
    )
    def patch(self, request: Request, event_id: str) -> Response:  # noqa: ARG002 (DRF's)
        """Change what is given, and nothing else. Of a series all of it; a new start moves it."""
        changes = self.read(ChangedEventSerializer)
        return self.edit(lambda found: forms.edit_object(found.stored.data, changes))

    @extend_schema(operation_id="delete_event", summary="Delete an event", responses={204: None})
    def delete(self, request: Request, event_id: str) -> Response:  # noqa: ARG002 (DRF's)
        """Delete an event, of a series all of it."""
        return self.drop()


@extend_schema_view(
    get=extend_schema(
        operation_id="get_event_calendar_data",
        summary="Read an event as iCalendar",
        responses={(200, "text/calendar"): OpenApiTypes.BINARY},
    )
)
class EventRawView(RawView):
    """An event as iCalendar."""

    tag = TAG
    component = "VEVENT"
    parameter = "event_id"
    parser_classes = [CalendarParser]
    renderer_classes = [CalendarRenderer]

    @extend_schema(
        operation_id="put_event_calendar_data",
        summary="Write an event as iCalendar",
        request=CALENDAR_BODY,
        responses={(200, "text/calendar"): OpenApiTypes.BINARY},
    )
    def put(self, request: Request, event_id: str) -> Response:  # noqa: ARG002 (DRF's)
        """Put an iCalendar object in its place, octet for octet."""
        return self.replace(request)


@extend_schema_view(
    get=extend_schema(
        operation_id="get_event_occurrence",
        summary="Read one occurrence",
        responses=EventOccurrenceSerializer,
    )
)
class EventOccurrenceView(ObjectDetail):
    """One occurrence of a series, by its `recurrence_id`; ETag and If-Match are the event's."""

    tag = TAG
    component = "VEVENT"
    parameter = "event_id"

    def represent(self, found: Shown) -> object:
        """Return what it says: itself, or else its series."""
        told = forms.form_of_instance(found.stored.data, self.kwargs["recurrence_id"])
        event = items.item_id(found.place.info.object_id, found.stored.href)
        etag = found.version.etag
        return EventOccurrenceSerializer({**told, "event": event, "etag": etag}).data

    @extend_schema(
        operation_id="change_event_occurrence",
        summary="Change one occurrence",
        request=EventFieldsSerializer,
        responses=EventOccurrenceSerializer,
    )
    def patch(self, request: Request, **_: Any) -> Response:  # noqa: ARG002 (DRF's)
        """Let one occurrence say something else than its series."""
        changes = self.read(EventFieldsSerializer)
        named = self.kwargs["recurrence_id"]
        return self.edit(lambda found: forms.edit_instance(found.stored.data, named, changes))

    @extend_schema(
        operation_id="delete_event_occurrence",
        summary="Take one occurrence out",
        responses={204: None},
    )
    def delete(self, request: Request, **_: Any) -> Response:  # noqa: ARG002 (DRF's)
        """Take one occurrence out of its series, which stays."""
        named = self.kwargs["recurrence_id"]
        return self.edit(lambda found: forms.drop_instance(found.stored.data, named), shows=False)
