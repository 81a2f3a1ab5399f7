"""Contacts that may be of one person, and making one of them, over REST."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.api.books import KIND, SCOPES, TAG
from contacts.api.contacts import Shown, find_shown, represent
from contacts.api.forms import ContactSerializer
from contacts.services import merge
from contacts.services.merge import MOST, Plan
from groupware.core import db
from groupware.core.errors import Invalid, Stale
from groupware.core.resources import queries
from groupware.core.resources.places import Place, get_place
from groupware.rest import items
from groupware.rest.conditions import Version
from groupware.rest.views import ApiView
from groupware.rest.writing import write


class DuplicateQuery(serializers.Serializer[Any]):
    """In which address book."""

    address_book = serializers.CharField(max_length=32)


class DuplicateContactSerializer(serializers.Serializer[Any]):
    """A contact that may be there twice."""

    id = serializers.CharField()
    full_name = serializers.CharField()
    etag = serializers.CharField(help_text="What a merge names it with.")


class DuplicateSetSerializer(serializers.Serializer[Any]):
    """Contacts that may be of one person, the one with most to say first."""

    reasons = serializers.ListField(
        child=serializers.CharField(), help_text="What they share: name, mail, phone."
    )
    contacts = DuplicateContactSerializer(many=True)


class DuplicateSetsSerializer(serializers.Serializer[Any]):
    """All such sets of an address book."""

    items = DuplicateSetSerializer(many=True)


class DuplicatesView(ApiView):
    """Contacts that may be of one person."""

    tag = TAG
    scopes: ClassVar[Mapping[str, str]] = {"GET": SCOPES["GET"]}
    query = DuplicateQuery
    failures = (404,)

    @extend_schema(
        operation_id="list_duplicate_contacts",
        summary="List contacts that may be of one person",
        responses=DuplicateSetsSerializer,
    )
    def get(self, request: Request) -> Response:  # noqa: ARG002 (DRF's)
        """Compare the names, mail addresses and numbers of an address book; groups are left out."""
        asked = self.read_query()
        with db.read_snapshot():
            place = get_place(self.account_id, KIND, asked["address_book"])
            found = merge.find_duplicates(place.info.collection_id)
        told = [
            {
                "reasons": list(each.reasons),
                "contacts": [
                    {
                        "id": items.item_id(place.info.object_id, row.href),
                        "full_name": row.full_name,
                        "etag": Version(row.etag).etag,
                    }
                    for row in each.cards
                ],
            }
            for each in found
        ]
        return Response({"items": told})


class MergedContactSerializer(serializers.Serializer[Any]):
    """A contact that is to become one with others, as it was read."""

    id = serializers.CharField(max_length=1_500)
    etag = serializers.CharField(max_length=100, help_text="As it was when a person decided.")


class MergeSerializer(serializers.Serializer[Any]):
    """Contacts of one address book that become the first of them."""

    contacts = serializers.ListField(child=MergedContactSerializer(), min_length=2, max_length=MOST)
    preview = serializers.BooleanField(
        required=False, default=False, help_text="Only show what would come of it."
    )


class MergeView(ApiView):
    """Making one contact of several."""

    tag = TAG
    scopes: ClassVar[Mapping[str, str]] = {"POST": SCOPES["POST"]}
    failures = (404, 412)

    @extend_schema(
        operation_id="merge_contacts",
        summary="Make one contact of several",
        request=MergeSerializer,
        responses=ContactSerializer,
    )
    def post(self, request: Request) -> Response:  # noqa: ARG002 (DRF's)
        """Let the first contact say what all of them say; the others go, and groups follow.

        Where one was changed since, nothing is done (412).
        """
        wanted = self.read(MergeSerializer)
        place, hrefs = self._find(wanted["contacts"])
        with db.read_snapshot():
            plan = merge.plan_merge(place.info.collection_id, hrefs)
        _check_states(plan, hrefs, wanted["contacts"])
        if wanted["preview"]:
            with db.read_snapshot():
                return self._preview(place, plan)

        def carry_out() -> Shown:
            found = get_place(self.account_id, KIND, place.info.object_id)
            found.require("w")
            found.require("t")
            merge.carry_out(found.info.account_id, plan)
            return find_shown(self.account_id, items.item_id(found.info.object_id, hrefs[0]))

        shown = write(place.info.account_id, carry_out)
        return self.answer(ContactSerializer(represent(shown)).data, shown.version)

    def _find(self, contacts: Sequence[Mapping[str, str]]) -> tuple[Place, list[str]]:
        named = [items.parse_item_id(each["id"]) for each in contacts]
        books = {object_id for object_id, _ in named}
        if len(books) > 1:
            raise Invalid("They lie in several address books: move them into one first.")
        with db.read_snapshot():
            place = get_place(self.account_id, KIND, books.pop())
            place.require("w")
            place.require("t")
        return place, [href for _, href in named]

    def _preview(self, place: Place, plan: Plan) -> Response:
        stored = queries.read_data(place.info.collection_id, plan.hrefs[0])
        if stored is None:
            raise Stale("A card was changed meanwhile: look again.")
        shown = Shown(place, stored._replace(data=plan.merged.data))
        return self.answer(ContactSerializer(represent(shown)).data, shown.version)


def _check_states(plan: Plan, hrefs: Sequence[str], contacts: Sequence[Mapping[str, str]]) -> None:
    """Raise `Stale` where a card is not as a person saw it."""
    for href, each in zip(hrefs, contacts, strict=True):
        if Version(plan.etags[href]).etag != each["etag"] and each["etag"] != plan.etags[href]:
            raise Stale("A contact was changed since it was read: look again.")
