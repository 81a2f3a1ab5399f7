"""`account sessions ADDRESS`: who is connected as an account now; `--end` ends all of it."""

from argparse import Namespace
from dataclasses import asdict

from groupware.core import directory
from groupware.core.livesessions import list_sessions
from groupware.management.app_passwords import ADDRESS
from groupware.management.base import Answer, Subcommand, argument
from groupware.management.moments import iso_moment, show_moment
from groupware.management.tables import counted, render_table

HEADINGS = ("protocol", "from", "by", "since (UTC)", "active (UTC)", "session")


def show(options: Namespace) -> Answer:
    """List the sessions of an account, and end them where that is asked for."""
    account = directory.get_account(options.address)
    held = list_sessions(account.pk)
    data = [
        asdict(one) | {"began_at": iso_moment(one.began_at), "active_at": iso_moment(one.active_at)}
        for one in held
    ]
    if options.end:
        directory.sign_out(account.login)
        return Answer(data, f"Ended {counted(len(held), 'session')}; whoever stays signs in anew.")
    if not held:
        return Answer(data, f"Nobody is connected as {account.login}.")
    rows = [
        (
            one.protocol,
            one.network,
            one.credential,
            show_moment(one.began_at),
            show_moment(one.active_at),
            one.id,
        )
        for one in held
    ]
    return Answer(data, render_table(HEADINGS, rows))


SESSIONS = Subcommand(
    "sessions",
    "list who is connected as it, by protocol; or end that",
    show,
    (ADDRESS, argument("--end", action="store_true", help="end all sessions, on the web too")),
)
