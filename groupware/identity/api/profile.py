"""Who one is, and one's password, over REST."""

from typing import Any, NamedTuple

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.queries.directory import find_directory
from contacts.services.directory import refresh_directory
from groupware.core import directory
from groupware.core.directory import MIN_PASSWORD, find_photo
from groupware.core.models import Account
from groupware.identity.api import proof
from groupware.identity.api.base import OwnView
from groupware.identity.services import passwords
from groupware.rest.changes import digest
from groupware.rest.conditions import Version
from groupware.rest.items import item_id
from groupware.rest.views import ObjectView


class Profile(NamedTuple):
    """An account as its person is shown it."""

    id: int
    address: str
    name: str
    photo: str | None
    second_factor: bool


class ProfileSerializer(serializers.Serializer[Profile]):
    """Who you are."""

    id = serializers.IntegerField(help_text="The number of your account.")
    address = serializers.CharField()
    name = serializers.CharField(help_text="What others see beside your address.")
    photo = serializers.CharField(
        allow_null=True, help_text="Where your photo is, in the directory; null without one."
    )
    second_factor = serializers.BooleanField(help_text="Whether a second factor is on.")


class ChangedProfileSerializer(serializers.Serializer[Any]):
    """What you may change of your profile."""

    name = serializers.CharField(max_length=200, allow_blank=True)


class NewPasswordSerializer(proof.ProofSerializer):
    """Your password, and what it is to be."""

    new_password = serializers.CharField(
        min_length=MIN_PASSWORD, max_length=1_000, trim_whitespace=False, write_only=True
    )


@extend_schema_view(
    get=extend_schema(
        operation_id="get_profile", summary="Read your profile", responses=ProfileSerializer
    )
)
class ProfileView(OwnView, ObjectView[Account]):
    """One's own profile."""

    def get(self, request: Request, **kwargs: Any) -> Response:
        """Show the profile."""
        refresh_directory(self.account().domain_id)
        return super().get(request, **kwargs)

    def find(self) -> Account:
        """Return the account."""
        return self.account()

    def version_of(self, found: Account) -> Version:
        """Return its state; what only others change is no part of what is written."""
        seen = digest(found.login, _photo_of(found), found.second_factor)
        return Version(digest(found.name), seen)

    def owner_of(self, found: Account) -> int:
        """Return the account itself."""
        return found.pk

    def represent(self, found: Account) -> object:
        """Return what is shown of it."""
        photo = _photo_of(found)
        shown = Profile(found.pk, found.login, found.name, photo, found.second_factor)
        return ProfileSerializer(shown).data

    @extend_schema(
        operation_id="change_profile",
        summary="Change your name",
        request=ChangedProfileSerializer,
        responses=ProfileSerializer,
    )
    def patch(self, request: Request) -> Response:  # noqa: ARG002 (DRF's)
        """Change what others see of you."""
        new = self.read(ChangedProfileSerializer)

        def change(found: Account) -> Account:
            if "name" not in new:
                return found
            return directory.rename_account(found.login, found.login, name=new["name"])

        with self.altering():
            return self.change(change)


class OwnPasswordView(OwnView):
    """One's own password."""

    @extend_schema(
        operation_id="change_password",
        summary="Change your password",
        request=NewPasswordSerializer,
        responses={204: None},
    )
    def put(self, request: Request) -> Response:
        """Change your password. Every other session ends: programs and browsers sign in anew.

        `password` is the one until now, which a browser sends as well.
        """
        given = self.read(NewPasswordSerializer)
        account = self.account()
        passwords.refuse_kept_elsewhere(account)
        proof.require(request, account, given)

        def change() -> None:
            current, new = given["password"], given["new_password"]
            passwords.change(account.pk, current, new, network=self.network)

        with proof.refusing():
            self.act(change)
        return Response(status=204)


def _photo_of(account: Account) -> str | None:
    """Return the URL of an account's photo in the directory of its domain."""
    info = find_directory(account.domain_id)
    if info is None or find_photo(account.pk) is None:
        return None
    return f"/api/v1/directory/{item_id(info.object_id, f'account-{account.pk}.vcf')}/photo"
