"""Grants over REST: what others may do with what accounts own."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from groupware.api.admin.base import AdminObject, SmallList, version
from groupware.core import db, rights
from groupware.core.administration import Administrator, grants
from groupware.core.models import Domain, Grant
from groupware.rest.conditions import Version
from groupware.rest.views import PageQuery


class Shown(NamedTuple):
    """A grant as administrators are shown it."""

    id: int
    account_id: int
    address: str
    collection_id: str | None
    collection: str | None
    grantee: str
    rights: str
    created_at: datetime
    etag: str


class GrantSerializer(serializers.Serializer[Shown]):
    """A grant."""

    id = serializers.IntegerField()
    account_id = serializers.IntegerField(help_text="Whose it is.")
    address = serializers.CharField(help_text="That account's.")
    collection_id = serializers.CharField(allow_null=True, help_text="Null: all that it owns.")
    collection = serializers.CharField(allow_null=True, help_text="Such as mail/INBOX.")
    grantee = serializers.CharField(help_text="An account, a group, or all of a `@domain`.")
    rights = serializers.CharField(help_text="Letters of RFC 4314, and named rights.")
    created_at = serializers.DateTimeField()
    etag = serializers.CharField(help_text="What If-Match takes.")


_RIGHTS = "Letters of RFC 4314, `read`, `write`, `all`, or named rights such as `send-as`."


class NewGrantSerializer(serializers.Serializer[Any]):
    """A grant that is to be."""

    account_id = serializers.IntegerField(min_value=1, max_value=1 << 60)
    collection_id = serializers.CharField(
        required=False, allow_null=True, default=None, max_length=32
    )
    grantee = serializers.CharField(max_length=320)
    rights = serializers.CharField(max_length=200, help_text=_RIGHTS)


class ChangedGrantSerializer(serializers.Serializer[Any]):
    """What can be changed of a grant."""

    rights = serializers.CharField(max_length=200, help_text=_RIGHTS)


class GrantQuery(PageQuery):
    """Which grants."""

    account_id = serializers.IntegerField(
        min_value=1, max_value=1 << 60, help_text="On what this account owns."
    )


def _grantee(held: Grant) -> str:
    grantee = rights.grantee_of(held)
    return f"@{grantee}" if isinstance(grantee, Domain) else str(grantee)


def version_of(held: Grant) -> Version:
    """Return the state of a grant; a changed one is another row (`rights.change_grant`)."""
    return version(held.account_id, held.collection_id, _grantee(held), str(rights.rights_of(held)))


def show(held: Grant) -> Shown:
    """Return what is shown of a grant."""
    place = held.collection
    return Shown(
        id=held.pk,
        account_id=held.account_id,
        address=held.account.login,
        collection_id=place.object_id if place else None,
        collection=f"{place.kind}/{place.name}" if place else None,
        grantee=_grantee(held),
        rights=str(rights.rights_of(held)),
        created_at=held.created_at,
        etag=version_of(held).etag,
    )


@extend_schema_view(
    get=extend_schema(operation_id="admin_list_grants", summary="List grants on an account")
)
class GrantList(SmallList[Shown]):
    """What others may do with what an account owns."""

    query = GrantQuery
    item_class = GrantSerializer
    cursor_key = (int,)

    def all_rows(self, by: Administrator, filters: Mapping[str, Any]) -> Sequence[Shown]:
        """Return the grants on an account, the oldest first."""
        account = by.get_account(filters["account_id"])
        held = rights.list_grants(account.pk)
        for each in held:
            each.account = account
        return [show(each) for each in held]

    def key_of(self, row: Shown) -> tuple[int]:
        """Order by number."""
        return (row.id,)

    @extend_schema(
        operation_id="admin_create_grant",
        summary="Grant rights",
        request=NewGrantSerializer,
        responses={201: GrantSerializer},
    )
    def post(self, request: Request) -> Response:
        """Grant on a collection or on all that an account owns; replaces what was granted there."""
        wanted = self.read(NewGrantSerializer)

        def create(by: Administrator) -> Grant:
            account = by.get_account(wanted["account_id"])
            return grants.create(
                by, account, wanted["collection_id"], wanted["grantee"], wanted["rights"]
            )

        made = self.administer(create)
        with db.read_snapshot():
            held = grants.get(self.administrator(), made.pk)
        location = f"{request.path}/{made.pk}"
        data = GrantSerializer(show(held)).data
        return self.answer(data, version_of(held), 201, location=location)


@extend_schema_view(
    get=extend_schema(
        operation_id="admin_get_grant", summary="Read a grant", responses=GrantSerializer
    )
)
class GrantView(AdminObject[Grant]):
    """One grant."""

    def find_for(self, by: Administrator) -> Grant:
        """Return the grant of the URL."""
        return grants.get(by, self.kwargs["grant_id"])

    def version_of(self, found: Grant) -> Version:
        """Return its state."""
        return version_of(found)

    def represent(self, found: Grant) -> object:
        """Return what is shown of it."""
        return GrantSerializer(show(found)).data

    @extend_schema(
        operation_id="admin_delete_grant", summary="Take a grant away", responses={204: None}
    )
    def delete(self, request: Request, grant_id: int) -> Response:  # noqa: ARG002 (DRF's)
        """Take away what was granted; at the next command nobody has it any more."""
        return self.drop(grants.revoke)
