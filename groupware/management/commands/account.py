"""`manage.py account create|list|show|…`: people, shared mailboxes, rooms, equipment."""

import sys
from argparse import ArgumentTypeError, Namespace
from pathlib import Path

from groupware.core import directory
from groupware.core.directory import NewAccount
from groupware.core.errors import Invalid
from groupware.core.limits import DEFAULT_QUOTA, PHOTO_SIZE
from groupware.core.models import Account, AccountKind
from groupware.management.account_files import CSV, IMPORT, list_as_file
from groupware.management.account_page import (
    ACCOUNT_HEADINGS,
    account_data,
    account_row,
    read_account_page,
)
from groupware.management.app_passwords import ADDRESS, APP_PASSWORD
from groupware.management.base import Answer, Subcommand, TableCommand, argument
from groupware.management.commands.address import DOMAIN
from groupware.management.devices import DEVICES
from groupware.management.leaving import DEPART, DEPARTURES, EXPORTS, INVITE, STAY
from groupware.management.passwords import ChosenPassword, choose_password, is_terminal
from groupware.management.pop3 import POP3
from groupware.management.second_factor import SECOND_FACTOR
from groupware.management.sent_copies import SENT_COPIES
from groupware.management.sessions import SESSIONS
from groupware.management.space import SPACE
from groupware.management.tables import counted, octets, quota, render_table


def create(options: Namespace) -> Answer:
    """Create an account; a person has a password."""
    directory.refuse_taken_address(options.address)
    chosen = None
    if options.kind == AccountKind.PERSON or options.password_stdin:
        chosen = choose_password(from_stdin=options.password_stdin)
    account = directory.create_account(
        NewAccount(
            options.address,
            name=options.name,
            kind=options.kind,
            quota_bytes=options.quota,
            is_admin=options.admin,
            password=chosen.value if chosen else None,
        )
    )
    entry = directory.describe_account(account)
    text = f"Created {account.login} ({account.kind}), quota {quota(entry.quota_bytes)}."
    return _with_password(account_data(entry), text, chosen)


def list_all(options: Namespace) -> Answer:
    """List the accounts."""
    if options.csv:
        return list_as_file(options)
    accounts = directory.list_accounts(options.domain)
    if not accounts:
        where = f" in {options.domain}" if options.domain else ""
        return Answer([], f"There is no account{where} yet: `account create ADDRESS` makes one.")
    table = render_table(ACCOUNT_HEADINGS, map(account_row, accounts))
    return Answer([account_data(entry) for entry in accounts], table)


def show(options: Namespace) -> Answer:
    """Show one account with everything around it."""
    page = read_account_page(options.address)
    return Answer(page.data(), page.text())


def rename(options: Namespace) -> Answer:
    """Give an account another address, another name, or both."""
    if options.new_address is None and options.name is None:
        raise Invalid("Write the new address, or the new name with --name.")
    account = directory.rename_account(
        options.address, options.new_address or options.address, name=options.name
    )
    text = f"The account is {account.login}" + (f", {account.name}." if account.name else ".")
    if account.login != options.address.lower():
        text += f" Mail to {options.address.lower()} still arrives."
    return _changed(account, text)


def set_password(options: Namespace) -> Answer:
    """Set a person's password."""
    account = directory.get_person(options.address)
    chosen = choose_password(from_stdin=options.password_stdin)
    directory.set_password(account.login, chosen.value)
    text = f"{account.login} has a new password; every session has ended."
    return _with_password({"address": account.login}, text, chosen)


def set_quota(options: Namespace) -> Answer:
    """Set how much an account may keep."""
    account = directory.get_account(options.address)
    directory.set_quota(account.login, options.quota)
    return _changed(account, f"The quota of {account.login} is {quota(options.quota)}.")


def set_photo(options: Namespace) -> Answer:
    """Give an account a photo."""
    with Path(options.file).open("rb") as file:
        data = file.read(PHOTO_SIZE.value + 1)
    directory.set_photo(options.address, data)
    text = f"{options.address} has a photo, which the directory shows."
    return Answer({"address": options.address, "size": len(data)}, text)


def remove_photo(options: Namespace) -> Answer:
    """Take an account's photo away."""
    directory.remove_photo(options.address)
    return Answer({"address": options.address}, f"{options.address} has no photo any more.")


def disable(options: Namespace) -> Answer:
    """Let nobody sign in any more."""
    account = directory.get_account(options.address)
    directory.set_active(account.login, active=False)
    text = f"Disabled {account.login}: its sessions have ended, mail to it still arrives."
    return _changed(account, text)


