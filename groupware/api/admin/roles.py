"""Roles over REST: who administers what."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from groupware.api.admin.base import AdminObject, SmallList, version
from groupware.core import db
from groupware.core.administration import Administrator, holders
from groupware.core.models import AdminRole, Role
from groupware.rest.conditions import Version
from groupware.rest.views import PageQuery


class Shown(NamedTuple):
    """A role as administrators are shown it."""

    id: int
    account_id: int
    address: str
    role: str
    domain_id: int | None
    domain: str | None
    created_at: datetime
    etag: str


class RoleSerializer(serializers.Serializer[Shown]):
    """A role of an account."""

    id = serializers.IntegerField()
    account_id = serializers.IntegerField()
    address = serializers.CharField()
    role = serializers.ChoiceField(Role.values)
    domain_id = serializers.IntegerField(allow_null=True, help_text="Null: of all domains.")
    domain = serializers.CharField(allow_null=True)
    created_at = serializers.DateTimeField()
    etag = serializers.CharField(help_text="What If-Match takes.")


class NewRoleSerializer(serializers.Serializer[Any]):
    """A role that is to be."""

    account_id = serializers.IntegerField(min_value=1, max_value=1 << 60)
    role = serializers.ChoiceField(Role.values)
    domain_id = serializers.IntegerField(
        required=False, allow_null=True, default=None, min_value=1, max_value=1 << 60
    )


class RoleQuery(PageQuery):
    """Which roles."""

    account_id = serializers.IntegerField(required=False, min_value=1, max_value=1 << 60)


def version_of(held: AdminRole) -> Version:
    """Return the state of a role, of which nothing can be changed."""
    return version(held.pk, held.role)


def show(held: AdminRole) -> Shown:
    """Return what is shown of a role."""
    return Shown(
        id=held.pk,
        account_id=held.account_id,
        address=held.account.login,
        role=held.role,
        domain_id=held.domain_id,
        domain=held.domain.name if held.domain else None,
        created_at=held.created_at,
        etag=version_of(held).etag,
    )


@extend_schema_view(get=extend_schema(operation_id="admin_list_roles", summary="List roles"))
class RoleList(SmallList[Shown]):
    """Who has a role in an administrator's domains."""

    query = RoleQuery
    item_class = RoleSerializer
    cursor_key = (int,)

    def all_rows(self, by: Administrator, filters: Mapping[str, Any]) -> Sequence[Shown]:
        """Return the roles that he sees, the oldest first."""
        found = holders.visible(by).order_by("pk")
        if (account_id := filters.get("account_id")) is not None:
            found = found.filter(account=account_id)
        return [show(held) for held in found]

    def key_of(self, row: Shown) -> tuple[int]:
        """Order by number."""
        return (row.id,)

    @extend_schema(
        operation_id="admin_grant_role",
        summary="Give a person a role",
        request=NewRoleSerializer,
        responses={201: RoleSerializer},
    )
    def post(self, request: Request) -> Response:
        """Give a person a role that one's own gives as well."""
        wanted = self.read(NewRoleSerializer)

        def grant(by: Administrator) -> AdminRole:
            account = by.get_account(wanted["account_id"])
            return holders.grant(by, account, wanted["role"], wanted["domain_id"])

        made = self.administer(grant)
        with db.read_snapshot():
            held = holders.get(self.administrator(), made.pk)
        location = f"{request.path}/{made.pk}"
        data = RoleSerializer(show(held)).data
        return self.answer(data, version_of(held), 201, location=location)


@extend_schema_view(
    get=extend_schema(
        operation_id="admin_get_role", summary="Read a role", responses=RoleSerializer
    )
)
class RoleView(AdminObject[AdminRole]):
    """One role."""

    def find_for(self, by: Administrator) -> AdminRole:
        """Return the role of the URL."""
        return holders.get(by, self.kwargs["role_id"])

    def version_of(self, found: AdminRole) -> Version:
        """Return its state."""
        return version_of(found)

    def represent(self, found: AdminRole) -> object:
        """Return what is shown of it."""
        return RoleSerializer(show(found)).data

    @extend_schema(
        operation_id="admin_revoke_role", summary="Take a role away", responses={204: None}
    )
    def delete(self, request: Request, role_id: int) -> Response:  # noqa: ARG002 (DRF's)
        """Take a role away: gone at the next request."""
        return self.drop(holders.revoke)
