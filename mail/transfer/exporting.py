"""Exporting an account's mail as a Maildir++ that any server or mail program reads.

A message's file says in its name all that identifies it: date and zone, UID and UIDVALIDITY, size.
So a second export into the same directory writes what is missing, renames what has other flags,
and removes what is gone. Mailboxes are read in batches, while others write: each message is
as it was at some moment of the export. The manifest says at its end that the export is whole.
"""

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from groupware.core.errors import Invalid, NotFound
from groupware.core.exchange import KEPT, WRITTEN, Listener, Transferred
from groupware.core.files import replace_text
from groupware.core.models import Account
from mail import queries
from mail.archives.maildirnames import MAX_FILE_NAME, encode_name, serialize_subscriptions
from mail.archives.manifest import (
    MANIFEST,
    MORE_KEYWORDS,
    VERSION,
    ExportedMailbox,
    Manifest,
    serialize_manifest,
)
from mail.queries import MailboxInfo
from mail.transfer.maildirwriter import OWN_NAME, PARTS, MaildirWriter

SUBSCRIPTIONS = "subscriptions"
_BESIDE = frozenset({"dovecot-keywords", "dovecot-uidlist", MORE_KEYWORDS, "maildirfolder"})
_OF_ROOT = _BESIDE | {MANIFEST, SUBSCRIPTIONS}


def export_maildir(account: Account, root: Path, listener: Listener) -> Transferred:
    """Write all mailboxes of an account below `root`, durably; raises `Invalid`, `OSError`."""
    _refuse_foreign(root)
    mailboxes = sorted(queries.list_mailboxes(account.pk), key=lambda info: info.name)
    places = _assign(mailboxes)
    manifest = _describe(account, places, queries.list_subscriptions(account.pk))
    root.mkdir(parents=True, exist_ok=True)
    replace_text(root / MANIFEST, serialize_manifest(manifest))
    _remove_others(root, {directory for _, directory in places})
    done = Transferred()
    total = sum(info.items for info in mailboxes)
    for info, directory in places:
        if info.selectable:
            _export_mailbox(info, root / directory, listener, (done, total))
    directories = {info.name: directory for info, directory in places}
    subscribed = [directories.get(name, encode_name(name)) for name in manifest.subscriptions]
    replace_text(root / SUBSCRIPTIONS, serialize_subscriptions(subscribed))
    os.sync()  # every file of every mailbox, before the manifest says that they are there
    replace_text(root / MANIFEST, serialize_manifest(replace(manifest, whole=True)))
    return done


def _export_mailbox(
    info: MailboxInfo, path: Path, listener: Listener, progress: tuple[Transferred, int]
) -> None:
    done, total = progress
    counts = done.of(info.name)
    if path.name.startswith("."):
        path.mkdir(exist_ok=True)
        (path / "maildirfolder").touch()
    try:
        for outcome in MaildirWriter(info, path, listener).write():
            counts[outcome] += 1
            number = done.total(WRITTEN) + done.total(KEPT)
            listener.progress(f"{number} of {total} messages", number / total if total else 1.0)
    except NotFound:
        listener.note(f"{info.name} was deleted meanwhile: export again to take it out.")


def _assign(mailboxes: list[MailboxInfo]) -> list[tuple[MailboxInfo, str]]:
    """Give each mailbox a directory; one that is taken, or too long, ends in a hash of the name."""
    places: list[tuple[MailboxInfo, str]] = []
    taken: set[str] = set()
    for info in mailboxes:
        directory = encode_name(info.name)
        if directory in taken or len(directory) > MAX_FILE_NAME:
            directory = f"{directory[:100]}~{sha256(info.name.encode()).hexdigest()[:16]}"
        taken.add(directory)
        places.append((info, directory))
    return places


def _describe(
    account: Account, places: list[tuple[MailboxInfo, str]], subscriptions: list[str]
) -> Manifest:
    mailboxes = [
        ExportedMailbox(
            name=info.name,
            directory=directory if info.selectable else "",
            special_use=info.special_use,
            selectable=info.selectable,
            uid_validity=info.uid_validity,
        )
        for info, directory in places
    ]
    return Manifest(
        version=VERSION,
        whole=False,
        account=account.login,
        subscriptions=subscriptions,
        mailboxes=mailboxes,
    )


def _refuse_foreign(root: Path) -> None:
    """Raise `Invalid` where there is anything that no export wrote."""
    if not root.exists():
        return
    for entry in _list_foreign(root):
        raise Invalid(
            f"{entry} is not of an export: choose an empty directory, so that nothing is mixed."
        )


def _list_foreign(root: Path) -> Iterator[Path]:
    if any(root.iterdir()) and not any((root / name).exists() for name in _of_export(MANIFEST)):
        yield root
    for entry in root.iterdir():
        if entry.is_dir() and entry.name.startswith("."):
            yield from _list_foreign_in(entry, _BESIDE)
    yield from _list_foreign_in(root, _OF_ROOT, has_mailboxes=True)


def _list_foreign_in(
    path: Path, known: frozenset[str], *, has_mailboxes: bool = False
) -> Iterator[Path]:
    """Yield what is neither a known file, nor a directory of messages of ours."""
    for entry in path.iterdir():
        if entry.is_symlink():
            yield entry
        elif entry.is_dir() and entry.name in PARTS:
            yield from (file for file in entry.iterdir() if not OWN_NAME.fullmatch(file.name))
        elif entry.is_dir() and has_mailboxes and entry.name.startswith("."):
            continue
        elif not any(entry.name in _of_export(name) for name in known):
            yield entry


def _of_export(name: str) -> tuple[str, str]:
    """Return a file's name, and the one that it has until it is whole."""
    return name, f"{name}.tmp"


def _remove_others(root: Path, wanted: set[str]) -> None:
    """Remove the directories of mailboxes that are gone since an earlier export."""
    for entry in root.iterdir():
        if entry.is_dir() and entry.name.startswith(".") and entry.name not in wanted:
            shutil.rmtree(entry)
