"""`manage.py import FORMAT PATH --into COLLECTION`; `import` is no name that Python can import."""

from argparse import Namespace

from groupware.core import exchange, names
from groupware.core.directory import get_account
from groupware.core.exchange import IMPORTED, SKIPPED, ImportRequest
from groupware.management.base import Answer, GroupwareCommand, argument
from groupware.management.progress import Progress
from groupware.management.transfer import Report

_FORMATS = exchange.list_importers()
_WORDS = {IMPORTED: "imported", SKIPPED: "there already"}
_WORDS_DRY = {IMPORTED: "would be imported", SKIPPED: "there already"}


class Command(GroupwareCommand):
    """Import what other programs left."""

    help = "Import from files; run again, it adds only what is not there yet."
    arguments = (
        argument(
            "format",
            metavar="FORMAT",
            choices=[importer.format for importer in _FORMATS],
            help="; ".join(f"{importer.format}: {importer.help}" for importer in _FORMATS),
        ),
        argument("path", metavar="PATH", help="the file or directory"),
        argument(
            "--into",
            metavar="COLLECTION",
            required=True,
            help="ADDRESS/mail/NAME, ADDRESS/calendars/NAME or ADDRESS/addressbooks/NAME, made"
            " where it is missing; with ADDRESS/mail/INBOX what lies below the root becomes mailboxes beside INBOX, else"
            " below NAME",
        ),
        argument("--dry-run", action="store_true", help="say what would be done, and do nothing"),
    )

    def run(self, options: Namespace) -> Answer:
        """Import everything; single items that cannot be read are told and left out."""
        name = names.parse_collection_name(options.into)
        importer = exchange.get_importer(options.format, name.kind)
        account = get_account(name.address)
        with Progress(self.stderr) as progress:
            report = Report(progress, self.stdout, is_json=options.json)
            request = ImportRequest(options.path, account.pk, name.path, options.dry_run, report)
            done = importer.run(request)
        words = _WORDS_DRY if options.dry_run else _WORDS
        return report.answer(done, words, {"account": account.login, "dry_run": options.dry_run})
