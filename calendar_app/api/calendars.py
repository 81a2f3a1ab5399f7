"""Calendars over REST: own ones, and those that others share; their public addresses."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from calendar_app.ical.zones import find_iana_zone
from calendar_app.queries.calendars import CalendarInfo, find_calendars
from calendar_app.queries.listing import Reader
from calendar_app.services import calendars, links
from calendar_app.services.calendars import CalendarSettings
from groupware.core import db
from groupware.core.errors import NotAllowed, NotFound
from groupware.core.models import CollectionKind, CollectionRole
from groupware.core.resources import queries
from groupware.core.resources.places import Place, get_place
from groupware.rest.conditions import Version
from groupware.rest.pagination import Page, Window, page_of_all
from groupware.rest.places import (
    KEY,
    FaceSerializer,
    PlaceSerializer,
    face_of,
    key_of,
    list_shown,
    set_own_face,
    shares_views,
    show_place,
    version_of,
)
from groupware.rest.views import ApiView, ListView, ObjectView
from groupware.rest.writing import write

KIND = CollectionKind.CALENDAR
SCOPES: Mapping[str, str] = {
    "GET": "calendars:read",
    "POST": "calendars:write",
    "PUT": "calendars:write",
    "PATCH": "calendars:write",
    "DELETE": "calendars:write",
}
CONTENTS = {"event": "VEVENT", "task": "VTODO", "journal": "VJOURNAL"}


class Shown(NamedTuple):
    """A calendar as somebody is shown it."""

    place: Place
    info: CalendarInfo
    newest: int


class CalendarSerializer(PlaceSerializer):
    """A calendar."""

    holds = serializers.ListField(
        child=serializers.ChoiceField(tuple(CONTENTS)), help_text="What it takes."
    )
    time_zone = serializers.CharField(allow_null=True, help_text="An IANA name.")
    is_transparent = serializers.BooleanField(
        help_text="True where what is in it does not make its owner busy."
    )
    subscribed_to = serializers.CharField(
        allow_null=True, help_text="Where the server fetches it from; told to its owner."
    )
    problem = serializers.CharField(
        allow_null=True, help_text="Why it could not be fetched the last time."
    )
    has_link = serializers.BooleanField(help_text="Whether a public address opens it.")


class ChangedCalendarSerializer(FaceSerializer):
    """What can be changed of a calendar. Of others' you set name, color and position as you see them."""

    time_zone = serializers.CharField(required=False, max_length=100, help_text="An IANA name.")
    is_transparent = serializers.BooleanField(required=False)
    subscribed_to = serializers.CharField(required=False, allow_blank=True, max_length=2_000)

    def validate_time_zone(self, value: str) -> str:
        """Return the name of the zone."""
        zone = find_iana_zone(value)
        if zone is None:
            raise serializers.ValidationError(f"There is no time zone {value}.")
        return zone.name


class NewCalendarSerializer(ChangedCalendarSerializer):
    """A calendar that is to be."""

    name = serializers.CharField(max_length=255)
    holds = serializers.ListField(
        child=serializers.ChoiceField(tuple(CONTENTS)), required=False, min_length=1, max_length=3
    )


class LinkSerializer(serializers.Serializer[Any]):
    """A public address."""

    url = serializers.CharField(help_text="Shown once: whoever has it reads the calendar.")


def _version(shown: Shown) -> Version:
    info = shown.info
    settings = (info.components, info.tzid, info.is_transparent, info.source)
    return version_of(shown.place, shown.newest, *settings, info.has_link, info.source_error)


def _show(shown: Shown) -> dict[str, Any]:
    info, is_own = shown.info, shown.place.is_own
    names = {value: name for name, value in CONTENTS.items()}
    return {
        **show_place(shown.place, _version(shown)),
        "holds": [names[each] for each in info.components if each in names],
        "time_zone": info.tzid or None,
        "is_transparent": info.is_transparent,
        "subscribed_to": (info.source or None) if is_own else None,
        "problem": (info.source_error or None) if is_own else None,
        "has_link": info.has_link,
    }


def show_all(places: Sequence[Place]) -> list[Shown]:
    """Return calendars with what is known of them; two queries."""
    known = find_calendars([place.info.collection_id for place in places])
    return [
        Shown(place, known[place.info.collection_id], Reader(place).newest())
        for place in places
        if place.info.collection_id in known
    ]


def get_shown(account_id: int, object_id: str) -> Shown:
    """Return a calendar; raises `NotFound`."""
    for shown in show_all([get_place(account_id, KIND, object_id)]):
        return shown
    raise NotFound("The calendar is gone.")


def _settings(wanted: Mapping[str, Any]) -> CalendarSettings:
    return CalendarSettings(
        tzid=wanted.get("time_zone"),
        is_transparent=wanted.get("is_transparent"),
        source=wanted.get("subscribed_to"),
    )


def _show_new(account_id: int, collection_id: int) -> Shown:
    info = queries.find_collection(collection_id)
    assert info is not None
    return get_shown(account_id, info.object_id)


