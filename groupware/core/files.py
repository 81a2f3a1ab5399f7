"""What files need beyond the standard library: to survive a loss of power, whole."""

import os
from pathlib import Path


def sync_directory(path: Path) -> None:
    """Make durable which files the folder names; a file's own bytes are synced apart."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def replace_text(path: Path, text: str) -> None:
    """Replace a small file by another that is durable and whole; until then it ends in `.tmp`."""
    replace_bytes(path, text.encode())
    sync_directory(path.parent)


def replace_bytes(path: Path, data: bytes) -> None:
    """Do the same but for the folder: of many files it is synced once, by `sync_directory`."""
    unnamed = path.with_name(f"{path.name}.tmp")
    with unnamed.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    unnamed.rename(path)
