"""`manage.py undelete ACCOUNT|COLLECTION`: list and restore what was expunged lately."""

from argparse import Namespace
from collections import Counter

from groupware.core import limits, names
from groupware.core.directory import get_account
from groupware.core.errors import GroupwareError, Invalid, NotFound
from groupware.core.models import Account, Collection, CollectionKind
from groupware.management.base import Answer, GroupwareCommand, argument
from groupware.management.moments import iso_moment, parse_moment, show_moment
from groupware.management.progress import Progress
from groupware.management.tables import counted, octets, render_table
from mail.flags import DELETED, serialize_flags
from mail.services import undelete
from mail.services.expunged import DAY
from mail.services.undelete import Restorable, Selection

HEADINGS = ("expunged (UTC)", "mailbox", "from", "subject", "size")
WIDEST = 40
"""Characters of a sender or a subject in the table."""


class Command(GroupwareCommand):
    """Restore expunged messages."""

    help = "Restore messages that were expunged lately, or list them with --list."
    arguments = (
        argument(
            "target",
            metavar="ACCOUNT|COLLECTION",
            help="an ADDRESS, or ADDRESS/mail/NAME, also of a mailbox that is deleted",
        ),
        argument("--list", action="store_true", help="show what would be restored, and leave it"),
        argument(
            "--since",
            metavar="WHEN",
            type=parse_moment,
            default=0,
            help="only what was expunged since: 2026-11-25, 2026-11-25T09:30 (UTC), 12h, 3d, 2w",
        ),
        argument("--subject", metavar="TEXT", default="", help="only where the subject has it"),
        argument("--from", metavar="TEXT", default="", dest="sender", help="only from there"),
        argument(
            "--into",
            metavar="COLLECTION",
            help="restore into this mailbox, not into those where the messages were",
        ),
    )

    def run(self, options: Namespace) -> Answer:
        """List or restore what is meant."""
        account, mailbox = _parse_target(options.target)
        into = _find_into(options.into, account) if options.into else None
        selection = Selection(account.pk, mailbox, options.since, options.sender, options.subject)
        found = list(undelete.list_restorable(selection))
        if options.list:
            return _listed(found, account)
        if not found:
            where = f"{account.login}/mail/{mailbox}" if mailbox else account.login
            raise NotFound(f"Nothing like that can be restored: see `undelete {where} --list`.")
        with Progress(self.stderr) as progress:
            return _restore(account, found, into, progress)


def _parse_target(text: str) -> tuple[Account, str]:
    """Return (account, name of a mailbox or nothing); the mailbox may be gone."""
    if not names.is_collection_name(text):
        return get_account(text), ""
    name = names.parse_collection_name(text)
    if name.kind != CollectionKind.MAIL:
        raise Invalid(f"{text} is no mailbox: only messages are kept when they are expunged.")
    return get_account(name.address), name.path


def _find_into(text: str, account: Account) -> Collection:
    collection = names.get_collection(text)
    if collection.kind != CollectionKind.MAIL or collection.account_id != account.pk:
        raise Invalid(f"{text} is no mailbox of {account.login}: messages go back to their owner.")
    return collection


def _restore(
    account: Account, found: list[Restorable], into: Collection | None, progress: Progress
) -> Answer:
    """Restore batch by batch; what hinders that leaves the rest as it was."""
    restored: Counter[str] = Counter()
    fault = ""
    try:
        for (mailbox_id, name), keys in _by_mailbox(found).items():
            target = into.pk if into else undelete.prepare_mailbox(account.pk, mailbox_id, name)
            for start in range(0, len(keys), undelete.BATCH):
                batch = keys[start : start + undelete.BATCH]
                number = undelete.restore_messages(account.pk, target, batch)
                restored[into.name if into else name] += number
                progress.tell("restored", restored.total(), len(found))
    except GroupwareError as error:
        left = counted(len(found) - restored.total(), "message")
        fault = f"{left} left as before: {error.message} Then run this again."
    data = {"account": account.login, "restored": dict(restored), "fault": fault}
    lines = [
        f"{names.name_of(account.login, CollectionKind.MAIL, name)}: {number}"
        for name, number in sorted(restored.items())
    ]
    return Answer(
        data, "\n".join([f"Restored {counted(restored.total(), 'message')}.", *lines]), fault
    )


def _by_mailbox(found: list[Restorable]) -> dict[tuple[int, str], list[int]]:
    """Return the keys of what goes into each mailbox, in the order of the old UIDs."""
    groups: dict[tuple[int, str], list[int]] = {}
    for row in sorted(found, key=lambda row: (row.mailbox, row.mailbox_id, row.uid)):
        groups.setdefault((row.mailbox_id, row.mailbox), []).append(row.key)
    return groups


def _listed(found: list[Restorable], account: Account) -> Answer:
    data = [_data(row, account) for row in found]
    if not found:
        return Answer(data, "Nothing like that can be restored.")
    rows = [
        (
            show_moment(row.expunged_at),
            row.mailbox,
            _short(row.sender),
            _short(row.subject),
            octets(row.size),
        )
        for row in found
    ]
    until = show_moment(min(row.expunged_at for row in found) + limits.UNDELETE_DAYS.value * DAY)
    size = octets(sum(row.size for row in found))
    summary = f"{counted(len(found), 'message')} of {size}; the first goes for ever {until} (UTC)."
    return Answer(data, f"{render_table(HEADINGS, rows)}\n\n{summary}")


def _short(text: str) -> str:
    return text if len(text) <= WIDEST else text[: WIDEST - 1] + "…"


def _data(row: Restorable, account: Account) -> dict[str, object]:
    return {
        "mailbox": names.name_of(account.login, CollectionKind.MAIL, row.mailbox),
        "uid": row.uid,
        "size": row.size,
        "flags": serialize_flags(row.flags & ~DELETED, row.keywords).decode().split(),
        "internal_date": iso_moment(row.internal_date),
        "expunged_at": iso_moment(row.expunged_at),
        "from": row.sender,
        "subject": row.subject,
    }
