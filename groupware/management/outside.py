"""`manage.py outside sender …`: addresses elsewhere as which an account sends."""

from argparse import Namespace

from groupware.core.directory import get_account
from groupware.management.base import Answer, Subcommand, argument
from groupware.management.passwords import ask_password
from groupware.management.tables import render_table
from mail.models import OutsideTls
from mail.services.outside import senders
from mail.services.outside.senders import SenderInfo
from mail.services.outside.servers import Login


def add(options: Namespace) -> Answer:
    """Let an account send as an address elsewhere."""
    account = get_account(options.account)
    user = options.user or options.address
    password = ask_password(user, from_stdin=options.password_stdin)
    login = Login("smtp", options.host, user, password, options.port, options.tls)
    senders.add_sender(account.pk, options.address, login)
    if not options.untested:
        try:
            senders.check_sender(account.pk, options.address)
        except Exception:
            senders.remove_sender(account.pk, options.address)
            raise
    text = f"{account.login} may send as {options.address}, through {options.host}."
    return Answer({"account": account.login, "address": options.address}, text)


def list_all(options: Namespace) -> Answer:
    """List the senders of an account."""
    account = get_account(options.account)
    held = senders.list_senders(account.pk)
    if not held:
        return Answer([], f"{account.login} sends as no address elsewhere.")
    rows = [(row.address, f"{row.host}:{row.port}", row.tls, row.user) for row in held]
    return Answer(list(map(_data, held)), render_table(("address", "server", "tls", "user"), rows))


def _data(row: SenderInfo) -> dict[str, object]:
    return {
        "address": row.address,
        "host": row.host,
        "port": row.port,
        "tls": row.tls,
        "user": row.user,
    }


def test(options: Namespace) -> Answer:
    """Log in to the server of a sender."""
    account = get_account(options.account)
    senders.check_sender(account.pk, options.address)
    text = f"The server of {options.address} lets {account.login} in."
    return Answer({"account": account.login, "address": options.address}, text)


def set_password(options: Namespace) -> Answer:
    """Give the password anew."""
    account = get_account(options.account)
    password = ask_password(options.address, from_stdin=options.password_stdin)
    senders.set_sender_password(account.pk, options.address, password)
    text = f"{options.address} has the new password."
    return Answer({"account": account.login, "address": options.address}, text)


def remove(options: Namespace) -> Answer:
    """Let an account not send as an address any more."""
    account = get_account(options.account)
    senders.remove_sender(account.pk, options.address)
    text = f"{account.login} does not send as {options.address} any more."
    return Answer({"account": account.login, "address": options.address}, text)


ACCOUNT = argument("account", metavar="ADDRESS", help="the account here")
HOST = argument("--host", required=True, metavar="HOST", help="the server there")
PORT = argument("--port", type=int, default=0, metavar="N", help="where it is not the usual one")
TLS = argument(
    "--tls",
    choices=OutsideTls.values,
    default=OutsideTls.IMPLICIT.value,
    help="none is for networks of GROUPWARE_SOURCE_NETWORKS (default: implicit)",
)
PASSWORD_STDIN = argument(
    "--password-stdin", action="store_true", help="read the password from standard input"
)
UNTESTED = argument("--untested", action="store_true", help="do not log in there first")
_ADDRESS = argument("address", metavar="OUTSIDE", help="the address elsewhere")
_USER = argument("--user", metavar="NAME", default="", help="the user there (default: OUTSIDE)")

SENDER = Subcommand(
    "sender",
    "send as an address elsewhere, through the server there",
    subcommands=(
        Subcommand(
            "add",
            "let an account send as an address",
            add,
            (ACCOUNT, _ADDRESS, HOST, PORT, TLS, _USER, PASSWORD_STDIN, UNTESTED),
        ),
        Subcommand("list", "list the addresses", list_all, (ACCOUNT,)),
        Subcommand("test", "log in there", test, (ACCOUNT, _ADDRESS)),
        Subcommand(
            "set-password",
            "give the password anew",
            set_password,
            (ACCOUNT, _ADDRESS, PASSWORD_STDIN),
        ),
        Subcommand("remove", "send as the address no more", remove, (ACCOUNT, _ADDRESS)),
    ),
)
