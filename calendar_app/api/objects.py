"""What events and tasks have in common over REST: reading, listing, changing, raw iCalendar.

What a reader may not see is left out by `calendar_app.queries.listing`, which all reading goes
through (docs/adr/0028). Nobody changes what he is not shown whole.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from calendar_app.api.calendars import KIND, SCOPES
from calendar_app.api.forms import told_by_field
from calendar_app.ical.errors import InvalidObject
from calendar_app.queries.listing import Found, Reader, list_found, read_found
from calendar_app.services import forms, objects
from calendar_app.services.objects import Prepared
from groupware.core import db
from groupware.core.errors import AlreadyExists, Invalid, NotAllowed, NotFound, Stale
from groupware.core.resources import queries
from groupware.core.resources.items import UidTaken
from groupware.core.resources.places import Place, get_place, list_places
from groupware.core.resources.queries import Stored
from groupware.rest import items
from groupware.rest.conditions import Version, read_match
from groupware.rest.octets import octets_of
from groupware.rest.pagination import Page, Window, page_of
from groupware.rest.views import ListView, ObjectView, PageQuery
from groupware.rest.writing import write


class Shown(NamedTuple):
    """An object as somebody is shown it."""

    place: Place
    stored: Stored
    is_whole: bool

    @property
    def version(self) -> Version:
        """Its state: the entity tag of its octets, or of their veil."""
        return Version(self.stored.etag)


def find_shown(account_id: int, text: str, component: str = "") -> Shown:
    """Return an object by its id; raises `NotFound`. Three or four queries."""
    object_id, href = items.parse_item_id(text)
    place = get_place(account_id, KIND, object_id)
    reader = Reader(place)
    stored = reader.read(href)
    if stored is None or (component and stored.component != component):
        raise NotFound("There is no such item, or nobody lets you see it.")
    return Shown(place, stored, reader.is_whole(href))


def represent(shown: Shown) -> dict[str, Any]:
    """Return an object as JSON has it."""
    info = shown.place.info
    return {
        "id": items.item_id(info.object_id, shown.stored.href),
        "calendar": info.object_id,
        "is_whole": shown.is_whole,
        **forms.form_of(shown.stored.data),
        "etag": shown.version.etag,
    }


def put(place: Place, href: str, prepared: Prepared, etag: str | None) -> None:
    """Store an object where the state is still this one; None for a new one.

    Raises `Stale`, `AlreadyExists` for a UID that the calendar has, and what `put_object` raises.
    """

    def check(found: str | None) -> None:
        if etag is None and found is not None:
            raise AlreadyExists("The calendar holds something with this UID already.")
        if found != etag:
            raise Stale("It was changed meanwhile: read it again, then change that.")

    try:
        objects.put_object(
            place.info.account_id, place.info.collection_id, href, prepared, check=check
        )
    except UidTaken as error:
        raise AlreadyExists("The calendar holds something with this UID already.") from error
    except InvalidObject as error:
        raise Invalid(error.text) from error


def href_of(prepared: Prepared) -> str:
    """Return the name of a new object: one that says nothing, and differs where the UID does."""
    return f"{items.name_of(prepared.content.ical_uid or '')}.ics"


class ObjectQuery(PageQuery):
    """Which events or tasks."""

    calendar = serializers.CharField(required=False, max_length=32, help_text="Those of one.")
    q = serializers.CharField(
        required=False,
        max_length=1_000,
        help_text="Each of these words is in it: title, place, description, people.",
    )


class ObjectList(ListView[dict[str, Any]]):
    """Events or tasks of all calendars that somebody may read, in the order they came."""

    scopes: ClassVar[Mapping[str, str]] = {name: SCOPES[name] for name in ("GET", "POST")}
    query = ObjectQuery
    cursor_key = (int,)
    component: ClassVar[str]
    new_class: ClassVar[type[serializers.Serializer[Any]]]

    def _readers(self, filters: Mapping[str, Any]) -> list[Reader]:
        if wanted := filters.get("calendar"):
            return [Reader(get_place(self.account_id, KIND, wanted))]
        return [Reader(place) for place in list_places(self.account_id, KIND)]

    def list_page(self, window: Window, filters: Mapping[str, Any]) -> Page[dict[str, Any]]:
        """Return a page."""
        readers = self._readers(filters)
        after = window.after[0] if window.after else 0
        text = filters.get("q", "")
        found = list_found(readers, self.component, after=after, limit=window.limit + 1, text=text)
        state = window.state or items.state_of(*self._parts(readers, filters)).text()
        page = page_of(found, window, lambda each: (each.resource_id,), state)
        return Page(self._show(readers, page.items), page.state, page.next)

    def list_changes(
        self, since: str, limit: int, filters: Mapping[str, Any]
    ) -> Page[dict[str, Any]]:
        """Return what came, changed and went; with `q` also what holds the words no more."""
        readers = self._readers(filters)
        parts, seen_as = self._parts(readers, filters)
        told = items.changes_since(parts, seen_as, since, limit)
        named = {
            (reader.collection_id, row.href): row.resource_id
            for reader in readers
            if (hrefs := told.names.get(reader.collection_id))
            for row in queries.find_many(reader.collection_id, hrefs).values()
        }
        found = list_found(
            readers,
            self.component,
            limit=len(named) + 1,
            text=filters.get("q", ""),
            resource_ids=list(named.values()),
        )
        kept = {(each.collection_id, each.href) for each in found}
        ids = {reader.collection_id: reader.place.info.object_id for reader in readers}
        left = [items.item_id(ids[key], href) for key, href in named if (key, href) not in kept]
        shown = self._show(readers, found)
        return Page(shown, told.state, removed=[*told.removed, *left], more=told.more)

    def _parts(
        self, readers: Sequence[Reader], filters: Mapping[str, Any]
    ) -> tuple[list[items.Part], tuple[object, ...]]:
        parts = [items.Part(each.place.info, each.newest(), each.changes) for each in readers]
        sees = [(each.place.info.object_id, each.place.sees_private) for each in readers]
        return parts, (self.account_id, self.component, sorted(filters.items()), sees)

    def _show(self, readers: Sequence[Reader], found: Sequence[Found]) -> list[dict[str, Any]]:
        by_id = {each.collection_id: each for each in readers}
        told = []
        for place, stored in read_found(by_id, found):
            is_whole = by_id[place.info.collection_id].is_whole(stored.href)
            told.append(represent(Shown(place, stored, is_whole)))
        return told

    def create(self, request: Request) -> Response:
        """Create an object, from its form or from iCalendar, and show it."""
        data: Any = request.data
        if isinstance(data, bytes):
            wanted: dict[str, Any] = {"calendar": request.query_params.get("calendar", "")}
            prepared = forms.prepare(data)
            if prepared.content.component != self.component:
                raise Invalid(f"One {self.component} was expected.")
        else:
            wanted = self.read(self.new_class)
            with told_by_field():
                prepared = forms.make_object(self.component, wanted, self.principal.login)
        with db.read_snapshot():
            place = self._target(wanted.get("calendar", ""))
            place.require("i")
        href = href_of(prepared)

        def store() -> Shown:
            found = get_place(self.account_id, KIND, place.info.object_id)
            found.require("i")
            put(found, href, prepared, None)
            return find_shown(self.account_id, items.item_id(found.info.object_id, href))

        shown = write(place.info.account_id, store)
        told = self.item_class(represent(shown)).data
        location = f"{request.path}/{told['id']}"
        return self.answer(told, shown.version, 201, location=location)

    def _target(self, object_id: str) -> Place:
        """Return the calendar that a new object is for: the named one, or the first of one's own."""
        if object_id:
            return get_place(self.account_id, KIND, object_id)
        roles = ("tasks", "default") if self.component == "VTODO" else ("default",)
        own = [place for place in list_places(self.account_id, KIND) if place.is_own]
        for role in roles:
            for place in own:
                if place.info.role == role:
                    return place
        raise NotFound("You have no calendar for this by itself: name one.")


