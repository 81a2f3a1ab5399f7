"""Groups over REST: who is in them, and what they are for."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from django.db.models import Q, QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from groupware.api.admin.base import AdminObject, DirectoryList, version
from groupware.core import db
from groupware.core.administration import Administrator, groups
from groupware.core.models import Group, GroupMember
from groupware.rest.conditions import Version
from groupware.rest.fields import AddressField
from groupware.rest.views import PageQuery

MOST_MEMBERS = 10_000
"""Members that one request names."""


class Shown(NamedTuple):
    """A group as administrators are shown it."""

    id: int
    address: str
    description: str
    domain_id: int
    members: Sequence[str]
    etag: str


class GroupSerializer(serializers.Serializer[Shown]):
    """A group."""

    id = serializers.IntegerField()
    address = serializers.CharField()
    description = serializers.CharField()
    domain_id = serializers.IntegerField()
    members = serializers.ListField(
        child=serializers.CharField(), help_text="Addresses of accounts and groups."
    )
    etag = serializers.CharField(help_text="What If-Match takes.")


class NewGroupSerializer(serializers.Serializer[Any]):
    """A group that is to be."""

    address = AddressField()
    description = serializers.CharField(max_length=200, default="", allow_blank=True)
    members = serializers.ListField(child=AddressField(), default=list, max_length=MOST_MEMBERS)


class ChangedGroupSerializer(serializers.Serializer[Any]):
    """What can be changed of a group."""

    description = serializers.CharField(max_length=200, allow_blank=True)
    members = serializers.ListField(
        child=AddressField(), max_length=MOST_MEMBERS, help_text="All of them, from now on."
    )


class GroupQuery(PageQuery):
    """Which groups."""

    domain_id = serializers.IntegerField(required=False, min_value=1, max_value=1 << 60)
    q = serializers.CharField(
        required=False, max_length=200, help_text="In the address or the description."
    )


def show_all(rows: Sequence[Group]) -> list[Shown]:
    """Return what is shown of groups, with one query for the members of all."""
    members: defaultdict[int, list[str]] = defaultdict(list)
    found = GroupMember.objects.filter(group__in=[group.pk for group in rows])
    for key, login, name in found.values_list("group_id", "account__login", "subgroup__name"):
        members[key].append(login or name or "")
    return [_show(group, sorted(members[group.pk])) for group in rows]


def _show(group: Group, members: Sequence[str]) -> Shown:
    etag = version(group.name, group.description, *members).etag
    return Shown(group.pk, group.name, group.description, group.domain_id, members, etag)


def version_of(group: Group) -> Version:
    """Return the state of a group with its members."""
    return version(group.name, group.description, *groups.list_members(group))


@extend_schema_view(get=extend_schema(operation_id="admin_list_groups", summary="List groups"))
class GroupList(DirectoryList[Shown, Group]):
    """The groups of an administrator's domains."""

    kind = "group"
    # Members are told by address, and go with their accounts.
    unsettling = ("account.rename", "account.leave", "account.delete", "group.delete")
    query = GroupQuery
    item_class = GroupSerializer

    def rows(self, by: Administrator, filters: Mapping[str, Any]) -> QuerySet[Group]:
        """Return the groups that are meant."""
        found = by.groups()
        if (domain_id := filters.get("domain_id")) is not None:
            found = found.filter(domain=domain_id)
        if (text := filters.get("q")) is not None:
            found = found.filter(Q(name__icontains=text) | Q(description__icontains=text))
        return found

    def present(self, rows: Sequence[Group]) -> Sequence[Shown]:
        """Return what is shown of groups."""
        return show_all(rows)

    @extend_schema(
        operation_id="admin_create_group",
        summary="Create a group",
        request=NewGroupSerializer,
        responses={201: GroupSerializer},
    )
    def post(self, request: Request) -> Response:
        """Create a group with an address, which leads to its members."""
        wanted = self.read(NewGroupSerializer)
        made = self.administer(
            lambda by: groups.create(
                by, wanted["address"], wanted["description"], wanted["members"]
            )
        )
        with db.read_snapshot():
            [shown] = show_all([made])
            state = version_of(made)
        location = f"{request.path}/{made.pk}"
        return self.answer(GroupSerializer(shown).data, state, 201, location=location)


@extend_schema_view(
    get=extend_schema(
        operation_id="admin_get_group", summary="Read a group", responses=GroupSerializer
    )
)
class GroupView(AdminObject[Group]):
    """One group."""

    def find_for(self, by: Administrator) -> Group:
        """Return the group of the URL."""
        return by.get_group(self.kwargs["group_id"])

    def version_of(self, found: Group) -> Version:
        """Return its state."""
        return version_of(found)

    def represent(self, found: Group) -> object:
        """Return what is shown of it."""
        [shown] = show_all([found])
        return GroupSerializer(shown).data

    @extend_schema(
        operation_id="admin_change_group",
        summary="Change a group",
        request=ChangedGroupSerializer,
        responses=GroupSerializer,
    )
    def patch(self, request: Request, group_id: int) -> Response:  # noqa: ARG002 (DRF's)
        """Change what a group is for, or who is in it."""
        new = self.read(ChangedGroupSerializer)

        def change(by: Administrator, group: Group) -> None:
            if "description" in new:
                groups.describe(by, group, new["description"])
            if "members" in new:
                groups.set_members(by, group, new["members"])

        return self.alter(change)

    @extend_schema(
        operation_id="admin_delete_group", summary="Delete a group", responses={204: None}
    )
    def delete(self, request: Request, group_id: int) -> Response:  # noqa: ARG002 (DRF's)
        """Delete a group; its members stay."""
        return self.drop(groups.delete)
