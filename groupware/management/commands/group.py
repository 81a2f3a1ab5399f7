"""`manage.py group create|add|remove|list|delete|policy`: groups, granted to and written to."""

from argparse import Namespace
from dataclasses import asdict

from groupware.core import directory
from groupware.management.base import Answer, Subcommand, TableCommand, argument
from groupware.management.commands.address import DOMAIN
from groupware.management.lists import make_policy
from groupware.management.tables import counted, render_table


def create(options: Namespace) -> Answer:
    """Create a group."""
    group = directory.create_group(options.group, description=options.description)
    text = f"Created the group {group.name}: add members with `group add {group.name} ADDRESS`."
    return Answer(asdict(directory.describe_group(group.name)), text)


def add(options: Namespace) -> Answer:
    """Add members."""
    directory.add_member(options.group, *options.members)
    return _members_now(options.group)


def remove(options: Namespace) -> Answer:
    """Remove members."""
    directory.remove_member(options.group, *options.members)
    return _members_now(options.group)


def _members_now(name: str) -> Answer:
    group = directory.describe_group(name)
    text = f"{group.name} now has {counted(len(group.members), 'member')}"
    text += f": {', '.join(group.members)}." if group.members else "."
    return Answer(asdict(group), text)


def list_all(options: Namespace) -> Answer:
    """List the groups."""
    groups = directory.list_groups(options.domain)
    if not groups:
        where = f" in {options.domain}" if options.domain else ""
        return Answer([], f"There is no group{where} yet: `group create ADDRESS` makes one.")
    rows = [(held.name, held.description, ", ".join(held.members) or "-") for held in groups]
    table = render_table(("group", "description", "members"), rows)
    return Answer([asdict(held) for held in groups], table)


def delete(options: Namespace) -> Answer:
    """Delete a group."""
    name = directory.get_group(options.group).name
    directory.delete_group(name)
    return Answer({"deleted": name}, f"Deleted the group {name}; its members stay.")


GROUP = argument("group", metavar="GROUP", help="the group's address")
MEMBERS = argument("members", metavar="MEMBER", nargs="+", help="an account or a group")
DESCRIPTION = argument("--description", metavar="TEXT", default="", help="what the group is for")


class Command(TableCommand):
    """The groups."""

    help = "Create groups, change their members, list and delete them."
    subcommands = (
        Subcommand("create", "create a group with an address", create, (GROUP, DESCRIPTION)),
        Subcommand("add", "add accounts or groups to a group", add, (GROUP, MEMBERS)),
        Subcommand("remove", "take members out of a group", remove, (GROUP, MEMBERS)),
        Subcommand("list", "list the groups and their members", list_all, (DOMAIN,)),
        Subcommand("delete", "delete a group, not its members", delete, (GROUP,)),
        make_policy("GROUP"),
    )
