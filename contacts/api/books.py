"""Address books over REST: own ones, and those that others share."""

from collections.abc import Mapping
from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.services import addressbooks
from groupware.core.models import CollectionKind
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
from groupware.rest.views import ListView, ObjectView
from groupware.rest.writing import write

KIND = CollectionKind.ADDRESS_BOOK
TAG = "Contacts"
SCOPES: Mapping[str, str] = {
    "GET": "contacts:read",
    "POST": "contacts:write",
    "PUT": "contacts:write",
    "PATCH": "contacts:write",
    "DELETE": "contacts:write",
}


class AddressBookSerializer(PlaceSerializer):
    """An address book."""


class ChangedAddressBookSerializer(FaceSerializer):
    """What can be changed of an address book. Of others' you set name and color as you see them."""


class NewAddressBookSerializer(FaceSerializer):
    """An address book that is to be."""

    name = serializers.CharField(max_length=255)


def _version(place: Place) -> Version:
    return version_of(place, place.info.highest_modseq)


def _show(place: Place) -> dict[str, Any]:
    return show_place(place, _version(place))


@extend_schema_view(
    get=extend_schema(operation_id="list_address_books", summary="List address books")
)
class AddressBookList(ListView[dict[str, Any]]):
    """All address books that somebody may read."""

    tag = TAG
    scopes: ClassVar[Mapping[str, str]] = {name: SCOPES[name] for name in ("GET", "POST")}
    item_class = AddressBookSerializer
    cursor_key = KEY

    def list_page(self, window: Window, filters: Mapping[str, Any]) -> Page[dict[str, Any]]:  # noqa: ARG002
        """Return a page, own address books first."""
        places, known = list_shown(self.account_id, KIND)
        page = page_of_all(places, window, key_of, known.state().text())
        return Page([_show(place) for place in page.items], page.state, page.next)

    def list_changes(
        self,
        since: str,
        limit: int,
        filters: Mapping[str, Any],  # noqa: ARG002
    ) -> Page[dict[str, Any]]:
        """Return address books that changed, also by what is in them, and ids of those gone."""
        places, known = list_shown(self.account_id, KIND)
        change = known.changes_since(since, limit)
        found = {place.info.collection_id: place for place in places}
        items = [_show(found[key]) for key in change.changed]
        return Page(items, change.state, removed=change.removed, more=change.more)

    @extend_schema(
        operation_id="create_address_book",
        summary="Create an address book",
        request=NewAddressBookSerializer,
        responses={201: AddressBookSerializer},
    )
    def post(self, request: Request) -> Response:
        """Create an address book of your own."""
        wanted = self.read(NewAddressBookSerializer)

        def create() -> Place:
            made = addressbooks.create_address_book(self.account_id, face_of(wanted))
            info = queries.find_collection(made)
            assert info is not None
            return get_place(self.account_id, KIND, info.object_id)

        place = write(self.account_id, create)
        location = f"{request.path}/{place.info.object_id}"
        data = AddressBookSerializer(_show(place)).data
        return self.answer(data, _version(place), 201, location=location)


@extend_schema_view(
    get=extend_schema(
        operation_id="get_address_book",
        summary="Read an address book",
        responses=AddressBookSerializer,
    )
)
class AddressBookView(ObjectView[Place]):
    """One address book."""

    tag = TAG
    scopes: ClassVar[Mapping[str, str]] = {
        name: SCOPES[name] for name in ("GET", "PATCH", "DELETE")
    }

    def find(self) -> Place:
        """Return the address book of the URL."""
        return get_place(self.account_id, KIND, self.kwargs["book_id"])

    def version_of(self, found: Place) -> Version:
        """Return its state."""
        return _version(found)

    def owner_of(self, found: Place) -> int:
        """Return whose it is."""
        return found.info.account_id

    def represent(self, found: Place) -> object:
        """Return what is shown of it."""
        return AddressBookSerializer(_show(found)).data

    @extend_schema(
        operation_id="change_address_book",
        summary="Change an address book",
        request=ChangedAddressBookSerializer,
        responses=AddressBookSerializer,
    )
    def patch(self, request: Request, book_id: str) -> Response:  # noqa: ARG002 (DRF's)
        """Change what is given. Of somebody else's, set how you see it: name, color, position."""
        wanted = self.read(ChangedAddressBookSerializer)

        def change(found: Place) -> Place:
            info = found.info
            if found.is_own:
                addressbooks.change_address_book(
                    info.account_id, info.collection_id, face_of(wanted)
                )
            else:
                set_own_face(found, wanted)
            return self.find()

        return self.change(change)

    @extend_schema(
        operation_id="delete_address_book", summary="Delete an address book", responses={204: None}
    )
    def delete(self, request: Request, book_id: str) -> Response:  # noqa: ARG002 (DRF's)
        """Delete an address book of your own with everything in it."""

        def delete(found: Place) -> None:
            found.require_own()
            addressbooks.delete_address_book(found.info.account_id, found.info.collection_id)

        return self.remove(delete)


AddressBookShares, AddressBookShare = shares_views(KIND, "book_id", "address_book", "contacts")
AddressBookShares.tag = AddressBookShare.tag = TAG
