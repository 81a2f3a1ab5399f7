"""`manage.py revoke COLLECTION|ACCOUNT GRANTEE`: take away what was granted there."""

from argparse import Namespace

from groupware.core.names import get_target
from groupware.core.rights import find_grantee, revoke
from groupware.management.base import Answer, GroupwareCommand
from groupware.management.commands.grant import GRANTEE, TARGET
from groupware.management.sharing import describe, target_in_words


class Command(GroupwareCommand):
    """Take rights away."""

    help = "Take away the rights that were granted on a collection, or on a whole account."
    arguments = (TARGET, GRANTEE)

    def run(self, options: Namespace) -> Answer:
        """Take effect at the next command of every session."""
        owner, collection = get_target(options.target)
        grantee = find_grantee(options.grantee)
        revoke(owner, collection, grantee)
        described = describe(owner, collection, grantee)
        text = f"{described['grantee']} has no grant on {target_in_words(described)} any more."
        return Answer(described, text)
