"""What files need beyond the standard library: a folder whose entries survive a loss of power."""

import os
from pathlib import Path


def sync_directory(path: Path) -> None:
    """Make durable which files the folder names; a file's own bytes are synced apart."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
