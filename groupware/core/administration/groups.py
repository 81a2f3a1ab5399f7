"""Groups and their members, all of whom are within the reach of who adds them."""

from collections.abc import Sequence

from groupware.core import directory
from groupware.core.administration.administrator import Administrator
from groupware.core.directory.lookups import parse
from groupware.core.errors import Invalid
from groupware.core.models import Group, GroupMember
from groupware.core.roles import Permission


def create(by: Administrator, name: str, description: str, members: Sequence[str]) -> Group:
    """Create a group with its members, in a domain that he manages."""
    by.get_place(Permission.MANAGE, parse(name)[1])
    group = directory.create_group(name, description=description)
    _add(by, group, list(dict.fromkeys(members)))
    return group


def describe(by: Administrator, group: Group, description: str) -> None:
    """Say anew what a group is for."""
    by.require(Permission.MANAGE, group.domain_id)
    directory.describe_anew(group.name, description)


def set_members(by: Administrator, group: Group, members: Sequence[str]) -> None:
    """Let a group have these members and no others.

    Who is in it already may stay, also where somebody with a wider reach put him there.
    """
    by.require(Permission.MANAGE, group.domain_id)
    held = set(list_members(group))
    wanted = {"@".join(parse(member)) for member in members}
    if gone := sorted(held - wanted):
        directory.remove_member(group.name, *gone)
    _add(by, group, sorted(wanted - held))


def add_members(by: Administrator, group: Group, members: Sequence[str]) -> None:
    """Add accounts and groups of his to a group; who is in it already stays."""
    by.require(Permission.MANAGE, group.domain_id)
    _add(
        by,
        group,
        sorted({"@".join(parse(member)) for member in members} - set(list_members(group))),
    )


def delete(by: Administrator, group: Group) -> None:
    """Delete a group; its members stay."""
    by.require(Permission.MANAGE, group.domain_id)
    directory.delete_group(group.name)


def list_members(group: Group) -> list[str]:
    """Return the addresses of the members, accounts and groups."""
    rows = GroupMember.objects.filter(group=group)
    return sorted(
        login or name or "" for login, name in rows.values_list("account__login", "subgroup__name")
    )


def _add(by: Administrator, group: Group, members: Sequence[str]) -> None:
    names = []
    for member in members:
        found = by.find_named(member)
        if found is None:
            raise Invalid(
                "{member} is elsewhere: a group has accounts and groups of this server.",
                member=member,
            )
        by.require(Permission.MANAGE, found.domain_id)
        names.append(str(found))
    if names:
        directory.add_member(group.name, *names)
