"""Addresses over REST: where mail to them goes."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from groupware.api.admin.base import AdminObject, DirectoryList, version
from groupware.core import db
from groupware.core.administration import Administrator, addresses
from groupware.core.models import Address, AddressKind, AddressTarget
from groupware.rest.conditions import Version
from groupware.rest.fields import AddressField
from groupware.rest.views import PageQuery

MOST_TARGETS = 1_000
"""Targets that one request names."""


class Shown(NamedTuple):
    """An address as administrators are shown it."""

    id: int
    address: str
    kind: str
    domain_id: int
    targets: Sequence[str]
    etag: str


class AddressSerializer(serializers.Serializer[Shown]):
    """An address and where it leads."""

    id = serializers.IntegerField()
    address = serializers.CharField(help_text="A catch-all is `@domain`.")
    kind = serializers.ChoiceField(AddressKind.values)
    domain_id = serializers.IntegerField()
    targets = serializers.ListField(
        child=serializers.CharField(), help_text="Accounts, groups, and addresses elsewhere."
    )
    etag = serializers.CharField(help_text="What If-Match takes.")


class NewAddressSerializer(serializers.Serializer[Any]):
    """An address that is to be."""

    address = serializers.CharField(
        max_length=320, help_text="`@domain` takes all that has no address of its own."
    )
    targets = serializers.ListField(
        child=AddressField(), allow_empty=False, max_length=MOST_TARGETS
    )


class ChangedAddressSerializer(serializers.Serializer[Any]):
    """What can be changed of an alias, a list or a catch-all."""

    targets = serializers.ListField(
        child=AddressField(), allow_empty=False, max_length=MOST_TARGETS
    )


class AddressQuery(PageQuery):
    """Which addresses."""

    domain_id = serializers.IntegerField(required=False, min_value=1, max_value=1 << 60)
    account_id = serializers.IntegerField(
        required=False, min_value=1, max_value=1 << 60, help_text="Those that lead to an account."
    )
    kind = serializers.ChoiceField(AddressKind.values, required=False)
    q = serializers.CharField(required=False, max_length=64, help_text="In what is before the @.")


def show_all(rows: Sequence[Address]) -> list[Shown]:
    """Return what is shown of addresses, with one query for the targets of all."""
    targets: defaultdict[int, list[str]] = defaultdict(list)
    found = AddressTarget.objects.filter(address__in=[held.pk for held in rows]).order_by("id")
    columns = ("address_id", "account__login", "group__name", "forward_to")
    for key, login, name, forward in found.values_list(*columns):
        targets[key].append(login or name or forward)
    return [
        Shown(
            id=held.pk,
            address=str(held),
            kind=held.kind,
            domain_id=held.domain_id,
            targets=targets[held.pk],
            etag=version(str(held), held.kind, *targets[held.pk]).etag,
        )
        for held in rows
    ]


def version_of(address: Address) -> Version:
    """Return the state of an address with its targets."""
    return version(str(address), address.kind, *addresses.list_targets(address))


@extend_schema_view(
    get=extend_schema(operation_id="admin_list_addresses", summary="List addresses")
)
class AddressList(DirectoryList[Shown, Address]):
    """The addresses of an administrator's domains."""

    kind = "address"
    # Accounts and groups bring addresses with them, and take them away.
    unsettling = (
        "account.create",
        "account.rename",
        "account.leave",
        "account.delete",
        "group.create",
        "group.delete",
    )
    query = AddressQuery
    item_class = AddressSerializer

    def rows(self, by: Administrator, filters: Mapping[str, Any]) -> QuerySet[Address]:
        """Return the addresses that are meant."""
        exact = {
            "domain": filters.get("domain_id"),
            "kind": filters.get("kind"),
            "local_part__icontains": filters.get("q"),
        }
        found = by.addresses().filter(
            **{name: value for name, value in exact.items() if value is not None}
        )
        if (account_id := filters.get("account_id")) is not None:
            led = AddressTarget.objects.filter(account=account_id)
            found = found.filter(pk__in=led.values("address_id"))
        return found

    def present(self, rows: Sequence[Address]) -> Sequence[Shown]:
        """Return what is shown of addresses."""
        return show_all(rows)

    @extend_schema(
        operation_id="admin_create_address",
        summary="Create an address",
        request=NewAddressSerializer,
        responses={201: AddressSerializer},
    )
    def post(self, request: Request) -> Response:
        """Create an alias, with several targets a list, or as `@domain` a catch-all."""
        wanted = self.read(NewAddressSerializer)
        made = self.administer(
            lambda by: addresses.create(by, wanted["address"], wanted["targets"])
        )
        with db.read_snapshot():
            [shown] = show_all([made])
            state = version_of(made)
        location = f"{request.path}/{made.pk}"
        return self.answer(AddressSerializer(shown).data, state, 201, location=location)


@extend_schema_view(
    get=extend_schema(
        operation_id="admin_get_address", summary="Read an address", responses=AddressSerializer
    )
)
class AddressView(AdminObject[Address]):
    """One address."""

    def find_for(self, by: Administrator) -> Address:
        """Return the address of the URL."""
        return by.get_address(self.kwargs["address_id"])

    def version_of(self, found: Address) -> Version:
        """Return its state."""
        return version_of(found)

    def represent(self, found: Address) -> object:
        """Return what is shown of it."""
        [shown] = show_all([found])
        return AddressSerializer(shown).data

    @extend_schema(
        operation_id="admin_change_address",
        summary="Let an address lead elsewhere",
        request=ChangedAddressSerializer,
        responses=AddressSerializer,
    )
    def patch(self, request: Request, address_id: int) -> Response:  # noqa: ARG002 (DRF's)
        """Let an alias, a list or a catch-all lead to other targets."""
        new = self.read(ChangedAddressSerializer)

        def change(by: Administrator, address: Address) -> None:
            if "targets" in new:
                addresses.set_targets(by, address, new["targets"])

        return self.alter(change)

    @extend_schema(
        operation_id="admin_delete_address", summary="Delete an address", responses={204: None}
    )
    def delete(self, request: Request, address_id: int) -> Response:  # noqa: ARG002 (DRF's)
        """Delete an alias, a list or a catch-all. A primary address goes with its account."""
        return self.drop(addresses.delete)
