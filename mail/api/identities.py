"""Identities over REST: as whom somebody writes, and from which addresses he may."""

from collections.abc import Mapping
from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from groupware.rest.changes import Point, State, digest, expired
from groupware.rest.conditions import Version
from groupware.rest.fields import AddressField
from groupware.rest.pagination import Page, Window, page_of_all
from groupware.rest.views import ListView, ObjectView
from groupware.rest.writing import write
from mail.models import Identity
from mail.services import identities
from mail.services.identities import MAX_SIGNATURE, SenderEntry
from mail.services.senders import SendRight, find_sender

RIGHTS = {
    SendRight.OWN: "own",
    SendRight.SEND_AS: "send-as",
    SendRight.ON_BEHALF: "send-on-behalf",
}


class WrittenIdentitySerializer(serializers.Serializer[Any]):
    """What can be written of an identity."""

    address = AddressField(help_text="One that you may send from.")
    name = serializers.CharField(required=False, allow_blank=True, max_length=200)
    reply_to = AddressField(required=False, allow_blank=True)
    signature_text = serializers.CharField(
        required=False, allow_blank=True, trim_whitespace=False, max_length=MAX_SIGNATURE
    )
    signature_html = serializers.CharField(
        required=False,
        allow_blank=True,
        trim_whitespace=False,
        max_length=MAX_SIGNATURE,
        help_text="It is kept clean of what runs.",
    )
    is_default = serializers.BooleanField(
        required=False, help_text="The usual one; the one before is it no longer."
    )


class IdentitySerializer(WrittenIdentitySerializer):
    """As whom somebody writes."""

    id = serializers.IntegerField()
    may_send = serializers.BooleanField(help_text="False where the right to it is gone.")
    etag = serializers.CharField(help_text="What If-Match takes.")


class SenderAddressSerializer(serializers.Serializer[Any]):
    """An address that may be sent from."""

    address = serializers.CharField()
    right = serializers.ChoiceField(tuple(RIGHTS.values()))


def version_of(identity: Identity) -> Version:
    """Return the state of an identity."""
    return Version(str(identity.modseq))


def _show(identity: Identity, account_id: int) -> dict[str, Any]:
    return {
        "id": identity.pk,
        **{name: getattr(identity, name) for name in identities.FIELDS},
        "may_send": find_sender(account_id, identity.address).right > SendRight.NONE,
        "etag": version_of(identity).etag,
    }


def _state_of(kind: str, account_id: int, *parts: object) -> State:
    """Return a state that says whether anything changed, and no more: the list is short."""
    return State(digest(kind, account_id), {"all": Point(0, 0), digest(*parts): Point(0, 0)})


def _tell_no_change(now: State, since: str) -> Page[Any]:
    if now.read(since).points != now.points:
        expired()
    return Page([], now.text())


@extend_schema_view(get=extend_schema(operation_id="list_identities", summary="List identities"))
class IdentityList(ListView[dict[str, Any]]):
    """Your identities."""

    tag = "Identities"
    scopes: ClassVar[Mapping[str, str]] = {"GET": "mail:read", "POST": "mail:write"}
    item_class = IdentitySerializer
    cursor_key = (int,)

    def list_page(
        self,
        window: Window,
        filters: Mapping[str, Any],  # noqa: ARG002 (there are none)
    ) -> Page[dict[str, Any]]:
        """Return a page, in the order in which they were made."""
        shown = self._list()
        state = self._state(shown).text()
        return page_of_all(shown, window, lambda item: (item["id"],), state)

    def list_changes(
        self,
        since: str,
        limit: int,  # noqa: ARG002 (nothing is told in pieces)
        filters: Mapping[str, Any],  # noqa: ARG002
    ) -> Page[dict[str, Any]]:
        """Tell that nothing changed, or that the list is to be read anew."""
        return _tell_no_change(self._state(self._list()), since)

    def _list(self) -> list[dict[str, Any]]:
        held = identities.list_identities(self.account_id)
        return [_show(identity, self.account_id) for identity in held]

    def _state(self, shown: list[dict[str, Any]]) -> State:
        return _state_of("identities", self.account_id, *map(str, shown))

    @extend_schema(
        operation_id="create_identity",
        summary="Make an identity",
        request=WrittenIdentitySerializer,
        responses={201: IdentitySerializer},
    )
    def post(self, request: Request) -> Response:
        """Make an identity of an address that you may send from."""
        values = self.read(WrittenIdentitySerializer)
        made = write(self.account_id, lambda: identities.create_identity(self.account_id, values))
        shown = IdentitySerializer(_show(made, self.account_id)).data
        return self.answer(shown, version_of(made), 201, location=f"{request.path}/{made.pk}")


