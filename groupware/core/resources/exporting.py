"""Exporting collections of resources: a file for each, replaced as a whole when it differs."""

import filecmp
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

from groupware.core.errors import Invalid
from groupware.core.exchange import KEPT, REMOVED, WRITTEN, Listener, Transferred
from groupware.core.files import sync_directory
from groupware.core.models import Account
from groupware.core.resources.queries import CollectionInfo, list_collections

UNFINISHED = ".tmp"
_LONGEST = 200
"""Octets of a file's name without its suffix."""


@dataclass(frozen=True, slots=True)
class FileFormat:
    """How an app writes a collection into a file; `write` yields after each item."""

    kind: str
    suffix: str
    write: Callable[[CollectionInfo, BinaryIO], Iterator[None]]


def export_collections(
    form: FileFormat, account: Account, root: Path, listener: Listener
) -> Transferred:
    """Write each of an account's collections of a kind below `root`, durably.

    Counted are items: those of a file that was there already as kept, of a collection that is gone
    its file as removed. Raises `Invalid` where there is anything that no export wrote.
    """
    _refuse_foreign(root, form.suffix)
    root.mkdir(parents=True, exist_ok=True)
    infos = [info for info in list_collections(account.pk) if info.kind == form.kind]
    names = assign_names(infos, form.suffix)
    done = Transferred()
    total = sum(info.items for info in infos) or 1
    for info, name in zip(infos, names, strict=True):
        counts = done.of(info.name)
        for _ in _write(form, info, root / name, counts):
            number = done.total(WRITTEN) + done.total(KEPT)
            listener.progress(f"{number} items", min(number / total, 1.0))
    for file in sorted(root.iterdir()):
        if file.name not in names:
            file.unlink()
            done.of(file.name.removesuffix(form.suffix))[REMOVED] += 1
    sync_directory(root)
    return done


def _write(
    form: FileFormat, info: CollectionInfo, path: Path, counts: Counter[str]
) -> Iterator[None]:
    """Write a collection beside its file, and take its place unless they are the same."""
    unfinished = path.with_name(path.name + UNFINISHED)
    with unfinished.open("wb") as file:
        for _ in form.write(info, file):
            counts[WRITTEN] += 1
            yield
        file.flush()
        os.fsync(file.fileno())
    if path.exists() and filecmp.cmp(path, unfinished, shallow=False):
        counts[KEPT], counts[WRITTEN] = counts[WRITTEN], 0
        unfinished.unlink()
    else:
        unfinished.rename(path)


def assign_names(infos: Sequence[CollectionInfo], suffix: str) -> list[str]:
    """Give each collection a file or a directory; a name that is taken or too long ends in a hash."""
    names: list[str] = []
    for info in infos:
        base = f"_{info.name}" if info.name.startswith(".") else info.name
        if len(base.encode()) > _LONGEST or base + suffix in names:
            cut = base.encode()[: _LONGEST // 2].decode(errors="ignore")
            base = f"{cut}~{sha256(info.name.encode()).hexdigest()[:16]}"
        names.append(base + suffix)
    return names


def _refuse_foreign(root: Path, suffix: str) -> None:
    for entry in root.iterdir() if root.exists() else ():
        if not entry.is_file() or not entry.name.endswith((suffix, suffix + UNFINISHED)):
            raise Invalid(
                f"{entry} is not of an export: choose an empty directory, so that nothing is mixed."
            )
