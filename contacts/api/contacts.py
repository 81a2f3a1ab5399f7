"""Contacts over REST: people and groups of address books, as objects, as raw vCard, with photos."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.api.books import KIND, SCOPES, TAG
from contacts.api.forms import (
    ChangedContactSerializer,
    ContactSerializer,
    NewContactSerializer,
    told_by_field,
)
from contacts.queries.listing import Found, Wanted, list_found, read_found, within_octets
from contacts.services import cards, forms
from contacts.services.forms import Prepared
from contacts.vcard.cards import KINDS
from groupware.core import db
from groupware.core.errors import AlreadyExists, NotFound, Stale
from groupware.core.models import CollectionRole
from groupware.core.resources import moving, queries
from groupware.core.resources.items import UidTaken
from groupware.core.resources.places import Place, get_place, list_places
from groupware.core.resources.queries import Stored
from groupware.rest import items
from groupware.rest.bodies import JsonParser
from groupware.rest.conditions import Version, read_match
from groupware.rest.octets import (
    CardParser,
    CardRenderer,
    PictureParser,
    PictureRenderer,
    octets_of,
)
from groupware.rest.pagination import Page, Window, page_of
from groupware.rest.views import ListView, ObjectView, PageQuery
from groupware.rest.writing import write

CARD_BODY = {"text/vcard": OpenApiTypes.BINARY}


class Shown(NamedTuple):
    """A card as somebody is shown it."""

    place: Place
    stored: Stored

    @property
    def version(self) -> Version:
        """Its state: the entity tag of its octets."""
        return Version(self.stored.etag)


def find_shown(account_id: int, text: str) -> Shown:
    """Return a card by its id; raises `NotFound`."""
    object_id, href = items.parse_item_id(text)
    place = get_place(account_id, KIND, object_id)
    stored = queries.read_data(place.info.collection_id, href)
    if stored is None:
        raise NotFound("There is no such contact, or nobody lets you see it.")
    return Shown(place, stored)


def represent(shown: Shown) -> dict[str, Any]:
    """Return a card as JSON has it."""
    info = shown.place.info
    return {
        "id": items.item_id(info.object_id, shown.stored.href),
        "address_book": info.object_id,
        **forms.form_of(shown.stored.data),
        "etag": shown.version.etag,
    }


def put(place: Place, href: str, prepared: Prepared, etag: str | None) -> None:
    """Store a card where the state is still this one; None for a new one.

    Raises `Stale`, `AlreadyExists` for a UID that the address book has, and what `put_card` raises.
    """

    def check(found: str | None) -> None:
        if etag is None and found is not None:
            raise AlreadyExists("The address book holds a contact with this UID already.")
        if found != etag:
            raise Stale("It was changed meanwhile: read it again, then change that.")

    where = moving.Place(place.info.account_id, place.info.collection_id, href)
    try:
        cards.put_card(where, prepared.data, check=check, card=prepared.card)
    except UidTaken as error:
        raise AlreadyExists("The address book holds a contact with this UID already.") from error


class ContactQuery(PageQuery):
    """Which contacts."""

    address_book = serializers.CharField(required=False, max_length=32)
    kind = serializers.ChoiceField(KINDS, required=False, help_text="`group` for groups.")
    q = serializers.CharField(
        required=False, max_length=1_000, help_text="Each of these words is in it."
    )


@extend_schema_view(get=extend_schema(operation_id="list_contacts", summary="List contacts"))
class ContactList(ListView[dict[str, Any]]):
    """Contacts of all address books that somebody may read, by their names."""

    tag = TAG
    scopes: ClassVar[Mapping[str, str]] = {name: SCOPES[name] for name in ("GET", "POST")}
    query = ContactQuery
    item_class = ContactSerializer
    cursor_key = (str, int)
    parser_classes = [JsonParser, CardParser]

    def _places(self, filters: Mapping[str, Any]) -> list[Place]:
        if wanted := filters.get("address_book"):
            return [get_place(self.account_id, KIND, wanted)]
        return list_places(self.account_id, KIND)

    def list_page(self, window: Window, filters: Mapping[str, Any]) -> Page[dict[str, Any]]:
        """Return a page; one with large photos may be shorter than asked for."""
        places = self._places(filters)
        after = (window.after[0], window.after[1]) if window.after else None
        found = list_found(
            [place.info.collection_id for place in places],
            Wanted(filters.get("kind", ""), filters.get("q", "")),
            after=after,
            limit=window.limit + 1,
        )
        state = window.state or items.state_of(*self._parts(places, filters)).text()
        fitting = len(within_octets(found))
        if fitting < len(found):
            window = Window(min(window.limit, fitting), window.after, window.state)
        page = page_of(found, window, lambda each: (each.full_name, each.resource_id), state)
        return Page(self._show(places, page.items), page.state, page.next)

    def list_changes(
        self, since: str, limit: int, filters: Mapping[str, Any]
    ) -> Page[dict[str, Any]]:
        """Return what came, changed and went; with filters also what they find no more."""
        places = self._places(filters)
        parts, seen_as = self._parts(places, filters)
        told = items.changes_since(parts, seen_as, since, limit)
        named = {
            (key, row.href): row.resource_id
            for key, hrefs in told.names.items()
            for row in queries.find_many(key, hrefs).values()
        }
        found = list_found(
            [place.info.collection_id for place in places],
            Wanted(filters.get("kind", ""), filters.get("q", "")),
            limit=len(named) + 1,
            resource_ids=list(named.values()),
        )
        kept = {(each.collection_id, each.href) for each in found}
        ids = {place.info.collection_id: place.info.object_id for place in places}
        left = [items.item_id(ids[key], href) for key, href in named if (key, href) not in kept]
        shown = self._show(places, found)
        return Page(shown, told.state, removed=[*told.removed, *left], more=told.more)

    def _parts(
        self, places: Sequence[Place], filters: Mapping[str, Any]
    ) -> tuple[list[items.Part], tuple[object, ...]]:
        return [_part(place) for place in places], (
            *(self.account_id, "contacts", sorted(filters.items())),
            [place.info.object_id for place in places],
        )

    def _show(self, places: Sequence[Place], found: Sequence[Found]) -> list[dict[str, Any]]:
        by_id = {place.info.collection_id: place for place in places}
        return [represent(Shown(by_id[key], stored)) for key, stored in read_found(found)]

    @extend_schema(
        operation_id="create_contact",
        summary="Create a contact",
        request={"application/json": NewContactSerializer, **CARD_BODY},
        responses={201: ContactSerializer},
    )
    def post(self, request: Request) -> Response:
        """Create a contact or a group, from its fields or from a vCard (then `?address_book=`)."""
        data: Any = request.data
        if isinstance(data, bytes):
            wanted: dict[str, Any] = dict(request.query_params.items())
            prepared = forms.prepare(data)
        else:
            wanted = self.read(NewContactSerializer)
            with told_by_field():
                prepared = forms.make_card(wanted)
        with db.read_snapshot():
            place = self._target(wanted.get("address_book", ""))
            place.require("i")
        href = f"{items.name_of(prepared.card.uid or prepared.data.hex())}.vcf"

        def store() -> Shown:
            found = get_place(self.account_id, KIND, place.info.object_id)
            found.require("i")
            put(found, href, prepared, None)
            return find_shown(self.account_id, items.item_id(found.info.object_id, href))

        shown = write(place.info.account_id, store)
        told = ContactSerializer(represent(shown)).data
        location = f"{request.path}/{told['id']}"
        return self.answer(told, shown.version, 201, location=location)

    def _target(self, object_id: str) -> Place:
        if object_id:
            return get_place(self.account_id, KIND, object_id)
        for place in list_places(self.account_id, KIND):
            if place.is_own and place.info.role == CollectionRole.DEFAULT:
                return place
        raise NotFound("You have no address book for this by itself: name one.")


def _part(place: Place) -> items.Part:
    key = place.info.collection_id
    return items.Part(
        place.info,
        place.info.highest_modseq,
        lambda since, limit: queries.list_changes(key, since, limit),
    )


class CardView(ObjectView[Shown]):
    """The base of what is one card."""

    tag = TAG

    def find(self) -> Shown:
        """Return the card of the URL."""
        return find_shown(self.account_id, self.kwargs["contact_id"])

    def version_of(self, found: Shown) -> Version:
        """Return its state."""
        return found.version

    def owner_of(self, found: Shown) -> int:
        """Return whose it is."""
        return found.place.info.account_id

    def edit(self, make: Callable[[bytes], Prepared]) -> Response:
        """Put what `make` makes of the card in its place, and show it.

        It is made before any lock, of what is there by then or not at all.
        """
        match = read_match(self.request)
        with db.read_snapshot():
            before = self.find()
            before.place.require("w")
            match.check(before.version)
        with told_by_field():
            prepared = make(before.stored.data)

        def store(found: Shown) -> Shown:
            found.place.require("w")
            put(found.place, found.stored.href, prepared, before.stored.etag)
            return self.find()

        return self.change(store)


@extend_schema_view(
    get=extend_schema(
        operation_id="get_contact", summary="Read a contact", responses=ContactSerializer
    )
)
class ContactView(CardView):
    """One contact, or one group."""

    scopes: ClassVar[Mapping[str, str]] = {
        name: SCOPES[name] for name in ("GET", "PATCH", "DELETE")
    }

    def represent(self, found: Shown) -> object:
        """Return what is shown of it."""
        return ContactSerializer(represent(found)).data

    @extend_schema(
        operation_id="change_contact",
        summary="Change a contact",
        request=ChangedContactSerializer,
        responses=ContactSerializer,
    )
    def patch(self, request: Request, contact_id: str) -> Response:  # noqa: ARG002 (DRF's)
        """Change what is given, and nothing else; lists are given whole."""
        changes = self.read(ChangedContactSerializer)
        return self.edit(lambda data: forms.edit_card(data, changes))

    @extend_schema(operation_id="delete_contact", summary="Delete a contact", responses={204: None})
    def delete(self, request: Request, contact_id: str) -> Response:  # noqa: ARG002 (DRF's)
        """Delete a contact."""

        def remove(found: Shown) -> None:
            found.place.require("t")
            info = found.place.info
            cards.remove_card(moving.Place(info.account_id, info.collection_id, found.stored.href))

        return self.remove(remove)


@extend_schema_view(
    get=extend_schema(
        operation_id="get_contact_card_data",
        summary="Read a contact as vCard",
        responses={(200, "text/vcard"): OpenApiTypes.BINARY},
    )
)
class ContactRawView(CardView):
    """A contact as vCard, in the version in which it was written."""

    scopes: ClassVar[Mapping[str, str]] = {name: SCOPES[name] for name in ("GET", "PUT")}
    parser_classes = [CardParser]
    renderer_classes = [CardRenderer]

    def represent(self, found: Shown) -> object:
        """Return its octets."""
        return found.stored.data

    @extend_schema(
        operation_id="put_contact_card_data",
        summary="Write a contact as vCard",
        request=CARD_BODY,
        responses={(200, "text/vcard"): OpenApiTypes.BINARY},
    )
    def put(self, request: Request, contact_id: str) -> Response:  # noqa: ARG002 (DRF's)
        """Put a vCard in its place, octet for octet."""
        data = octets_of(request)
        return self.edit(lambda _: forms.prepare(data))


class ContactPhotoView(CardView):
    """The photo of a contact; its ETag and If-Match are the contact's."""

    scopes: ClassVar[Mapping[str, str]] = {name: SCOPES[name] for name in ("GET", "PUT", "DELETE")}
    parser_classes = [PictureParser]
    renderer_classes = [PictureRenderer]

    def show(self, found: Shown) -> Response:
        """Send the picture, as what it is."""
        if self.request.method != "GET":
            return Response(status=204, headers={"ETag": found.version.etag})
        photo = forms.photo_of(found.stored.data)
        headers = {"ETag": found.version.etag, "X-Content-Type-Options": "nosniff"}
        return Response(photo.data, headers=headers, content_type=photo.media_type)

    @extend_schema(
        operation_id="get_contact_photo",
        summary="Read a contact's photo",
        responses={(200, "image/*"): OpenApiTypes.BINARY},
    )
    def get(self, request: Request, **_: Any) -> Response:
        """Send the picture."""
        return super().get(request)

    @extend_schema(
        operation_id="put_contact_photo",
        summary="Give a contact a photo",
        request={"image/*": OpenApiTypes.BINARY},
        responses={204: None},
    )
    def put(self, request: Request, contact_id: str) -> Response:  # noqa: ARG002 (DRF's)
        """Put a picture in JPEG, PNG, GIF or WebP into the card."""
        data = octets_of(request)
        return self.edit(lambda card: forms.set_photo(card, data))

    @extend_schema(
        operation_id="delete_contact_photo",
        summary="Take a contact's photo away",
        responses={204: None},
    )
    def delete(self, request: Request, contact_id: str) -> Response:  # noqa: ARG002 (DRF's)
        """Take the picture out of the card."""
        return self.edit(lambda card: forms.set_photo(card, None))
