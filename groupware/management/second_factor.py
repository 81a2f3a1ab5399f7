"""`account second-factor show|reset`: for the help desk, when a person has lost theirs."""

from argparse import Namespace

from groupware.core import factors
from groupware.core.directory import get_person
from groupware.core.errors import NotFound
from groupware.identity.services.factors import describe
from groupware.management.app_passwords import ADDRESS
from groupware.management.base import Answer, Subcommand
from groupware.management.tables import counted, day


def show(options: Namespace) -> Answer:
    """Show whether an account has a second factor."""
    account = get_person(options.address)
    state = describe(account.pk)
    data = {
        "address": account.login,
        "second_factor": state.is_on,
        "since": state.since.isoformat() if state.since else None,
        "recovery_codes": state.recovery_codes,
    }
    text = f"{account.login} has no second factor."
    if state.since is not None:
        left = counted(state.recovery_codes, "recovery code")
        text = f"{account.login} has a second factor since {day(state.since)}, and {left} left."
    return Answer(data, text)


def reset(options: Namespace) -> Answer:
    """Take the second factor of an account away."""
    account = get_person(options.address)
    if not account.second_factor:
        raise NotFound(f"{account.login} has no second factor.")
    factors.reset(account.login)
    text = (
        f"{account.login} signs in by the password alone again; every session has ended."
        " App passwords stay: `account app-password list` shows them."
    )
    return Answer({"address": account.login, "second_factor": False}, text)


SECOND_FACTOR = Subcommand(
    "second-factor",
    "the second factor of a person who signs in",
    subcommands=(
        Subcommand("show", "show whether there is one", show, (ADDRESS,)),
        Subcommand("reset", "take it away; every session ends", reset, (ADDRESS,)),
    ),
)