class ObjectDetail(ObjectView[Shown]):
    """One event or task."""

    scopes: ClassVar[Mapping[str, str]] = {
        name: SCOPES[name] for name in ("GET", "PATCH", "DELETE")
    }
    component: ClassVar[str] = ""
    parameter: ClassVar[str]
    item_class: ClassVar[type[serializers.Serializer[Any]]]

    def find(self) -> Shown:
        """Return the object of the URL."""
        return find_shown(self.account_id, self.kwargs[self.parameter], self.component)

    def version_of(self, found: Shown) -> Version:
        """Return its state."""
        return found.version

    def owner_of(self, found: Shown) -> int:
        """Return whose it is."""
        return found.place.info.account_id

    def represent(self, found: Shown) -> object:
        """Return what is shown of it."""
        return self.item_class(represent(found)).data

    def edit(self, make: Callable[[Shown], Prepared], *, shows: bool = True) -> Response:
        """Put what `make` makes of the object in its place, and show it where it `shows`.

        It is made before any lock, of what is there by then or not at all.
        """
        match = read_match(self.request)
        with db.read_snapshot():
            before = self.find()
            require_write(before, "w")
            match.check(before.version)
        with told_by_field():
            prepared = make(before)

        def store(found: Shown) -> Shown:
            require_write(found, "w")
            put(found.place, found.stored.href, prepared, before.stored.etag)
            return self.find()

        return self.change(store) if shows else self.remove(store)

    def drop(self) -> Response:
        """Remove the object."""

        def remove(found: Shown) -> None:
            require_write(found, "t")
            info = found.place.info
            objects.remove_object(info.account_id, info.collection_id, found.stored.href)

        return self.remove(remove)


def require_write(found: Shown, letter: str) -> None:
    """Raise `NotAllowed` where somebody may not change an object."""
    found.place.require(letter)
    if not found.is_whole:
        raise NotAllowed("You are shown its times alone: who sees all of it changes it.")


class RawView(ObjectDetail):
    """An object as iCalendar."""

    scopes: ClassVar[Mapping[str, str]] = {name: SCOPES[name] for name in ("GET", "PUT")}

    def represent(self, found: Shown) -> object:
        """Return its octets."""
        return found.stored.data

    def replace(self, request: Request) -> Response:
        """Put other octets in its place."""
        data = octets_of(request)

        def make(found: Shown) -> Prepared:
            prepared = forms.prepare(data)
            if prepared.content.component != found.stored.component:
                raise Invalid(f"It is a {found.stored.component}, and stays one.")
            return prepared

        return self.edit(make)
