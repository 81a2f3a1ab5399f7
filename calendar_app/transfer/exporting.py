"""Exporting calendars: a directory for each, a file for each object, byte for byte.

What follows from something else is left out: birthdays come back with the contacts.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from calendar_app.queries import find_calendar
from calendar_app.transfer.layout import SMALL, SUFFIX, describe, file_name
from groupware.core.errors import Invalid
from groupware.core.exchange import KEPT, REMOVED, WRITTEN, Listener, Transferred
from groupware.core.files import replace_bytes, sync_directory
from groupware.core.models import Account, CollectionKind, CollectionRole
from groupware.core.resources.exporting import UNFINISHED, assign_names
from groupware.core.resources.queries import CollectionInfo, list_collections, read_page

PAGE = 200
"""Objects that are read at once, while others write."""


def export_calendars(account: Account, root: Path, listener: Listener) -> Transferred:
    """Write each of an account's calendars below `root`, durably, only what differs.

    Raises `Invalid` where there is anything that no export wrote.
    """
    root.mkdir(parents=True, exist_ok=True)
    infos = [info for info in list_collections(account.pk) if _is_exported(info)]
    directories = dict(zip(assign_names(infos, ""), infos, strict=True))
    _refuse_foreign(root)
    done = Transferred()
    total = sum(info.items for info in infos) or 1
    for name, info in directories.items():
        counts = done.of(info.name)
        for _ in _export(info, root / name, counts):
            number = done.total(WRITTEN) + done.total(KEPT)
            listener.progress(f"{number} items", min(number / total, 1.0))
    for directory in sorted(root.iterdir()):
        if directory.name not in directories:
            _remove(directory, done.of(directory.name))
    sync_directory(root)
    return done


def _is_exported(info: CollectionInfo) -> bool:
    return info.kind == CollectionKind.CALENDAR and info.role != CollectionRole.BIRTHDAYS


def _export(info: CollectionInfo, directory: Path, counts: Counter[str]) -> Iterator[None]:
    directory.mkdir(exist_ok=True)
    settings = find_calendar(info.collection_id)
    small = describe(info, settings) if settings is not None else {}
    for name, text in small.items():
        _write(directory / name, text.encode() + b"\n")
    names = set(small)
    after = 0
    while True:
        page, after = read_page(info.collection_id, after, PAGE)
        for stored in page:
            name = file_name(stored.href)
            names.add(name)
            counts[WRITTEN if _write(directory / name, stored.data) else KEPT] += 1
            yield
        if not after:
            break
    for file in sorted(directory.iterdir()):
        if file.name not in names:
            file.unlink()
            counts[REMOVED] += file.name.endswith(SUFFIX)
    sync_directory(directory)


def _write(path: Path, data: bytes) -> bool:
    """Write a file that is not so yet; tell whether it was not."""
    if path.exists() and path.read_bytes() == data:
        return False
    replace_bytes(path, data)
    return True


def _remove(directory: Path, counts: Counter[str]) -> None:
    """Remove the directory of a calendar that is gone."""
    for file in directory.iterdir():
        file.unlink()
        counts[REMOVED] += file.name.endswith(SUFFIX)
    directory.rmdir()


def _refuse_foreign(root: Path) -> None:
    for directory in root.iterdir():
        for entry in directory.iterdir() if directory.is_dir() else [directory]:
            name = entry.name.removesuffix(UNFINISHED)
            if not entry.is_file() or entry is directory or not _is_ours(name):
                raise Invalid(
                    f"{entry} is not of an export: choose an empty directory, so that nothing"
                    " is mixed."
                )


def _is_ours(name: str) -> bool:
    return name in SMALL or name.endswith(SUFFIX)
