"""What is when, over REST: occurrences within a stretch of time, and when people are busy."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from calendar_app.api.calendars import KIND
from calendar_app.ical.forms.times import parse_time
from calendar_app.ical.freebusy import Period
from calendar_app.ical.values import to_datetime
from calendar_app.ical.zones import UTC, Zone, find_iana_zone
from calendar_app.lanes import Span
from calendar_app.queries.freebusy import busy_of
from calendar_app.queries.listing import Reader
from calendar_app.queries.occurrences import Seen, list_occurrences
from contacts.vcard.forms.errors import BadField
from groupware.core import db, limits
from groupware.core.directory import get_account
from groupware.core.errors import Invalid, NotAllowed, NotFound
from groupware.core.resources.places import get_place, list_places
from groupware.rest import items
from groupware.rest.views import ApiView

SCOPES: Mapping[str, str] = {"GET": "calendars:read"}
MOST_PEOPLE = 50
MOST_DAYS = 400
_BUSY = {"B": "busy", "T": "tentative", "U": "unavailable"}
_WHERE = "A local time in `zone` as 2026-01-31T10:00:00, a date, or UTC with a Z."


class SpanQuery(serializers.Serializer[Any]):
    """A stretch of time, in a zone."""

    start = serializers.CharField(max_length=40, help_text=_WHERE)
    end = serializers.CharField(max_length=40, help_text=f"{_WHERE} It does not belong to it.")
    zone = serializers.CharField(default="UTC", max_length=100, help_text="An IANA name.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Return the zone, and the stretch of time in UTC."""
        zone = UTC if attrs["zone"] in {"UTC", "Etc/UTC"} else find_iana_zone(attrs["zone"])
        if zone is None:
            raise serializers.ValidationError({"zone": f"There is no time zone {attrs['zone']}."})
        span = Span(_read_time(attrs, "start", zone), _read_time(attrs, "end", zone))
        if not 0 < span.end - span.start <= MOST_DAYS * 86_400:
            text = f"It lies behind the start, by at most {MOST_DAYS} days."
            raise serializers.ValidationError({"end": text})
        return {**attrs, "span": span, "zone": zone}


def _read_time(attrs: Mapping[str, Any], name: str, zone: Zone) -> int:
    try:
        local, kind = parse_time(attrs[name], name)
    except BadField as error:
        raise serializers.ValidationError({name: error.text}) from error
    return local if kind == "z" else zone.to_utc(local)


class OccurrenceQuery(SpanQuery):
    """Which occurrences."""

    calendar = serializers.ListField(
        child=serializers.CharField(max_length=32),
        required=False,
        max_length=200,
        help_text="Those of these calendars; without it, of all that you may read.",
    )


class OccurrenceSerializer(serializers.Serializer[Any]):
    """An event at one time."""

    event = serializers.CharField(help_text="The id of its event.")
    calendar = serializers.CharField()
    recurrence_id = serializers.CharField(
        allow_null=True, help_text="Names it among those of a series; null where there is one."
    )
    title = serializers.CharField()
    start = serializers.CharField(help_text="In the wanted zone, with its offset; or a date.")
    end = serializers.CharField()
    all_day = serializers.BooleanField()
    free_busy_status = serializers.ChoiceField(("free", "busy", "tentative", "unavailable"))
    classification = serializers.CharField()
    has_alerts = serializers.BooleanField()


class OccurrencesSerializer(serializers.Serializer[Any]):
    """What takes place, by its start."""

    items = OccurrenceSerializer(many=True)


