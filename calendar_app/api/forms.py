"""Events and tasks as JSON has them: what is checked of a request, and told in the schema.

The words are those of `calendar_app.ical.forms`, which has the last word on values.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rest_framework import serializers

from calendar_app.ical.forms.alerts import ACTIONS
from calendar_app.ical.forms.people import KINDS, PARTICIPANT_STATES, ROLES
from calendar_app.ical.forms.reading import CLASSES, EVENT_STATES, TASK_STATES
from contacts.vcard.forms.errors import BadField
from groupware.rest.errors import WrongFields

TIME = "A local time as 2026-01-31T10:00:00, or a date for whole days."
TEXT = 64 << 10


@contextmanager
def told_by_field() -> Iterator[None]:
    """Let what is wrong with a form be told by a pointer to its field."""
    try:
        yield
    except BadField as error:
        raise WrongFields({f"/{error.field}": error.text}) from error


class OrganizerSerializer(serializers.Serializer[Any]):
    """Who invites."""

    email = serializers.CharField(max_length=320)
    name = serializers.CharField(max_length=255, required=False, allow_blank=True, default="")


class ParticipantSerializer(serializers.Serializer[Any]):
    """Somebody who takes part."""

    email = serializers.CharField(max_length=320)
    name = serializers.CharField(max_length=255, required=False, allow_blank=True)
    role = serializers.ChoiceField(tuple(ROLES), required=False)
    kind = serializers.ChoiceField(KINDS, required=False)
    status = serializers.ChoiceField(PARTICIPANT_STATES, required=False)
    rsvp = serializers.BooleanField(required=False)


class AlertSerializer(serializers.Serializer[Any]):
    """When somebody is reminded: at an offset from its start or end, or at a moment."""

    action = serializers.ChoiceField((*ACTIONS, "email"), required=False, default="display")
    offset = serializers.CharField(
        max_length=40, required=False, allow_null=True, help_text="Such as -PT15M: before."
    )
    related = serializers.ChoiceField(("start", "end"), required=False, default="start")
    at = serializers.CharField(
        max_length=40, required=False, allow_null=True, help_text="UTC: 2026-01-31T09:45:00Z."
    )


class CommonSerializer(serializers.Serializer[Any]):
    """What events and tasks have in common; whatever is left out stays as it is."""

    title = serializers.CharField(
        required=False, allow_blank=True, max_length=TEXT, trim_whitespace=False
    )
    description = serializers.CharField(
        required=False, allow_blank=True, max_length=TEXT, trim_whitespace=False
    )
    location = serializers.CharField(
        required=False, allow_blank=True, max_length=TEXT, trim_whitespace=False
    )
    url = serializers.CharField(required=False, allow_blank=True, max_length=2_000)
    color = serializers.CharField(required=False, allow_blank=True, max_length=40)
    categories = serializers.ListField(
        child=serializers.CharField(max_length=255), required=False, max_length=100
    )
    classification = serializers.ChoiceField(
        CLASSES,
        required=False,
        help_text="Of `private` others see nothing, of `confidential` when it is.",
    )
    priority = serializers.IntegerField(
        required=False, min_value=0, max_value=9, help_text="1 is the highest, 0 none."
    )
    start = serializers.CharField(required=False, allow_null=True, max_length=40, help_text=TIME)
    time_zone = serializers.CharField(
        required=False,
        allow_null=True,
        max_length=200,
        help_text="Of all times: an IANA name, UTC, or null for that time wherever one is.",
    )
    organizer = OrganizerSerializer(required=False, allow_null=True)
    participants = ParticipantSerializer(many=True, required=False)
    alerts = AlertSerializer(many=True, required=False)


class EventFieldsSerializer(CommonSerializer):
    """What can be said of an event, or of one of its occurrences."""

    end = serializers.CharField(required=False, max_length=40, help_text=TIME)
    duration = serializers.CharField(
        required=False, max_length=40, help_text="Such as PT1H30M or P2D, instead of an end."
    )
    status = serializers.ChoiceField(EVENT_STATES, required=False)
    free_busy_status = serializers.ChoiceField(("busy", "free"), required=False)


class ChangedEventSerializer(EventFieldsSerializer):
    """What can be changed of an event."""

    recurrence_rule = serializers.CharField(
        required=False,
        allow_null=True,
        max_length=2_000,
        help_text="As in RFC 5545: FREQ=WEEKLY;BYDAY=MO.",
    )


class NewEventSerializer(ChangedEventSerializer):
    """An event that is to be."""

    calendar = serializers.CharField(
        required=False, max_length=32, help_text="Its id; without one your own first calendar."
    )
    uid = serializers.CharField(required=False, max_length=255)
    title = serializers.CharField(max_length=TEXT, trim_whitespace=False)
    start = serializers.CharField(max_length=40, help_text=TIME)


class ChangedTaskSerializer(CommonSerializer):
    """What can be changed of a task."""

    due = serializers.CharField(required=False, allow_null=True, max_length=40, help_text=TIME)
    status = serializers.ChoiceField(TASK_STATES, required=False)
    percent = serializers.IntegerField(required=False, min_value=0, max_value=100)
    parent_uid = serializers.CharField(
        required=False, allow_null=True, max_length=1_000, help_text="The `uid` of a task."
    )
    recurrence_rule = serializers.CharField(required=False, allow_null=True, max_length=2_000)


class NewTaskSerializer(ChangedTaskSerializer):
    """A task that is to be."""

    calendar = serializers.CharField(
        required=False, max_length=32, help_text="Its id; without one your own list of tasks."
    )
    uid = serializers.CharField(required=False, max_length=255)
    title = serializers.CharField(max_length=TEXT, trim_whitespace=False)


class _ShownCommon(serializers.Serializer[Any]):
    title = serializers.CharField()
    description = serializers.CharField()
    location = serializers.CharField()
    url = serializers.CharField()
    color = serializers.CharField()
    categories = serializers.ListField(child=serializers.CharField())
    classification = serializers.CharField()
    priority = serializers.IntegerField()
    start = serializers.CharField(allow_null=True)
    time_zone = serializers.CharField(allow_null=True)
    organizer = OrganizerSerializer(allow_null=True)
    participants = ParticipantSerializer(many=True)
    alerts = AlertSerializer(many=True)
    sequence = serializers.IntegerField()
    created_at = serializers.CharField(allow_null=True)
    changed_at = serializers.CharField(allow_null=True)


class _ShownEvent(_ShownCommon):
    end = serializers.CharField(allow_null=True)
    duration = serializers.CharField(allow_null=True)
    status = serializers.CharField()
    free_busy_status = serializers.CharField()


class EventOverrideSerializer(_ShownEvent):
    """An occurrence that says something else than its series."""

    recurrence_id = serializers.CharField(help_text="Names the occurrence.")


class EventOccurrenceSerializer(EventOverrideSerializer):
    """One occurrence of an event, as it is."""

    event = serializers.CharField(help_text="The id of its event.")
    etag = serializers.CharField(help_text="What If-Match takes: that of the event.")


class EventSerializer(_ShownEvent):
    """An event. What iCalendar says beyond this is in `raw`, and survives each change."""

    id = serializers.CharField(help_text="Never changes while it is in its calendar.")
    calendar = serializers.CharField(help_text="The id of its calendar.")
    uid = serializers.CharField(help_text="What invitations and other programs know it by.")
    is_whole = serializers.BooleanField(help_text="False where you are shown its times alone.")
    recurrence_rule = serializers.CharField(allow_null=True)
    excluded = serializers.ListField(
        child=serializers.CharField(), help_text="Occurrences that were taken out."
    )
    overrides = EventOverrideSerializer(many=True)
    etag = serializers.CharField(help_text="What If-Match takes.")


class _ShownTask(_ShownCommon):
    due = serializers.CharField(allow_null=True)
    status = serializers.CharField()
    percent = serializers.IntegerField()
    completed_at = serializers.CharField(allow_null=True)
    parent_uid = serializers.CharField(allow_null=True)


class TaskOverrideSerializer(_ShownTask):
    """An occurrence of a task that says something else than its series."""

    recurrence_id = serializers.CharField()


class TaskSerializer(_ShownTask):
    """A task."""

    id = serializers.CharField(help_text="Never changes while it is in its calendar.")
    calendar = serializers.CharField(help_text="The id of its calendar.")
    uid = serializers.CharField()
    is_whole = serializers.BooleanField(help_text="False where you are shown its times alone.")
    recurrence_rule = serializers.CharField(allow_null=True)
    excluded = serializers.ListField(child=serializers.CharField())
    overrides = TaskOverrideSerializer(many=True)
    etag = serializers.CharField(help_text="What If-Match takes.")
