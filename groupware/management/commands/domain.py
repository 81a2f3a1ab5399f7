"""`manage.py domain create|list|delete|dkim|dns`: tenants, and other names of them."""

from argparse import Namespace
from dataclasses import asdict

from groupware.core import directory
from groupware.management import domaindns
from groupware.management.base import Answer, Subcommand, TableCommand, argument
from groupware.management.tables import render_table


def create(options: Namespace) -> Answer:
    """Create a domain."""
    domain = directory.create_domain(options.name, alias_of=options.alias_of)
    alias_of = domain.alias_of.name if domain.alias_of else ""
    text = f"Created the domain {domain.name}"
    text += f", another name of {alias_of}." if alias_of else "."
    return Answer({"name": domain.name, "alias_of": alias_of}, text)


def list_all(_options: Namespace) -> Answer:
    """List the domains."""
    domains = directory.list_domains()
    if not domains:
        return Answer([], "There is no domain yet: create one with `domain create NAME`.")
    rows = [
        (held.name, held.alias_of or "-", held.accounts, held.groups, held.addresses)
        for held in domains
    ]
    headings = ("domain", "alias of", "accounts", "groups", "addresses")
    return Answer([asdict(held) for held in domains], render_table(headings, rows))


def delete(options: Namespace) -> Answer:
    """Delete a domain."""
    name = directory.get_domain(options.name).name
    directory.delete_domain(name)
    return Answer({"deleted": name}, f"Deleted the domain {name}.")


class Command(TableCommand):
    """The domains."""

    help = "Create, list and delete domains; their keys and DNS records."
    subcommands = (
        Subcommand(
            "create",
            "create a domain, or another name of one",
            create,
            (
                domaindns.NAME,
                argument(
                    "--alias-of",
                    metavar="DOMAIN",
                    default="",
                    help="make it another name of this domain",
                ),
            ),
        ),
        Subcommand("list", "list the domains", list_all),
        Subcommand("delete", "delete a domain that nothing lives in", delete, (domaindns.NAME,)),
        *domaindns.SUBCOMMANDS,
    )
