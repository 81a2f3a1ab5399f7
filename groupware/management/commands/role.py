"""`manage.py role grant|revoke|list`: who may administer what."""

from argparse import Namespace
from dataclasses import asdict

from groupware.core import roles
from groupware.core.directory import get_account
from groupware.core.models import Role
from groupware.management.base import Answer, Subcommand, TableCommand, argument
from groupware.management.tables import render_table


def grant(options: Namespace) -> Answer:
    """Give a role."""
    roles.grant_role(options.address, options.role, options.domain)
    return _now(options, f"{options.address.lower()} is {_words(options.role, options.domain)}.")


def revoke(options: Namespace) -> Answer:
    """Take a role away."""
    roles.revoke_role(options.address, options.role, options.domain)
    words = _words(options.role, options.domain)
    return _now(options, f"{options.address.lower()} is no more {words}.")


def list_all(options: Namespace) -> Answer:
    """List who has a role."""
    account_id = get_account(options.address).pk if options.address else None
    held = roles.list_roles(account_id)
    if not held:
        return Answer([], "Nobody has a role: `role grant ADDRESS global` makes an administrator.")
    rows = [(one.login, one.role, one.domain or "everywhere") for one in held]
    return Answer([asdict(one) for one in held], render_table(("address", "role", "domain"), rows))


def _now(options: Namespace, text: str) -> Answer:
    held = roles.list_roles(get_account(options.address).pk)
    return Answer([asdict(one) for one in held], text)


def _words(role: str, domain: str) -> str:
    where = f" of {domain.lower()}" if domain else ""
    words = {Role.GLOBAL: "a global administrator", Role.DOMAIN: "domain administrator"}
    return words.get(Role(role), "at the help desk") + where


ADDRESS = argument("address", metavar="ADDRESS", help="a person's address")
ROLE = argument(
    "role",
    choices=Role.values,
    help="global: everything; domain: all of one domain; help-desk: lets people in again",
)
DOMAIN = argument(
    "domain", metavar="DOMAIN", nargs="?", default="", help="where; a help desk may be of all"
)


class Command(TableCommand):
    """The roles."""

    help = "Say who may administer what."
    subcommands = (
        Subcommand("grant", "give a person a role", grant, (ADDRESS, ROLE, DOMAIN)),
        Subcommand("revoke", "take a role away", revoke, (ADDRESS, ROLE, DOMAIN)),
        Subcommand(
            "list",
            "list who has which role",
            list_all,
            (argument("address", metavar="ADDRESS", nargs="?", default="", help="only of one"),),
        ),
    )
