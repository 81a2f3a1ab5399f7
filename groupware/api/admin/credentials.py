"""App passwords of people over REST: seen without their secrets, and revoked."""

from collections.abc import Mapping, Sequence
from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response

from groupware.api.admin.base import AdminObject, SmallList
from groupware.api.admin.helping import OfAccount
from groupware.core.administration import Administrator, accounts
from groupware.core.models import AppPassword
from groupware.identity.api.apppasswords import (
    AppPasswordSerializer,
    Shown,
    get_held,
    list_shown,
    show,
    version_of,
)
from groupware.rest.conditions import Version


@extend_schema_view(
    get=extend_schema(
        operation_id="admin_list_app_passwords", summary="List a person's app passwords"
    )
)
class AppPasswordList(OfAccount, SmallList[Shown]):
    """App passwords of an account that open sessions."""

    item_class = AppPasswordSerializer
    cursor_key = (str, str)

    def all_rows(self, by: Administrator, filters: Mapping[str, Any]) -> Sequence[Shown]:  # noqa: ARG002 (there are none)
        """Return all of the account's, the oldest first."""
        return list_shown(self.account(by).pk)

    def key_of(self, row: Shown) -> tuple[str, str]:
        """Order by their beginning."""
        return row.created_at.isoformat(timespec="microseconds"), row.id


@extend_schema_view(
    get=extend_schema(
        operation_id="admin_get_app_password",
        summary="Read a person's app password",
        responses=AppPasswordSerializer,
    )
)
class AppPasswordView(OfAccount, AdminObject[AppPassword]):
    """One app password; what it is, is shown to nobody."""

    def find_for(self, by: Administrator) -> AppPassword:
        """Return it."""
        return get_held(self.account(by).pk, self.kwargs["held_app_password_id"])

    def version_of(self, found: AppPassword) -> Version:
        """Return its state."""
        return version_of(found)

    def represent(self, found: AppPassword) -> object:
        """Return what is shown of it."""
        return AppPasswordSerializer(show(found)).data

    @extend_schema(
        operation_id="admin_revoke_app_password",
        summary="Revoke a person's app password",
        responses={204: None},
    )
    def delete(self, request: Request, **_: Any) -> Response:  # noqa: ARG002 (DRF's)
        """Revoke an app password: it opens nothing more, and sessions of the account begin anew."""

        def revoke(by: Administrator, found: AppPassword) -> None:
            accounts.revoke_app_password(by, self.account(by), found.public_id)

        return self.drop(revoke)
