"""What somebody leaves goes to somebody else: mail, calendars and contacts, as a copy.

It is an export that is imported: both go on where they were cut off, and the import adds only
what is not there yet, so that it may be done again. Bytes that the store has are not stored twice.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import structlog

from groupware.core import exchange
from groupware.core.errors import GroupwareError
from groupware.core.exchange import Exporter, ImportRequest, Transferred
from groupware.core.leaving.exports import directory_of
from groupware.core.models import Account, CollectionKind

FORMATS = {
    CollectionKind.MAIL: "maildir",
    CollectionKind.CALENDAR: "ics",
    CollectionKind.ADDRESS_BOOK: "vcf",
}
FOLDER = "Handed over"
"""Below which the mail of those who left lies, each in a mailbox named by the address."""

_log = structlog.get_logger("groupware.handover")


class Incomplete(GroupwareError):
    """Not everything could be handed over; the text says what, and doing it again goes on."""


def hand_over(account: Account, successor: Account) -> None:
    """Copy everything of an account to another; raises `Incomplete`, and as an import does."""
    home = directory_of()
    home.mkdir(mode=0o700, exist_ok=True)
    directory = home / f"handover-{account.pk}.tmp"
    listener = _Faults()
    try:
        directory.mkdir(mode=0o700, exist_ok=True)
        for exporter in exchange.list_exporters():
            exporter.run(account, directory / exporter.directory, listener)
            _import(exporter, directory / exporter.directory, (account, successor), listener)
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    if listener.faults:
        raise Incomplete(
            "{number} items were not handed over: {first}",
            number=len(listener.faults),
            first=listener.faults[0],
        )


def _import(
    exporter: Exporter, directory: Path, people: tuple[Account, Account], listener: "_Faults"
) -> None:
    account, successor = people
    importer = exchange.get_importer(FORMATS[CollectionKind(exporter.kind)], exporter.kind)
    for path, name in _parts(exporter.kind, directory, account.login):
        done: Transferred = importer.run(
            ImportRequest(str(path), successor.pk, name, is_dry=False, listener=listener)
        )
        if done.stopped:
            raise Incomplete(done.stopped)


def _parts(kind: str, directory: Path, login: str) -> Iterator[tuple[Path, str]]:
    """Yield what is imported, and into what: mail as a whole, the others collection by collection."""
    if kind == CollectionKind.MAIL:
        yield directory, f"{FOLDER}/{login}"
        return
    suffix = f".{FORMATS[CollectionKind(kind)]}"
    for path in sorted(directory.iterdir()):
        if path.suffix == suffix or any(entry.suffix == suffix for entry in path.iterdir()):
            yield path, f"{path.stem} ({login})"


class _Faults:
    """Keeps what could not be taken over."""

    def __init__(self) -> None:
        self.faults: list[str] = []

    def progress(self, text: str, share: float) -> None:
        """Take in how far it is."""

    def broken(self, where: str, why: str) -> None:
        """Keep what is left out, and why."""
        self.faults.append(f"{where}: {why}")

    def note(self, text: str) -> None:
        """Note in the log what is no fault."""
        _log.info("handover", note=text)
