"""`manage.py export ACCOUNT --to DIR`: everything of an account, in files that others read."""

import json
from argparse import Namespace
from pathlib import Path

from groupware.core import exchange
from groupware.core.directory import get_account
from groupware.core.errors import Invalid
from groupware.core.exchange import KEPT, REMOVED, WRITTEN, Transferred
from groupware.core.files import replace_text, sync_directory
from groupware.core.models import Account
from groupware.core.names import name_of
from groupware.management.base import Answer, GroupwareCommand, argument
from groupware.management.progress import Progress
from groupware.management.transfer import Report

MARKER = "groupware-export.json"
VERSION = 1
_WORDS = {WRITTEN: "written", KEPT: "there already", REMOVED: "removed"}


class Command(GroupwareCommand):
    """Export an account."""

    help = "Export an account into files; run again, it brings them up to date."
    arguments = (
        argument("account", metavar="ACCOUNT", help="an ADDRESS"),
        argument(
            "--to",
            metavar="DIR",
            required=True,
            help="an empty directory, one to be made, or an earlier export; mail becomes DIR/mail",
        ),
    )

    def run(self, options: Namespace) -> Answer:
        """Let each app write what it keeps."""
        account = get_account(options.account)
        root = Path(options.to)
        _mark(root, account)
        done = Transferred()
        with Progress(self.stderr) as progress:
            report = Report(progress, self.stdout, is_json=options.json)
            for exporter in exchange.list_exporters():
                part = exporter.run(account, root / exporter.directory, report)
                done.counts |= {
                    name_of(account.login, exporter.kind, name): counts
                    for name, counts in part.counts.items()
                }
        sync_directory(root)
        return report.answer(done, _WORDS, {"account": account.login, "directory": str(root)})


def _mark(root: Path, account: Account) -> None:
    """Make the directory this account's; raises `Invalid` where it is anything else's."""
    root.mkdir(parents=True, exist_ok=True)
    marker = root / MARKER
    if marker.exists():
        try:
            held = json.loads(marker.read_text("utf-8"))["account"]
        except (ValueError, KeyError, TypeError) as error:
            raise Invalid(f"{marker} is damaged: choose an empty directory.") from error
        if held != account.login:
            raise Invalid(f"{root} is an export of {held}: choose an empty directory.")
    elif any(entry.name != f"{MARKER}.tmp" for entry in root.iterdir()):
        raise Invalid(f"{root} is not empty and no export: choose an empty directory.")
    else:
        text = json.dumps({"version": VERSION, "account": account.login})
        replace_text(marker, text + "\n")
