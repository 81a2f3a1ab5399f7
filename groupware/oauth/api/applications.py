"""Applications over REST: global administrators register them, and delete them with their tokens."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from groupware.api.admin.base import AdminObject, SmallList, version
from groupware.core import db
from groupware.core.administration import Administrator
from groupware.core.roles import Permission
from groupware.core.scopes import SCOPES
from groupware.oauth import queries
from groupware.oauth.models import Application
from groupware.oauth.services import applications
from groupware.oauth.services.applications import MAX_NAME, MAX_URI, MAX_URIS, NewApplication
from groupware.rest.conditions import Version


class Shown(NamedTuple):
    """An application as administrators are shown it."""

    id: str
    name: str
    confidential: bool
    redirect_uris: tuple[str, ...]
    scopes: tuple[str, ...]
    created_at: datetime
    etag: str


class ApplicationSerializer(serializers.Serializer[Shown]):
    """A program that may ask people for tokens."""

    id = serializers.CharField(help_text="Its client id.")
    name = serializers.CharField()
    confidential = serializers.BooleanField(help_text="Whether it keeps a secret.")
    redirect_uris = serializers.ListField(child=serializers.CharField())
    scopes = serializers.ListField(
        child=serializers.CharField(), help_text="What it may ask people for."
    )
    created_at = serializers.DateTimeField()
    etag = serializers.CharField(help_text="What If-Match takes.")


class RegisteredSerializer(ApplicationSerializer):
    """An application, and its secret, which is told this once."""

    client_secret = serializers.CharField(allow_null=True, help_text="Null where it keeps none.")


class NewApplicationSerializer(serializers.Serializer[Any]):
    """An application that is to be."""

    name = serializers.CharField(max_length=MAX_NAME, help_text="What people are asked about.")
    redirect_uris = serializers.ListField(
        child=serializers.CharField(max_length=MAX_URI),
        min_length=1,
        max_length=MAX_URIS,
        help_text="Where answers may go, exactly.",
    )
    scopes = serializers.ListField(
        child=serializers.ChoiceField(list(SCOPES)), min_length=1, max_length=len(SCOPES)
    )
    confidential = serializers.BooleanField(
        default=False, help_text="It runs on a server and keeps a secret."
    )


def version_of(held: Application) -> Version:
    """Return the state of an application, of which nothing can be changed."""
    return version(held.client_id, held.name)


def show(held: Application) -> Shown:
    """Return what is shown of an application."""
    return Shown(
        id=held.client_id,
        name=held.name,
        confidential=held.client_type == Application.CLIENT_CONFIDENTIAL,
        redirect_uris=tuple(held.redirect_uris.split()),
        scopes=tuple(held.scopes.split()),
        created_at=held.created,
        etag=version_of(held).etag,
    )


def _require(by: Administrator) -> None:
    """Raise `NotAllowed` for who does not administer the whole server."""
    by.require(Permission.INSTALL, None)


@extend_schema_view(
    get=extend_schema(operation_id="admin_list_applications", summary="List applications")
)
class ApplicationList(SmallList[Shown]):
    """Programs that may ask people for tokens."""

    tells_secrets = True
    item_class = ApplicationSerializer
    cursor_key = (str, str)

    def all_rows(self, by: Administrator, filters: Mapping[str, Any]) -> Sequence[Shown]:  # noqa: ARG002 (there are none)
        """Return all of them, by name."""
        _require(by)
        return sorted(map(show, queries.list_applications()), key=self.key_of)

    def key_of(self, row: Shown) -> tuple[str, str]:
        """Order by name."""
        return row.name, row.id

    @extend_schema(
        operation_id="admin_create_application",
        summary="Register an application",
        request=NewApplicationSerializer,
        responses={201: RegisteredSerializer},
    )
    def post(self, request: Request) -> Response:
        """Register a program; the secret of one that keeps one is told this once."""
        wanted = self.read(NewApplicationSerializer)
        new = NewApplication(
            wanted["name"],
            tuple(wanted["redirect_uris"]),
            frozenset(wanted["scopes"]),
            wanted["confidential"],
        )

        def register(by: Administrator) -> applications.Registered:
            _require(by)
            return applications.create_application(new)

        made = self.administer(register)
        with db.read_snapshot():
            held = applications.get_application(made.client_id)
        shown = {
            **ApplicationSerializer(show(held)).data,
            "client_secret": made.client_secret or None,
        }
        location = f"{request.path}/{made.client_id}"
        return self.answer(shown, version_of(held), 201, location=location)


@extend_schema_view(
    get=extend_schema(
        operation_id="admin_get_application",
        summary="Read an application",
        responses=ApplicationSerializer,
    )
)
class ApplicationView(AdminObject[Application]):
    """One application."""

    def find_for(self, by: Administrator) -> Application:
        """Return the application of the URL."""
        _require(by)
        return applications.get_application(self.kwargs["application_id"])

    def version_of(self, found: Application) -> Version:
        """Return its state."""
        return version_of(found)

    def represent(self, found: Application) -> object:
        """Return what is shown of it."""
        return ApplicationSerializer(show(found)).data

    @extend_schema(
        operation_id="admin_delete_application",
        summary="Delete an application",
        responses={204: None},
    )
    def delete(self, request: Request, **_: Any) -> Response:  # noqa: ARG002 (DRF's)
        """Delete an application with every token that it has; sessions of these end."""
        return self.drop(lambda _, found: applications.delete_application(found.client_id))