@extend_schema_view(
    get=extend_schema(
        operation_id="get_identity", summary="Read an identity", responses=IdentitySerializer
    )
)
class IdentityView(ObjectView[Identity]):
    """One identity of yours."""

    tag = "Identities"
    scopes: ClassVar[Mapping[str, str]] = {
        "GET": "mail:read",
        "PATCH": "mail:write",
        "DELETE": "mail:write",
    }

    def find(self) -> Identity:
        """Return the identity of the URL."""
        return identities.get_identity(self.account_id, self.kwargs["identity_id"])

    def version_of(self, found: Identity) -> Version:
        """Return its state."""
        return version_of(found)

    def owner_of(self, found: Identity) -> int:
        """Return whose it is."""
        return found.account_id

    def represent(self, found: Identity) -> object:
        """Return what is shown of it."""
        return IdentitySerializer(_show(found, self.account_id)).data

    @extend_schema(
        operation_id="change_identity",
        summary="Change an identity",
        request=WrittenIdentitySerializer,
        responses=IdentitySerializer,
    )
    def patch(self, request: Request, identity_id: int) -> Response:  # noqa: ARG002 (DRF's)
        """Change what is named of it."""
        values = self.read(WrittenIdentitySerializer)
        return self.change(
            lambda found: identities.change_identity(self.account_id, found.pk, values)
        )

    @extend_schema(
        operation_id="delete_identity", summary="Delete an identity", responses={204: None}
    )
    def delete(self, request: Request, identity_id: int) -> Response:  # noqa: ARG002 (DRF's)
        """Delete it; the address stays yours."""
        return self.remove(lambda found: identities.delete_identity(self.account_id, found.pk))


@extend_schema_view(
    get=extend_schema(
        operation_id="list_sender_addresses", summary="List the addresses that you may send from"
    )
)
class SenderList(ListView[dict[str, Any]]):
    """Addresses that somebody may send from."""

    tag = "Identities"
    scopes: ClassVar[Mapping[str, str]] = {"GET": "mail:read"}
    item_class = SenderAddressSerializer
    cursor_key = (int, str)

    def list_page(
        self,
        window: Window,
        filters: Mapping[str, Any],  # noqa: ARG002 (there are none)
    ) -> Page[dict[str, Any]]:
        """Return a page, own addresses first."""
        found = identities.list_senders(self.account_id)
        state = self._state(found).text()
        page = page_of_all(found, window, lambda item: (-item.right, item.address), state)
        items = [{"address": item.address, "right": RIGHTS[item.right]} for item in page.items]
        return Page(items, page.state, page.next)

    def list_changes(
        self,
        since: str,
        limit: int,  # noqa: ARG002 (nothing is told in pieces)
        filters: Mapping[str, Any],  # noqa: ARG002
    ) -> Page[dict[str, Any]]:
        """Tell that nothing changed, or that the list is to be read anew."""
        return _tell_no_change(self._state(identities.list_senders(self.account_id)), since)

    def _state(self, found: list[SenderEntry]) -> State:
        return _state_of("senders", self.account_id, *found)
