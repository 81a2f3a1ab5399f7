"""`manage.py account pop3`: what POP3 does to an account's mail."""

from argparse import Namespace

from groupware.core import directory
from groupware.core.errors import Invalid
from groupware.management.app_passwords import ADDRESS
from groupware.management.base import Answer, Subcommand, argument
from mail.maildrops import Policy, get_policy
from mail.models import DeleteAction
from mail.services.pop3 import clear_policy, set_policy

_ACTIONS = {
    DeleteAction.DELETE: "is deleted",
    DeleteAction.TRASH: "moves to Trash",
    DeleteAction.HIDE: "stays, hidden from the password that deleted it",
}


def pop3(options: Namespace) -> Answer:
    """Show or change the policy of an account."""
    account = directory.get_person(options.address)
    held = get_policy(account.pk)
    changes = (options.dele, options.hide_days, options.seen)
    if options.default:
        if changes != (None, None, None):
            raise Invalid("--default goes alone: it takes the account's own policy away.")
        held = clear_policy(account.pk)
    elif changes != (None, None, None):
        held = set_policy(
            account.pk,
            action=held.action if options.dele is None else options.dele,
            hide_days=held.hide_days if options.hide_days is None else options.hide_days,
            marks_seen=held.marks_seen if options.seen is None else options.seen,
        )
    return Answer(_data(account.login, held), _text(account.login, held))


def _data(login: str, policy: Policy) -> dict[str, object]:
    return {
        "address": login,
        "dele": policy.action,
        "hide_days": policy.hide_days,
        "seen": policy.marks_seen,
        "own": policy.is_own,
    }


def _text(login: str, policy: Policy) -> str:
    action = _ACTIONS[DeleteAction(policy.action)]
    if policy.action == DeleteAction.HIDE:
        action += f" for {policy.hide_days} days" if policy.hide_days else " for ever"
    seen = "is seen" if policy.marks_seen else "stays unseen"
    whose = "its own policy" if policy.is_own else "the installation's default"
    return f"{login}, over POP3: what is deleted {action}; what is retrieved {seen} ({whose})."


POP3 = Subcommand(
    "pop3",
    "show or change what POP3 does to its mail",
    pop3,
    (
        ADDRESS,
        argument("--dele", choices=DeleteAction.values, help="what becomes of a deleted message"),
        argument(
            "--hide-days",
            type=int,
            metavar="N",
            help="for how long --dele hide hides it; 0 is for ever",
        ),
        argument("--seen", action="store_true", default=None, help="what is retrieved is seen"),
        argument("--no-seen", action="store_false", dest="seen", default=None, help="it is not"),
        argument("--default", action="store_true", help="go by the installation's default again"),
    ),
)
