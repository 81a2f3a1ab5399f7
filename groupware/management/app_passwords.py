"""`account app-password create|list|revoke`: a password for one device or program."""

from argparse import Namespace

from groupware.core import auth
from groupware.core.directory import get_account, get_person
from groupware.core.models import AppPassword
from groupware.management.base import Answer, Subcommand, argument
from groupware.management.tables import day, render_table


def create(options: Namespace) -> Answer:
    """Create an app password and show it, this once."""
    account = get_person(options.address)
    scopes = frozenset(options.scopes or auth.SCOPES)
    password = auth.create_app_password(account.pk, options.label, scopes)
    made = next(
        held for held in auth.list_app_passwords(account.pk) if password.startswith(held.public_id)
    )
    text = f"{password}\nFor {account.login}, {', '.join(made.scopes.split())}; shown only now."
    return Answer(_data(made) | {"password": password}, text)


def list_all(options: Namespace) -> Answer:
    """List the app passwords of an account."""
    account = get_account(options.address)
    held = auth.list_app_passwords(account.pk)
    if not held:
        return Answer([], f"{account.login} has no app password.")
    rows = [(one.public_id, one.label, one.scopes, day(one.created_at)) for one in held]
    table = render_table(("id", "label", "scopes", "created"), rows)
    return Answer([_data(one) for one in held], table)


def revoke(options: Namespace) -> Answer:
    """Revoke an app password."""
    account = get_account(options.address)
    auth.revoke_app_password(account.pk, options.id)
    text = f"Revoked {options.id} of {account.login}; its sessions end."
    return Answer({"address": account.login, "revoked": options.id}, text)


def _data(held: AppPassword) -> dict[str, object]:
    return {
        "id": held.public_id,
        "label": held.label,
        "scopes": held.scopes.split(),
        "created_at": held.created_at.isoformat(),
    }


ADDRESS = argument("address", metavar="ADDRESS", help="the account's address")
LABEL = argument("--label", metavar="TEXT", default="", help="the device or program")
SCOPES = argument(
    "--scopes",
    metavar="SCOPE",
    nargs="+",
    help=f"what it opens, some of {', '.join(sorted(auth.SCOPES))}; default all",
)
ID = argument("id", metavar="ID", help="its id: what `list` shows, the part before the dash")

APP_PASSWORD = Subcommand(
    "app-password",
    "passwords for one device or program each",
    subcommands=(
        Subcommand("create", "create one and show it, this once", create, (ADDRESS, LABEL, SCOPES)),
        Subcommand("list", "list those of an account", list_all, (ADDRESS,)),
        Subcommand("revoke", "revoke one; its sessions end", revoke, (ADDRESS, ID)),
    ),
)