@extend_schema_view(get=extend_schema(operation_id="list_calendars", summary="List calendars"))
class CalendarList(ListView[dict[str, Any]]):
    """All calendars that somebody may read."""

    tag = "Calendars"
    scopes: ClassVar[Mapping[str, str]] = SCOPES
    item_class = CalendarSerializer
    cursor_key = KEY

    def list_page(self, window: Window, filters: Mapping[str, Any]) -> Page[dict[str, Any]]:  # noqa: ARG002
        """Return a page, own calendars first."""
        places, known = list_shown(self.account_id, KIND)
        page = page_of_all(places, window, key_of, known.state().text())
        return Page([_show(each) for each in show_all(page.items)], page.state, page.next)

    def list_changes(
        self,
        since: str,
        limit: int,
        filters: Mapping[str, Any],  # noqa: ARG002
    ) -> Page[dict[str, Any]]:
        """Return calendars that changed, also by what is in them, and ids of those gone."""
        places, known = list_shown(self.account_id, KIND)
        change = known.changes_since(since, limit)
        found = {place.info.collection_id: place for place in places}
        shown = show_all([found[key] for key in change.changed])
        items = [_show(each) for each in shown]
        return Page(items, change.state, removed=change.removed, more=change.more)

    @extend_schema(
        operation_id="create_calendar",
        summary="Create a calendar",
        request=NewCalendarSerializer,
        responses={201: CalendarSerializer},
    )
    def post(self, request: Request) -> Response:
        """Create a calendar of your own, or subscribe to one elsewhere."""
        wanted = self.read(NewCalendarSerializer)
        holds = [CONTENTS[name] for name in wanted.get("holds", ("event", "task", "journal"))]

        def create() -> Shown:
            made = calendars.create_calendar(
                self.account_id, face_of(wanted), components=holds, settings=_settings(wanted)
            )
            return _show_new(self.account_id, made)

        shown = write(self.account_id, create)
        location = f"{request.path}/{shown.place.info.object_id}"
        return self.answer(
            CalendarSerializer(_show(shown)).data, _version(shown), 201, location=location
        )


@extend_schema_view(
    get=extend_schema(
        operation_id="get_calendar", summary="Read a calendar", responses=CalendarSerializer
    )
)
class CalendarView(ObjectView[Shown]):
    """One calendar."""

    tag = "Calendars"
    scopes: ClassVar[Mapping[str, str]] = {
        method: scope for method, scope in SCOPES.items() if method not in {"POST", "PUT"}
    }

    def find(self) -> Shown:
        """Return the calendar of the URL."""
        return get_shown(self.account_id, self.kwargs["calendar_id"])

    def version_of(self, found: Shown) -> Version:
        """Return its state."""
        return _version(found)

    def owner_of(self, found: Shown) -> int:
        """Return whose it is."""
        return found.place.info.account_id

    def represent(self, found: Shown) -> object:
        """Return what is shown of it."""
        return CalendarSerializer(_show(found)).data

    @extend_schema(
        operation_id="change_calendar",
        summary="Change a calendar",
        request=ChangedCalendarSerializer,
        responses=CalendarSerializer,
    )
    def patch(self, request: Request, calendar_id: str) -> Response:  # noqa: ARG002 (DRF's)
        """Change what is given. Of somebody else's, set how you see it: name, color, position."""
        wanted = self.read(ChangedCalendarSerializer)

        def change(found: Shown) -> Shown:
            info = found.place.info
            if found.place.is_own:
                calendars.change_calendar(
                    info.account_id, info.collection_id, face_of(wanted), _settings(wanted)
                )
            else:
                set_own_face(found.place, wanted)
            return self.find()

        return self.change(change)

    @extend_schema(
        operation_id="delete_calendar", summary="Delete a calendar", responses={204: None}
    )
    def delete(self, request: Request, calendar_id: str) -> Response:  # noqa: ARG002 (DRF's)
        """Delete a calendar of your own with everything in it."""

        def delete(found: Shown) -> None:
            found.place.require_own()
            info = found.place.info
            if info.role == CollectionRole.BIRTHDAYS:
                raise NotAllowed("The server keeps this calendar itself: it stays.")
            calendars.delete_calendar(info.account_id, info.collection_id)

        return self.remove(delete)


class CalendarLinkView(ApiView):
    """The public address of a calendar."""

    tag = "Calendars"
    scopes: ClassVar[Mapping[str, str]] = {
        "POST": "calendars:write",
        "DELETE": "calendars:write",
    }

    def _own(self) -> Place:
        place = get_place(self.account_id, KIND, self.kwargs["calendar_id"])
        place.require_own()
        return place

    def _write(self, remove: bool) -> str:  # noqa: FBT001
        with db.read_snapshot():
            self._own()

        def work() -> str:
            info = self._own().info
            if remove:
                links.remove_link(info.account_id, info.collection_id)
                return ""
            return links.create_link(info.account_id, info.collection_id)

        return write(self.account_id, work)

    @extend_schema(
        operation_id="create_calendar_link",
        summary="Give a calendar a public address",
        request=None,
        responses={201: LinkSerializer},
    )
    def post(self, request: Request, calendar_id: str) -> Response:  # noqa: ARG002 (DRF's)
        """Give a calendar a new public address; an older one opens nothing any more.

        Whoever has it reads what is not private, and when you are busy.
        """
        return Response({"url": links.url_of(self._write(remove=False))}, 201)

    @extend_schema(
        operation_id="delete_calendar_link",
        summary="Take a calendar's public address back",
        responses={204: None},
    )
    def delete(self, request: Request, calendar_id: str) -> Response:  # noqa: ARG002 (DRF's)
        """Let no public address open the calendar any more."""
        self._write(remove=True)
        return Response(status=204)


CalendarShares, CalendarShare = shares_views(KIND, "calendar_id", "calendar", "calendars")
CalendarShares.tag = CalendarShare.tag = "Calendars"
