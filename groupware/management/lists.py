"""`manage.py group policy` and `address policy`: who may write to a list, and who is in charge."""

from argparse import Namespace
from dataclasses import asdict

from groupware.core.errors import Invalid
from groupware.management.base import Answer, Argument, Subcommand, argument
from mail.models import Posting
from mail.services.listpolicies import (
    ListEntry,
    PolicyChange,
    clear_policy,
    describe_list,
    set_policy,
)

_WHO = {
    Posting.ANYONE: "anyone",
    Posting.DOMAIN: "people of its domain",
    Posting.MEMBERS: "its members",
    Posting.MODERATORS: "nobody but its moderators",
}


def policy(options: Namespace) -> Answer:
    """Show or change the policy of a list."""
    name = options.list
    change = PolicyChange(options.post, options.owner, options.moderator, options.sender)
    if options.default:
        if change != PolicyChange():
            raise Invalid("--default goes alone: it takes the list's own policy away.")
        held = clear_policy(name)
    elif change != PolicyChange():
        held = set_policy(name, change)
    else:
        held = describe_list(name)
    return Answer(asdict(held), _text(held))


def _text(held: ListEntry) -> str:
    text = f"{held.address}: {_WHO[Posting(held.post)]} may write to it"
    for names, part in (
        (held.owners, "in charge"),
        (held.moderators, "moderating"),
        (held.senders, "writing in its name"),
    ):
        if names:
            text += f"; {part}: {', '.join(names)}"
    return f"{text}."


def _accounts(name: str, text: str) -> Argument:
    return argument(name, metavar="ADDRESS", nargs="*", default=None, help=text)


def make_policy(metavar: str) -> Subcommand:
    """Return the subcommand for lists that are named as `metavar` says."""
    return Subcommand(
        "policy",
        "show or change who may write to a list",
        policy,
        (
            argument("list", metavar=metavar, help="the list's address"),
            argument("--post", choices=Posting.values, help="who may write to it"),
            _accounts("--owner", "who gets its bounces; without any, its moderators do"),
            _accounts("--moderator", "who may always write to it; without any, its owners"),
            _accounts("--sender", "who may write in its name"),
            argument("--default", action="store_true", help="anyone may write, nobody has a part"),
        ),
    )
