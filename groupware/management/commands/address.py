"""`manage.py address create|list|delete|policy`: aliases, lists, catch-alls, forwards."""

from argparse import Namespace
from dataclasses import asdict

from groupware.core import directory
from groupware.management.base import Answer, Subcommand, TableCommand, argument
from groupware.management.lists import make_policy
from groupware.management.tables import render_table


def create(options: Namespace) -> Answer:
    """Create an address."""
    made = directory.describe_address(directory.create_address(options.address, options.to))
    text = f"Mail to {made.address} now goes to {', '.join(made.targets)}."
    return Answer(asdict(made), text)


def list_all(options: Namespace) -> Answer:
    """List the addresses."""
    addresses = directory.list_addresses(options.domain)
    if not addresses:
        where = f" in {options.domain}" if options.domain else ""
        return Answer([], f"There is no address{where} yet: `account create ADDRESS` makes one.")
    rows = [(held.address, held.kind, ", ".join(held.targets) or "-") for held in addresses]
    table = render_table(("address", "kind", "leads to"), rows)
    return Answer([asdict(held) for held in addresses], table)


def delete(options: Namespace) -> Answer:
    """Delete an address."""
    directory.delete_address(options.address)
    name = options.address.lower()
    return Answer({"deleted": name}, f"Deleted the address {name}.")


ADDRESS = argument(
    "address", metavar="ADDRESS", help="name@domain, or @domain for all that has no address"
)
TO = argument(
    "--to",
    metavar="TARGET",
    nargs="+",
    action="extend",
    required=True,
    help="an account, a group, or an address outside; several make a list",
)
DOMAIN = argument(
    "domain", metavar="DOMAIN", nargs="?", default="", help="only what is in this domain"
)


class Command(TableCommand):
    """The addresses."""

    help = "Create, list and delete aliases, lists, catch-alls and forwards."
    subcommands = (
        Subcommand("create", "create an address that leads somewhere", create, (ADDRESS, TO)),
        Subcommand("list", "list the addresses and where they lead", list_all, (DOMAIN,)),
        Subcommand("delete", "delete an alias, a list or a catch-all", delete, (ADDRESS,)),
        make_policy("ADDRESS"),
    )
