"""Which applications hold tokens of an account: one's own, and as an administrator sees them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from groupware.api.admin.base import AdminObject, SmallList
from groupware.api.admin.helping import OfAccount
from groupware.core.administration import Administrator
from groupware.core.errors import NotFound
from groupware.core.roles import Permission
from groupware.identity.api.base import OwnList, OwnView, version
from groupware.oauth import queries
from groupware.oauth.queries import Holder
from groupware.oauth.services import tokens
from groupware.rest.conditions import Version
from groupware.rest.views import ObjectView


class Shown(NamedTuple):
    """An application that holds tokens, as it is shown."""

    id: str
    application: str
    scopes: tuple[str, ...]
    sign_ins: int
    since: datetime
    renewed_at: datetime
    etag: str


class AuthorizationSerializer(serializers.Serializer[Shown]):
    """An application that holds tokens of an account."""

    id = serializers.CharField(help_text="The client id of the application.")
    application = serializers.CharField(help_text="Its name.")
    scopes = serializers.ListField(
        child=serializers.CharField(), help_text="What it may do, all sign-ins together."
    )
    sign_ins = serializers.IntegerField(help_text="How often it is signed in.")
    since = serializers.DateTimeField(help_text="The oldest of the tokens that it holds.")
    renewed_at = serializers.DateTimeField(help_text="The newest.")
    etag = serializers.CharField(help_text="What If-Match takes.")


def version_of(held: Holder) -> Version:
    """Return the state of what an application holds: what it may do."""
    return version(held.client_id, *held.scopes)


def show(held: Holder) -> Shown:
    """Return what is shown of it."""
    return Shown(
        held.client_id,
        held.application,
        held.scopes,
        held.sign_ins,
        held.since,
        held.renewed_at,
        version_of(held).etag,
    )


def get_holder(account_id: int, client_id: str) -> Holder:
    """Return what an application holds of an account; raises `NotFound`."""
    for held in queries.list_holders(account_id):
        if held.client_id == client_id:
            return held
    raise NotFound("No such application has a token of this account.")


@extend_schema_view(
    get=extend_schema(
        operation_id="list_authorizations", summary="List the applications that you have allowed"
    )
)
class OwnAuthorizationList(OwnList[Shown]):
    """Applications that hold tokens of one's own account."""

    item_class = AuthorizationSerializer
    cursor_key = (str, str)

    def all_rows(self) -> Sequence[Shown]:
        """Return all of them, by name."""
        return sorted(map(show, queries.list_holders(self.account_id)), key=self.key_of)

    def key_of(self, row: Shown) -> tuple[str, str]:
        """Order by name."""
        return row.application, row.id


@extend_schema_view(
    get=extend_schema(
        operation_id="get_authorization",
        summary="Read what you have allowed an application",
        responses=AuthorizationSerializer,
    )
)
class OwnAuthorizationView(OwnView, ObjectView[Holder]):
    """What an application holds of one's own account."""

    def find(self) -> Holder:
        """Return it."""
        return get_holder(self.account_id, self.kwargs["authorization_id"])

    def version_of(self, found: Holder) -> Version:
        """Return its state."""
        return version_of(found)

    def owner_of(self, found: Holder) -> int:  # noqa: ARG002 (each is one's own)
        """Return whose it is."""
        return self.account_id

    def represent(self, found: Holder) -> object:
        """Return what is shown of it."""
        return AuthorizationSerializer(show(found)).data

    @extend_schema(
        operation_id="revoke_authorization",
        summary="Take back what you have allowed an application",
        responses={204: None},
    )
    def delete(self, request: Request, **_: Any) -> Response:  # noqa: ARG002 (DRF's)
        """Take back every token of an application; sessions that it opened end."""
        with self.altering():
            return self.remove(
                lambda found: tokens.revoke_application(self.account_id, found.client_id)
            )


@extend_schema_view(
    get=extend_schema(
        operation_id="admin_list_authorizations",
        summary="List the applications that a person has allowed",
    )
)
class AuthorizationList(OfAccount, SmallList[Shown]):
    """Applications that hold tokens of an account."""

    item_class = AuthorizationSerializer
    cursor_key = (str, str)

    def all_rows(self, by: Administrator, filters: Mapping[str, Any]) -> Sequence[Shown]:  # noqa: ARG002 (there are none)
        """Return all of them, by name."""
        held = queries.list_holders(self.account(by).pk)
        return sorted(map(show, held), key=self.key_of)

    def key_of(self, row: Shown) -> tuple[str, str]:
        """Order by name."""
        return row.application, row.id


@extend_schema_view(
    get=extend_schema(
        operation_id="admin_get_authorization",
        summary="Read what a person has allowed an application",
        responses=AuthorizationSerializer,
    )
)
class AuthorizationView(OfAccount, AdminObject[Holder]):
    """What an application holds of an account."""

    def find_for(self, by: Administrator) -> Holder:
        """Return it."""
        return get_holder(self.account(by).pk, self.kwargs["held_authorization_id"])

    def version_of(self, found: Holder) -> Version:
        """Return its state."""
        return version_of(found)

    def represent(self, found: Holder) -> object:
        """Return what is shown of it."""
        return AuthorizationSerializer(show(found)).data

    @extend_schema(
        operation_id="admin_revoke_authorization",
        summary="Take back what a person has allowed an application",
        responses={204: None},
    )
    def delete(self, request: Request, **_: Any) -> Response:  # noqa: ARG002 (DRF's)
        """Take back every token of an application; sessions that it opened end."""

        def revoke(by: Administrator, found: Holder) -> None:
            account = self.account(by)
            by.require_over(Permission.HELP, account)
            tokens.revoke_application(account.pk, found.client_id)

        return self.drop(revoke)
