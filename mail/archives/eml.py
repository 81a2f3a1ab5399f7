"""Directories of .eml files, each a message; sub-directories are mailboxes.

A file says nothing of flags; its time of modification is the internal date.
"""

from collections.abc import Iterator
from pathlib import Path

from mail.archives.messages import (
    Archive,
    BrokenMessage,
    Found,
    FoundMailbox,
    FoundMessage,
    NotAnArchive,
    Reading,
    clean_level,
    too_large,
    with_crlf,
)

SUFFIXES = frozenset({".eml"})


def open_eml(path: str, *, largest: int) -> Archive:
    """Look at one .eml file, or at a directory of them and its sub-directories."""
    root = Path(path)
    reading = Reading(largest=largest)
    if root.is_dir():
        folders = {name: files for name, files in _walk(root, "") if files}
        if not folders:
            raise NotAnArchive(f"{path} holds no .eml file.")
    else:
        folders = {"": [root]}
    reading.total = sum(file.stat().st_size for files in folders.values() for file in files)
    mailboxes = (FoundMailbox(name, _read(files, reading)) for name, files in folders.items())
    return Archive(mailboxes, reading)


def _walk(folder: Path, name: str) -> Iterator[tuple[str, list[Path]]]:
    entries = sorted(folder.iterdir())
    yield name, [file for file in entries if file.suffix.lower() in SUFFIXES and file.is_file()]
    for entry in entries:
        if entry.is_dir():
            yield from _walk(entry, f"{name}/{clean_level(entry.name)}".removeprefix("/"))


def _read(files: list[Path], reading: Reading) -> Iterator[Found]:
    for file in files:
        try:
            known = file.stat()
            reading.done += known.st_size
            if known.st_size > reading.largest:
                yield too_large(str(file), reading.largest)
                continue
            data = file.read_bytes()
        except OSError as error:
            yield BrokenMessage(str(file), error.strerror or str(error))
            continue
        if data:
            yield FoundMessage(str(file), with_crlf(data), internal_date=int(known.st_mtime))
        else:
            yield BrokenMessage(str(file), "it is empty")
