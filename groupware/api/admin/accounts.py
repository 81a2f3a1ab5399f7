"""Accounts, rooms and quotas over REST."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, NamedTuple

from django.db.models import Q, QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from groupware.api.admin.base import AdminObject, DirectoryList, version
from groupware.core import db
from groupware.core.administration import Administrator, accounts
from groupware.core.directory import MIN_PASSWORD, NewAccount
from groupware.core.limits import DEFAULT_QUOTA
from groupware.core.models import Account, AccountKind
from groupware.rest.conditions import Version
from groupware.rest.fields import AddressField
from groupware.rest.views import PageQuery

ROOMS = (AccountKind.ROOM.value, AccountKind.EQUIPMENT.value)


class Shown(NamedTuple):
    """An account as administrators are shown it."""

    id: int
    address: str
    name: str
    kind: str
    domain_id: int
    active: bool
    second_factor: bool
    quota: int
    used: int
    items: int
    created_at: datetime
    etag: str


class AccountSerializer(serializers.Serializer[Shown]):
    """An account."""

    id = serializers.IntegerField(help_text="Never changes, whatever its address is.")
    address = serializers.CharField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(AccountKind.values)
    domain_id = serializers.IntegerField()
    active = serializers.BooleanField(help_text="False: nobody signs in; mail still arrives.")
    second_factor = serializers.BooleanField()
    quota = serializers.IntegerField(help_text="Octets; 0 is unlimited.")
    used = serializers.IntegerField(help_text="Octets.")
    items = serializers.IntegerField(help_text="Messages, events, tasks and cards.")
    created_at = serializers.DateTimeField()
    etag = serializers.CharField(help_text="What If-Match takes.")


class QuotaField(serializers.IntegerField):
    """A quota in octets; 0 is unlimited."""

    def __init__(self, **options: Any) -> None:
        most = DEFAULT_QUOTA.highest
        super().__init__(**{"min_value": 0, "max_value": most, **options})


class NewAccountSerializer(serializers.Serializer[Any]):
    """An account that is to be."""

    address = AddressField()
    name = serializers.CharField(max_length=200, default="", allow_blank=True)
    kind = serializers.ChoiceField(AccountKind.values, default=AccountKind.PERSON.value)
    quota = QuotaField(
        required=False,
        allow_null=True,
        default=None,
        help_text="Octets; 0 is unlimited, null what the installation gives.",
    )
    password = serializers.CharField(
        min_length=MIN_PASSWORD,
        max_length=1_000,
        required=False,
        allow_null=True,
        default=None,
        trim_whitespace=False,
        write_only=True,
        help_text="Of a person; without one nobody signs in until one is set.",
    )


class NewRoomSerializer(serializers.Serializer[Any]):
    """A room or a piece of equipment that is to be."""

    address = AddressField()
    name = serializers.CharField(max_length=200, default="", allow_blank=True)
    kind = serializers.ChoiceField(ROOMS, default=AccountKind.ROOM.value)


class ChangedAccountSerializer(serializers.Serializer[Any]):
    """What can be changed of an account."""

    address = AddressField(help_text="The old one stays as an alias; sessions end.")
    name = serializers.CharField(max_length=200, allow_blank=True)
    quota = QuotaField()
    active = serializers.BooleanField()


class AccountQuery(PageQuery):
    """Which accounts."""

    domain_id = serializers.IntegerField(required=False, min_value=1, max_value=1 << 60)
    kind = serializers.ChoiceField(AccountKind.values, required=False)
    active = serializers.BooleanField(required=False, allow_null=True, default=None)
    q = serializers.CharField(
        required=False, max_length=200, help_text="In the address or the name."
    )


def with_usage(rows: QuerySet[Account]) -> QuerySet[Account]:
    """Read what an account uses with it."""
    return rows.select_related("state")


def version_of(account: Account) -> Version:
    """Return the state of an account; what it uses is no part of what is written."""
    state = account.state
    return version(
        account.login,
        account.name,
        account.is_active,
        account.second_factor,
        state.quota_bytes,
        seen=[state.bytes_used, state.items_used],
    )


def show(account: Account) -> Shown:
    """Return what is shown of an account."""
    return Shown(
        id=account.pk,
        address=account.login,
        name=account.name,
        kind=account.kind,
        domain_id=account.domain_id,
        active=account.is_active,
        second_factor=account.second_factor,
        quota=account.state.quota_bytes,
        used=account.state.bytes_used,
        items=account.state.items_used,
        created_at=account.created_at,
        etag=version_of(account).etag,
    )


@extend_schema_view(get=extend_schema(operation_id="admin_list_accounts", summary="List accounts"))
class AccountList(DirectoryList[Shown, Account]):
    """The accounts of an administrator's domains. What they use is not told by `since`."""

    kind = "account"
    query = AccountQuery
    item_class = AccountSerializer
    kinds: ClassVar[tuple[str, ...]] = ()
    new_class: ClassVar[type[serializers.Serializer[Any]]] = NewAccountSerializer

    def rows(self, by: Administrator, filters: Mapping[str, Any]) -> QuerySet[Account]:
        """Return the accounts that are meant."""
        found = with_usage(by.accounts())
        if self.kinds:
            found = found.filter(kind__in=self.kinds)
        if (text := filters.get("q")) is not None:
            found = found.filter(Q(login__icontains=text) | Q(name__icontains=text))
        exact = {
            "domain": filters.get("domain_id"),
            "kind": filters.get("kind"),
            "is_active": filters.get("active"),
        }
        return found.filter(**{name: value for name, value in exact.items() if value is not None})

    def present(self, rows: Sequence[Account]) -> Sequence[Shown]:
        """Return what is shown of accounts."""
        return [show(account) for account in rows]

    @extend_schema(
        operation_id="admin_create_account",
        summary="Create an account",
        request=NewAccountSerializer,
        responses={201: AccountSerializer},
    )
    def post(self, request: Request) -> Response:  # noqa: ARG002 (DRF's)
        """Create an account with its address and its first mailboxes, calendars and contacts."""
        wanted = self.read(self.new_class)
        new = NewAccount(
            wanted["address"],
            name=wanted["name"],
            kind=wanted["kind"],
            quota_bytes=wanted.get("quota"),
            password=wanted.get("password"),
        )
        made = self.administer(lambda by: accounts.create(by, new))
        with db.read_snapshot():
            account = with_usage(self.administrator().accounts()).get(pk=made.pk)
        location = f"/api/v1/admin/accounts/{made.pk}"
        data = AccountSerializer(show(account)).data
        return self.answer(data, version_of(account), 201, location=location)


