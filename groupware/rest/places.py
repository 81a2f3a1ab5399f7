"""What calendars and address books have in common over REST: what is shown, changed and shared."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from groupware.core import db, holdings, rights
from groupware.core.errors import NotFound
from groupware.core.models import Account, Collection, CollectionKind, Grant
from groupware.core.resources.collections import (
    MAX_COLOR,
    MAX_DESCRIPTION,
    MAX_DISPLAY_NAME,
    POSITIONS,
    Face,
)
from groupware.core.resources.places import Place, get_place, list_places
from groupware.core.resources.readers import face_for_reader
from groupware.core.rights import grantee_of, parse_rights, rights_of
from groupware.rest.changes import digest
from groupware.rest.collections import CollectionList
from groupware.rest.conditions import Version
from groupware.rest.fields import OwnerSerializer
from groupware.rest.views import ApiView, ObjectView
from groupware.rest.writing import write


class PlaceSerializer(serializers.Serializer[Any]):
    """What is shown of a calendar or an address book."""

    id = serializers.CharField(help_text="Never changes, whatever it is called.")
    name = serializers.CharField(help_text="As you see it: of others' you may set your own.")
    description = serializers.CharField()
    color = serializers.CharField(help_text="As in CSS: `#rrggbb`, or a name.")
    position = serializers.IntegerField(help_text="Its place among the others; -1 for none.")
    role = serializers.CharField(allow_null=True, help_text="What it is for, such as `default`.")
    owner = OwnerSerializer()
    rights = serializers.CharField(
        help_text="What you may do: r read, i add, w change, t take out, a share; and named rights."
    )
    items = serializers.IntegerField(
        allow_null=True, help_text="How much it holds; null where some of it is not shown to you."
    )
    etag = serializers.CharField(help_text="What If-Match takes.")


class FaceSerializer(serializers.Serializer[Any]):
    """What can be changed of a calendar or an address book. Of others' you set how you see it."""

    name = serializers.CharField(required=False, max_length=MAX_DISPLAY_NAME)
    description = serializers.CharField(
        required=False, allow_blank=True, max_length=MAX_DESCRIPTION
    )
    color = serializers.RegexField(
        r"^(#[0-9A-Fa-f]{6}([0-9A-Fa-f]{2})?|[A-Za-z]{1,40})?$",
        required=False,
        allow_blank=True,
        max_length=MAX_COLOR,
    )
    position = serializers.IntegerField(required=False, min_value=-1, max_value=POSITIONS[-1])


def show_place(place: Place, version: Version) -> dict[str, Any]:
    """Return what is shown of any place."""
    info, own = place.info, place.face
    return {
        "id": info.object_id,
        "name": own.display_name or info.display_name or info.name,
        "description": info.description,
        "color": own.color or info.color,
        "position": own.position if own.position >= 0 else info.position,
        "role": info.role or None,
        "owner": {"id": info.account_id, "address": place.owner},
        "rights": str(place.rights),
        "items": info.items if place.sees_private else None,
        "etag": version.etag,
    }


def version_of(place: Place, newest: int, *others: object) -> Version:
    """Return the state of a place; `newest` is up to where its reader sees what it holds."""
    info = place.info
    shown = (info.display_name, info.description, info.color, info.position, place.face)
    return Version(digest(*shown, *others), digest(newest, place.rights, place.owner))


def key_of(place: Place) -> tuple[bool, str, int, int]:
    """Order places: own ones first, then by owner, as they are ordered, then as they came."""
    position = place.info.position
    shown = position if position >= 0 else 1 << 30
    return not place.is_own, place.owner, shown, place.info.collection_id


KEY = (bool, str, int, int)


def list_shown(account_id: int, kind: CollectionKind) -> tuple[list[Place], CollectionList]:
    """Return the places that somebody is shown, in their order, and the list that they make."""
    places = sorted(list_places(account_id, kind), key=key_of)
    owners = holdings.list_owners(account_id)
    shown: dict[int, set[int]] = {account_id: set()}
    for place in places:
        shown.setdefault(place.info.account_id, set()).add(place.info.collection_id)
    whole = {account_id, *(owner.account_id for owner in owners if "r" in owner.rights)}
    faces = [(place.info.object_id, place.face) for place in places if not place.is_own]
    return places, CollectionList(kind, shown, (account_id, owners, faces), whole)


def face_of(wanted: Mapping[str, Any]) -> Face:
    """Return the face that a request asks for."""
    return Face(
        wanted.get("name"), wanted.get("description"), wanted.get("color"), wanted.get("position")
    )


def set_own_face(place: Place, wanted: Mapping[str, Any]) -> None:
    """Set how a reader sees another's collection; what only its owner changes is refused."""
    if wanted.keys() - {"name", "color", "position"}:
        place.require_own()
    face_for_reader(place.reader_id, place.info.collection_id, face_of(wanted))


class ShareSerializer(serializers.Serializer[Any]):
    """What somebody else may do with a calendar or an address book."""

    id = serializers.IntegerField(help_text="Of this grant; it changes when the grant does.")
    grantee = serializers.CharField(help_text="An account, a group, or `@domain`.")
    kind = serializers.ChoiceField(("account", "group", "domain"))
    rights = serializers.CharField()


class NewShareSerializer(serializers.Serializer[Any]):
    """What somebody is to be allowed."""

    grantee = serializers.CharField(
        max_length=320, help_text="The address of an account or a group, or `@domain`."
    )
    rights = serializers.CharField(
        max_length=200,
        help_text="`read`, `write` or `all`, letters, and named rights such as `free-busy` and"
        " `private`, with spaces between.",
    )


