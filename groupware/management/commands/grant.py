"""`manage.py grant COLLECTION|ACCOUNT GRANTEE RIGHTS`: let others use what an account owns."""

from argparse import Namespace

from groupware.core.names import get_target
from groupware.core.rights import LETTERS, NAMED, PRESETS, find_grantee, grant, parse_rights
from groupware.management.base import Answer, GroupwareCommand, argument
from groupware.management.sharing import describe, describe_rights, target_in_words

TARGET = argument(
    "target",
    metavar="COLLECTION|ACCOUNT",
    help="ADDRESS/mail/INBOX, ADDRESS/calendars/NAME, …, or an ADDRESS with all it owns",
)
GRANTEE = argument("grantee", metavar="GRANTEE", help="an account, a group or a domain")


class Command(GroupwareCommand):
    """Give rights."""

    help = "Set the rights that others have on a collection, or on all that an account owns."
    arguments = (
        TARGET,
        GRANTEE,
        argument(
            "rights",
            metavar="RIGHTS",
            nargs="+",
            help=f"letters of {LETTERS} (RFC 4314); {', '.join(PRESETS)}; {', '.join(NAMED)}",
        ),
    )

    def run(self, options: Namespace) -> Answer:
        """Replace what the grantee had there before."""
        owner, collection = get_target(options.target)
        grantee = find_grantee(options.grantee)
        rights = grant(owner, collection, grantee, parse_rights(" ".join(options.rights)))
        described = describe(owner, collection, grantee)
        text = f"{described['grantee']} now has {rights} on {target_in_words(described)}."
        return Answer(described | describe_rights(rights), text)