class OccurrenceList(ApiView):
    """Occurrences of events within a stretch of time. Hot: benchmarks/api."""

    tag = "Events"
    scopes: ClassVar[Mapping[str, str]] = SCOPES
    query = OccurrenceQuery

    @extend_schema(
        operation_id="list_occurrences",
        summary="List what takes place in a stretch of time",
        responses=OccurrencesSerializer,
    )
    def get(self, request: Request) -> Response:  # noqa: ARG002 (DRF's)
        """List all occurrences of events, series expanded, in one answer, by their start."""
        asked = self.read_query()
        with db.read_snapshot():
            if "calendar" in asked:
                places = [get_place(self.account_id, KIND, each) for each in set(asked["calendar"])]
            else:
                places = list_places(self.account_id, KIND)
            found = list_occurrences(
                [Reader(place) for place in places],
                asked["span"],
                asked["zone"],
                limit=limits.API_OCCURRENCES.value,
            )
        ids = {place.info.collection_id: place.info.object_id for place in places}
        return Response({"items": [_show(seen, ids, asked["zone"]) for seen in found]})


def _show(seen: Seen, ids: Mapping[int, str], zone: Zone) -> dict[str, Any]:
    """Return an occurrence as it is told; no serializer, which would cost as much as all else."""
    calendar = ids[seen.collection_id]
    return {
        "event": items.item_id(calendar, seen.href),
        "calendar": calendar,
        "recurrence_id": seen.recurrence_id or None,
        "title": seen.title,
        "start": _serialize(seen.start, zone, is_day=seen.is_day),
        "end": _serialize(seen.end, zone, is_day=seen.is_day),
        "all_day": seen.is_day,
        "free_busy_status": _BUSY.get(seen.busy, "free"),
        "classification": seen.classification or "public",
        "has_alerts": seen.has_alarm,
    }


def _serialize(moment: int, zone: Zone, *, is_day: bool) -> str:
    if is_day:
        return to_datetime(moment).date().isoformat()
    local = zone.to_local(moment)
    minutes = (local - moment) // 60
    sign, minutes = ("-", -minutes) if minutes < 0 else ("+", minutes)
    return f"{to_datetime(local).isoformat()}{sign}{minutes // 60:02}:{minutes % 60:02}"


class FreeBusyQuery(SpanQuery):
    """Who, and when."""

    who = serializers.ListField(
        child=serializers.CharField(max_length=320),
        min_length=1,
        max_length=MOST_PEOPLE,
        help_text="Addresses, as often as there are people.",
    )


class BusyPeriodSerializer(serializers.Serializer[Any]):
    """A time at which somebody is busy."""

    start = serializers.CharField()
    end = serializers.CharField()
    status = serializers.ChoiceField(tuple(_BUSY.values()))


class BusyPersonSerializer(serializers.Serializer[Any]):
    """When one person is busy."""

    address = serializers.CharField(help_text="As it was asked for.")
    is_known = serializers.BooleanField(
        help_text="False where there is nobody here by that address, or he does not let you know."
    )
    periods = BusyPeriodSerializer(many=True)


class FreeBusySerializer(serializers.Serializer[Any]):
    """When people are busy, in the order they were asked for."""

    people = BusyPersonSerializer(many=True)


class FreeBusyView(ApiView):
    """When several people are busy; nothing is told of what they do."""

    tag = "Events"
    scopes: ClassVar[Mapping[str, str]] = SCOPES
    query = FreeBusyQuery

    @extend_schema(
        operation_id="list_free_busy",
        summary="Ask when people are busy",
        responses=FreeBusySerializer,
    )
    def get(self, request: Request) -> Response:  # noqa: ARG002 (DRF's)
        """Tell of each when he is busy, merged over his calendars."""
        asked = self.read_query()
        with db.read_snapshot():
            people = [self._person(who, asked["span"], asked["zone"]) for who in asked["who"]]
        return Response({"people": people})

    def _person(self, who: str, span: Span, zone: Zone) -> dict[str, Any]:
        periods: Sequence[Period] | None = None
        with suppress(NotFound, NotAllowed, Invalid):
            periods = busy_of(self.account_id, get_account(who).pk, span, zone)
        told = [
            {
                "start": _serialize(period.start, zone, is_day=False),
                "end": _serialize(period.end, zone, is_day=False),
                "status": _BUSY[period.busy],
            }
            for period in periods or ()
        ]
        return {"address": who, "is_known": periods is not None, "periods": told}