def _show_share(held: Grant) -> dict[str, Any]:
    grantee = grantee_of(held)
    kind = type(grantee).__name__.lower()
    name = {"account": "login", "group": "name", "domain": "name"}[kind]
    text = str(getattr(grantee, name))
    return {
        "id": held.pk,
        "grantee": f"@{text}" if kind == "domain" else text,
        "kind": kind,
        "rights": str(rights_of(held)),
    }


def _find_shared(account_id: int, kind: CollectionKind, object_id: str) -> Place:
    place = get_place(account_id, kind, object_id)
    place.require("a")
    return place


def _rows(place: Place) -> tuple[Account, Collection]:
    owner = Account.objects.filter(pk=place.info.account_id).first()
    collection = Collection.objects.filter(pk=place.info.collection_id).first()
    if owner is None or collection is None:
        raise NotFound("It was deleted just now.")
    return owner, collection


class SharesView(ApiView):
    """Who else may use a place; a subclass names its `kind` and the parameter of its id."""

    kind: ClassVar[CollectionKind]
    parameter: ClassVar[str]

    def _list(self, request: Request) -> Response:  # noqa: ARG002 (DRF's)
        with db.read_snapshot():
            place = _find_shared(self.account_id, self.kind, self.kwargs[self.parameter])
            held = rights.list_grants(place.info.account_id, collection_id=place.info.collection_id)
            shown: Sequence[dict[str, Any]] = [_show_share(each) for each in held]
        return Response({"items": shown})

    def _share(self, request: Request) -> Response:  # noqa: ARG002 (DRF's)
        wanted = self.read(NewShareSerializer)
        granted = parse_rights(wanted["rights"])
        with db.read_snapshot():
            place = _find_shared(self.account_id, self.kind, self.kwargs[self.parameter])

        def share() -> dict[str, Any]:
            found = _find_shared(self.account_id, self.kind, self.kwargs[self.parameter])
            owner, collection = _rows(found)
            grantee = rights.find_grantee(wanted["grantee"])
            rights.grant(owner, collection, grantee, granted)
            held = rights.find_grant(owner, collection, grantee)
            assert held is not None
            return _show_share(held)

        return Response(write(place.info.account_id, share), 201)


class ShareView(ObjectView[tuple[Place, Grant]]):
    """What one grantee may do with a place; `share` is the parameter of the grant's number."""

    kind: ClassVar[CollectionKind]
    parameter: ClassVar[str]
    share: ClassVar[str]

    def find(self) -> tuple[Place, Grant]:
        """Return the grant of the URL."""
        place = _find_shared(self.account_id, self.kind, self.kwargs[self.parameter])
        held = rights.list_grants(place.info.account_id, collection_id=place.info.collection_id)
        found = next((each for each in held if each.pk == self.kwargs[self.share]), None)
        if found is None:
            raise NotFound("There is no such grant: it went, or was changed.")
        return place, found

    def version_of(self, found: tuple[Place, Grant]) -> Version:
        """Return its state."""
        return Version(digest(rights_of(found[1])))

    def owner_of(self, found: tuple[Place, Grant]) -> int:
        """Return whose the place is."""
        return found[0].info.account_id

    def represent(self, found: tuple[Place, Grant]) -> object:
        """Return what is shown of it."""
        return _show_share(found[1])

    def _revoke(self) -> Response:
        def revoke(found: tuple[Place, Grant]) -> None:
            owner, collection = _rows(found[0])
            rights.revoke(owner, collection, grantee_of(found[1]))

        return self.remove(revoke)


class SharesSerializer(serializers.Serializer[Any]):
    """Everybody who was granted something on a place itself."""

    items = ShareSerializer(many=True)


def shares_views(
    kind: CollectionKind, parameter: str, noun: str, scope: str
) -> tuple[type[SharesView], type[ShareView]]:
    """Return the two views of who may use places of a kind, described for the schema."""
    scopes = {"GET": f"{scope}:read", "POST": f"{scope}:write", "DELETE": f"{scope}:write"}
    title = noun.replace("_", " ")

    class Shares(SharesView):
        @extend_schema(
            operation_id=f"list_{noun}_shares",
            summary=f"List who else may use a {title}",
            responses=SharesSerializer,
        )
        def get(self, request: Request, **_: Any) -> Response:
            """List what was granted here; what was granted on all of an account is not told."""
            return self._list(request)

        @extend_schema(
            operation_id=f"share_{noun}",
            summary=f"Let somebody use a {title}",
            request=NewShareSerializer,
            responses={201: ShareSerializer},
        )
        def post(self, request: Request, **_: Any) -> Response:
            """Set what somebody may do here; what he was granted here before is replaced."""
            return self._share(request)

    class Share(ShareView):
        @extend_schema(
            operation_id=f"get_{noun}_share",
            summary=f"Read what somebody may do with a {title}",
            responses=ShareSerializer,
        )
        def get(self, request: Request, **_: Any) -> Response:
            """Show one grant."""
            return super().get(request)

        @extend_schema(
            operation_id=f"unshare_{noun}",
            summary=f"Let somebody use a {title} no more",
            responses={204: None},
        )
        def delete(self, request: Request, **_: Any) -> Response:  # noqa: ARG002 (DRF's)
            """Take a grant away; it is gone at the next request."""
            return self._revoke()

    for view in (Shares, Share):
        view.kind, view.parameter, view.scopes = kind, parameter, scopes
    Share.share = f"{noun}_share_id"
    return Shares, Share
