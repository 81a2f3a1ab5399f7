"""One's own app passwords, over REST."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from groupware.core import auth
from groupware.core.errors import NotFound
from groupware.core.models import AppPassword
from groupware.identity.api import proof
from groupware.identity.api.base import OwnList, OwnView, version
from groupware.rest.conditions import Version
from groupware.rest.views import ObjectView


class Shown(NamedTuple):
    """An app password as it is shown."""

    id: str
    label: str
    scopes: tuple[str, ...]
    created_at: datetime
    etag: str


class AppPasswordSerializer(serializers.Serializer[Shown]):
    """A password of one program or device."""

    id = serializers.CharField(help_text="What it begins with.")
    label = serializers.CharField()  # type: ignore[assignment]  # a field, not the label of one
    scopes = serializers.ListField(child=serializers.CharField())
    created_at = serializers.DateTimeField()
    etag = serializers.CharField(help_text="What If-Match takes.")


class MadeAppPasswordSerializer(AppPasswordSerializer):
    """An app password, which is told this once."""

    password = serializers.CharField()


class NewAppPasswordSerializer(proof.ProofSerializer):
    """An app password that is to be, and what proves that it is you who wants it."""

    label = serializers.CharField(  # type: ignore[assignment]  # as above
        max_length=auth.MAX_LABEL, help_text="What you know the program or device by."
    )
    scopes = serializers.ListField(
        child=serializers.ChoiceField(sorted(auth.SCOPES)),
        min_length=1,
        max_length=len(auth.SCOPES),
        help_text="What it opens.",
    )


def version_of(held: AppPassword) -> Version:
    """Return the state of an app password, of which nothing can be changed."""
    return version(held.pk, held.public_id)


def show(held: AppPassword) -> Shown:
    """Return what is shown of an app password."""
    scopes = tuple(held.scopes.split())
    return Shown(held.public_id, held.label, scopes, held.created_at, version_of(held).etag)


def list_shown(account_id: int) -> list[Shown]:
    """Return what is shown of those of an account, the oldest first."""
    return [show(held) for held in auth.list_app_passwords(account_id)]


def get_held(account_id: int, public_id: str) -> AppPassword:
    """Return one of an account that opens something; raises `NotFound`."""
    for held in auth.list_app_passwords(account_id):
        if held.public_id == public_id:
            return held
    raise NotFound(f"There is no app password {public_id}.")


@extend_schema_view(
    get=extend_schema(operation_id="list_app_passwords", summary="List your app passwords")
)
class OwnAppPasswordList(OwnList[Shown]):
    """App passwords that open sessions."""

    tells_secrets = True
    item_class = AppPasswordSerializer
    cursor_key = (str, str)

    def all_rows(self) -> Sequence[Shown]:
        """Return all of them, the oldest first."""
        return list_shown(self.account_id)

    def key_of(self, row: Shown) -> tuple[str, str]:
        """Order by their beginning."""
        return row.created_at.isoformat(timespec="microseconds"), row.id

    @extend_schema(
        operation_id="create_app_password",
        summary="Make an app password",
        request=NewAppPasswordSerializer,
        responses={201: MadeAppPasswordSerializer},
    )
    def post(self, request: Request) -> Response:
        """Make a password for one program or device, which is told this once."""
        given = self.read(NewAppPasswordSerializer)
        auth.check_app_password(given["label"], frozenset(given["scopes"]))
        proof.require(request, self.account(), given)
        with self.acting():
            made = auth.create_app_password(
                self.account_id, given["label"], frozenset(given["scopes"])
            )
        held = get_held(self.account_id, made.partition("-")[0])
        shown = {**AppPasswordSerializer(show(held)).data, "password": made}
        location = f"{request.path}/{held.public_id}"
        return self.answer(shown, version_of(held), 201, location=location)


@extend_schema_view(
    get=extend_schema(
        operation_id="get_app_password",
        summary="Read an app password",
        responses=AppPasswordSerializer,
    )
)
class OwnAppPasswordView(OwnView, ObjectView[AppPassword]):
    """One app password; what it is, is shown nowhere."""

    def find(self) -> AppPassword:
        """Return it."""
        return get_held(self.account_id, self.kwargs["app_password_id"])

    def version_of(self, found: AppPassword) -> Version:
        """Return its state."""
        return version_of(found)

    def owner_of(self, found: AppPassword) -> int:
        """Return whose it is."""
        return found.account_id

    def represent(self, found: AppPassword) -> object:
        """Return what is shown of it."""
        return AppPasswordSerializer(show(found)).data

    @extend_schema(
        operation_id="revoke_app_password",
        summary="Revoke an app password",
        responses={204: None},
    )
    def delete(self, request: Request, **_: Any) -> Response:  # noqa: ARG002 (DRF's)
        """Revoke an app password: it opens nothing more, and sessions of the account begin anew."""

        def revoke(found: AppPassword) -> None:
            auth.revoke_app_password(found.account_id, found.public_id)

        with self.altering():
            response = self.remove(revoke)
        self.stay()
        return response
