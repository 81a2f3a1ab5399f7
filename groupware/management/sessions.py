"""`account sessions ADDRESS`: who is connected as an account now; `--end` ends all, `--kill` one."""

from argparse import Namespace
from dataclasses import asdict
from typing import Any

from groupware.core import directory
from groupware.core.livesessions import LiveSession, end_session, get_session, list_sessions
from groupware.core.models import Account
from groupware.management.app_passwords import ADDRESS
from groupware.management.base import Answer, Subcommand, argument
from groupware.management.moments import iso_moment, show_moment
from groupware.management.tables import counted, render_table

HEADINGS = (
    *("protocol", "from", "by", "since (UTC)", "active (UTC)"),
    *("session", "last command", "client"),
)


def show(options: Namespace) -> Answer:
    """List the sessions of an account, and end them or one of them where that is asked for."""
    account = directory.get_account(options.address)
    if options.kill is not None:
        return _kill(account, options.kill)
    held = list_sessions(account.pk)
    data = list(map(_told, held))
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
            one.last_command,
            one.client,
        )
        for one in held
    ]
    return Answer(data, render_table(HEADINGS, rows))


def _kill(account: Account, session_id: str) -> Answer:
    held = get_session(account.pk, session_id)
    end_session(account, held)
    text = f"Ended the {held.protocol} session {held.id} from {held.network}; others go on."
    return Answer([_told(held)], text)


def _told(held: LiveSession) -> dict[str, Any]:
    moments = {"began_at": iso_moment(held.began_at), "active_at": iso_moment(held.active_at)}
    return {**asdict(held), **moments}


SESSIONS = Subcommand(
    "sessions",
    "list who is connected as it, by protocol; or end that",
    show,
    (
        ADDRESS,
        argument("--end", action="store_true", help="end all sessions, on the web too"),
        argument("--kill", metavar="ID", help="end the session with this id alone"),
    ),
)
