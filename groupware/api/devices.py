"""Devices over REST: who connects, with what, how far behind; of one's own account, or an admin's reach."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers

from groupware.api.admin.base import SmallList
from groupware.api.admin.helping import MomentField, OfAccount
from groupware.core import devices
from groupware.core.administration import Administrator
from groupware.core.devices import Behind, DeviceEntry, KnownCollection
from groupware.rest.changes import State, digest
from groupware.rest.pagination import Page, Window, page_of_all
from groupware.rest.views import ListView


class BehindSerializer(serializers.Serializer[Behind]):
    """Changes that a device was not told of: what came or changed, and what went."""

    changes = serializers.IntegerField(source="number")
    is_least = serializers.BooleanField(help_text="Whether there may be more than that.")


class KnownCollectionSerializer(serializers.Serializer[KnownCollection]):
    """A mailbox, calendar or address book that a device keeps a copy of."""

    name = serializers.CharField(help_text="Such as mail/INBOX.")
    behind = BehindSerializer()
    told_at = MomentField(source="moment", help_text="When it was last told of a change.")


class DeviceSerializer(serializers.Serializer[DeviceEntry]):
    """A device or program that connected, as far as it can be told apart from others."""

    id = serializers.CharField()
    protocol = serializers.CharField(help_text="imap, pop3, smtp, dav, api, web.")
    client = serializers.CharField(help_text="What it calls itself; may be empty.")
    network = serializers.CharField(help_text="Where it came from last.")
    credential = serializers.ChoiceField(["password", "app-password", "token"])
    credential_label = serializers.CharField(
        source="label", help_text="The label of its app password; may be empty."
    )
    first_seen = MomentField()
    last_seen = MomentField(help_text="The last contact, to some seconds.")
    behind = BehindSerializer(
        allow_null=True,
        help_text="All its collections together. Null where its protocol does not tell what it knows:"
        " POP3, SMTP, mail programs without CONDSTORE, calendars read without sync-tokens.",
    )
    collections = KnownCollectionSerializer(many=True)


@extend_schema_view(get=extend_schema(operation_id="list_own_devices", summary="List your devices"))
class OwnDeviceList(ListView[DeviceEntry]):
    """The devices of the account, in the order in which they were first seen."""

    tag = "Account"
    scopes: ClassVar[Mapping[str, str]] = {"GET": "account:write"}
    item_class = DeviceSerializer
    cursor_key = (int, int)

    def list_page(self, window: Window, filters: Mapping[str, Any]) -> Page[DeviceEntry]:  # noqa: ARG002 (there are none)
        """Return a page."""
        rows = in_order(self.account_id)
        return page_of_all(rows, window, key_of, _state(rows).text())

    def list_changes(self, since: str, limit: int, filters: Mapping[str, Any]) -> Page[DeviceEntry]:  # noqa: ARG002 (all or nothing)
        """Return nothing where nothing changed; raises `StateExpired` otherwise."""
        now = _state(in_order(self.account_id))
        now.read(since)
        return Page([], now.text())


@extend_schema_view(
    get=extend_schema(operation_id="admin_list_devices", summary="List devices of an account")
)
class DeviceList(OfAccount, SmallList[DeviceEntry]):
    """The devices of an account, in the order in which they were first seen."""

    item_class = DeviceSerializer
    cursor_key = (int, int)

    def all_rows(self, by: Administrator, filters: Mapping[str, Any]) -> Sequence[DeviceEntry]:  # noqa: ARG002 (there are none)
        """Return all of the account's."""
        return in_order(self.account(by).pk)

    def key_of(self, row: DeviceEntry) -> tuple[int, int]:
        """Order by when they were first seen."""
        return key_of(row)


def in_order(account_id: int) -> list[DeviceEntry]:
    """Return devices in an order that stays, so that pages of them go on."""
    return sorted(devices.list_devices(account_id), key=key_of)


def key_of(row: DeviceEntry) -> tuple[int, int]:
    """Return the place of a device in the list."""
    return row.first_seen, row.id


def _state(rows: Sequence[DeviceEntry]) -> State:
    return State(digest("devices", *rows), {})