def enable(options: Namespace) -> Answer:
    """Let a disabled account sign in again."""
    account = directory.get_account(options.address)
    directory.set_active(account.login, active=True)
    return _changed(account, f"Enabled {account.login}.")


def delete(options: Namespace) -> Answer:
    """Delete an account with all that it owns, when somebody confirms it."""
    account = directory.get_account(options.address)
    if not options.yes:
        _confirm(account)
    directory.delete_account(account.login)
    return Answer({"deleted": account.login}, f"Deleted {account.login} and all that it owned.")


def _confirm(account: Account) -> None:
    if not is_terminal():
        raise Invalid("Deleting cannot be undone and nobody is there to be asked: add --yes.")
    held = directory.describe_account(account)
    what = f"{counted(held.items_used, 'item')} ({octets(held.bytes_used)})"
    # On stderr, because stdout carries the answer only.
    print(f"Delete {account.login} with {what}, for ever? [y/N] ", end="", file=sys.stderr)  # noqa: T201
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
        raise Invalid(f"{account.login} was not deleted.")


def _changed(account: Account, text: str) -> Answer:
    return Answer(account_data(directory.describe_account(account)), text)


def _with_password(data: dict[str, object], text: str, chosen: ChosenPassword | None) -> Answer:
    """Add a generated password, which is shown this once."""
    shown = chosen.to_show if chosen else ""
    if shown:
        text += f"\nPassword: {shown} (shown only now)"
    return Answer(data | {"generated_password": shown}, text)


def _parse_quota(text: str) -> int:
    if text.lower() == "unlimited":
        return 0
    try:
        return DEFAULT_QUOTA.parse(text)
    except ValueError as error:
        raise ArgumentTypeError(f"{text!r}: {error}; 0 is unlimited") from error


NAME = argument("--name", metavar="NAME", default="", help="the name that people read")
NEW_NAME = argument("--name", metavar="NAME", help="the new name that people read")
NEW_ADDRESS = argument(
    "new_address", metavar="NEW_ADDRESS", nargs="?", help="the old one stays as an alias"
)
KIND = argument(
    "--kind",
    choices=AccountKind.values,
    default=AccountKind.PERSON.value,
    help="what it is; only a person signs in (default: person)",
)
QUOTA_HELP = "how much it may keep, such as 5G; 0 is unlimited"
QUOTA = argument("--quota", metavar="SIZE", type=_parse_quota, help=QUOTA_HELP)
NEW_QUOTA = argument("quota", metavar="SIZE", type=_parse_quota, help=QUOTA_HELP)
ADMIN = argument("--admin", action="store_true", help="let this person administer the server")
PASSWORD_STDIN = argument(
    "--password-stdin", action="store_true", help="read the password from standard input"
)
YES = argument("--yes", action="store_true", help="do not ask")


class Command(TableCommand):
    """The accounts."""

    help = "Create, list, show, change and delete accounts."
    subcommands = (
        Subcommand(
            "create",
            "create a person, a shared mailbox, a room or equipment",
            create,
            (ADDRESS, NAME, KIND, QUOTA, ADMIN, PASSWORD_STDIN),
        ),
        Subcommand("list", "list the accounts", list_all, (DOMAIN, CSV)),
        Subcommand("show", "show addresses, collections, grants and usage", show, (ADDRESS,)),
        Subcommand("rename", "change address or name", rename, (ADDRESS, NEW_ADDRESS, NEW_NAME)),
        Subcommand(
            "set-password",
            "set a password; every session ends",
            set_password,
            (ADDRESS, PASSWORD_STDIN),
        ),
        Subcommand("set-quota", "set how much it may keep", set_quota, (ADDRESS, NEW_QUOTA)),
        Subcommand(
            "set-photo",
            "set what others see of it",
            set_photo,
            (ADDRESS, argument("file", metavar="FILE")),
        ),
        Subcommand("remove-photo", "take its photo away", remove_photo, (ADDRESS,)),
        Subcommand("disable", "let nobody sign in; mail still arrives", disable, (ADDRESS,)),
        Subcommand("enable", "let a disabled account sign in again", enable, (ADDRESS,)),
        Subcommand("delete", "delete it with all that it owns", delete, (ADDRESS, YES)),
        IMPORT,
        INVITE,
        DEPART,
        STAY,
        DEPARTURES,
        EXPORTS,
        APP_PASSWORD,
        DEVICES,
        POP3,
        SECOND_FACTOR,
        SENT_COPIES,
        SESSIONS,
        SPACE,
    )
