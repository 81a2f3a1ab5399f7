"""`manage.py account sent-copies`: whether the server files what an account sends."""

from argparse import Namespace

from groupware.core import directory
from groupware.management.app_passwords import ADDRESS
from groupware.management.base import Answer, Subcommand, argument
from mail.services import sentcopies


def sent_copies(options: Namespace) -> Answer:
    """Show or change the switch of an account."""
    account = directory.get_account(options.address)
    if options.switch is not None:
        sentcopies.set_on(account.pk, on=options.switch == "on")
    on = sentcopies.is_on(account.pk)
    said = "a copy in Sent" if on else "none: its programs file what they send themselves"
    text = f"{account.login}: of what is sent as it the server files {said}."
    return Answer({"address": account.login, "sent_copies": on}, text)


SENT_COPIES = Subcommand(
    "sent-copies",
    "show or change whether the server files what it sends",
    sent_copies,
    (
        ADDRESS,
        argument(
            "switch", nargs="?", choices=("on", "off"), help="on is what an account has at first"
        ),
    ),
)