@extend_schema_view(
    get=extend_schema(operation_id="admin_list_rooms", summary="List rooms and equipment"),
    post=extend_schema(
        operation_id="admin_create_room",
        summary="Create a room or a piece of equipment",
        request=NewRoomSerializer,
        responses={201: AccountSerializer},
    ),
)
class RoomList(AccountList):
    """Rooms and equipment: accounts that are booked; each is changed as an account."""

    kinds = ROOMS
    new_class = NewRoomSerializer


@extend_schema_view(
    get=extend_schema(
        operation_id="admin_get_account", summary="Read an account", responses=AccountSerializer
    )
)
class AccountView(AdminObject[Account]):
    """One account."""

    def find_for(self, by: Administrator) -> Account:
        """Return the account of the URL."""
        by.get_account(self.kwargs["account_id"])
        return with_usage(by.accounts()).get(pk=self.kwargs["account_id"])

    def version_of(self, found: Account) -> Version:
        """Return its state."""
        return version_of(found)

    def represent(self, found: Account) -> object:
        """Return what is shown of it."""
        return AccountSerializer(show(found)).data

    @extend_schema(
        operation_id="admin_change_account",
        summary="Change an account",
        request=ChangedAccountSerializer,
        responses=AccountSerializer,
    )
    def patch(self, request: Request, account_id: int) -> Response:  # noqa: ARG002 (DRF's)
        """Change address, name, quota, or whether anybody signs in: all that is named, or nothing."""
        new = self.read(ChangedAccountSerializer)

        def change(by: Administrator, account: Account) -> None:
            if "quota" in new:
                accounts.set_quota(by, account, new["quota"])
            if "active" in new:
                accounts.set_active(by, account, active=new["active"])
            if "address" in new or "name" in new:
                address = new.get("address", account.login)
                accounts.rename(by, account, address, new.get("name"))

        return self.alter(change)

    @extend_schema(
        operation_id="admin_delete_account", summary="Delete an account", responses={204: None}
    )
    def delete(self, request: Request, account_id: int) -> Response:  # noqa: ARG002 (DRF's)
        """Delete an account with all that it owns, for ever."""
        return self.drop(accounts.delete)


class QuotaShown(NamedTuple):
    """What an account may keep and what it keeps."""

    account_id: int
    address: str
    quota: int
    used: int
    percent: int | None


class QuotaSerializer(serializers.Serializer[QuotaShown]):
    """A quota and how far it is used."""

    account_id = serializers.IntegerField()
    address = serializers.CharField()
    quota = serializers.IntegerField(help_text="Octets; 0 is unlimited.")
    used = serializers.IntegerField(help_text="Octets.")
    percent = serializers.IntegerField(allow_null=True, help_text="Null where it is unlimited.")


class QuotaQuery(PageQuery):
    """Which quotas."""

    domain_id = serializers.IntegerField(required=False, min_value=1, max_value=1 << 60)
    limited = serializers.BooleanField(
        required=False, allow_null=True, default=None, help_text="Only accounts with a quota."
    )


@extend_schema_view(get=extend_schema(operation_id="admin_list_quotas", summary="List quotas"))
class QuotaList(DirectoryList[QuotaShown, Account]):
    """Quotas and their use; one is set with its account. What is used is not told by `since`."""

    kind = "account"
    query = QuotaQuery
    item_class = QuotaSerializer

    def rows(self, by: Administrator, filters: Mapping[str, Any]) -> QuerySet[Account]:
        """Return the accounts that are meant."""
        found = with_usage(by.accounts())
        if (domain_id := filters.get("domain_id")) is not None:
            found = found.filter(domain=domain_id)
        if (limited := filters.get("limited")) is not None:
            found = found.exclude(state__quota_bytes=0) if limited else found
        return found

    def present(self, rows: Sequence[Account]) -> Sequence[QuotaShown]:
        """Return what is shown of quotas."""
        return [_quota(account) for account in rows]


def _quota(account: Account) -> QuotaShown:
    quota, used = account.state.quota_bytes, account.state.bytes_used
    percent = used * 100 // quota if quota else None
    return QuotaShown(account.pk, account.login, quota, used, percent)
