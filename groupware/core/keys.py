"""Secrets that this installation makes for itself: files of mode 0600 in DATA/keys.

A secret is made once, whichever process asks first, and is durable before anyone uses it.
"""

import contextlib
import os
import secrets
import tempfile
from collections.abc import Iterator
from pathlib import Path

from groupware.core.files import sync_directory

SECRET_BYTES = 48


def load_secret(data: Path, name: str) -> str:
    """Return the secret `name` of the installation in `data`, making it where it is missing."""
    path = data / "keys" / name
    with contextlib.suppress(FileNotFoundError):
        return path.read_text("ascii")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    create_private_file(path, secrets.token_urlsafe(SECRET_BYTES).encode("ascii"))
    return path.read_text("ascii")


def create_private_file(path: Path, content: bytes) -> bool:
    """Write a new file of mode 0600, whole and durable; return False if it was there already.

    Of several processes exactly one wins, and nobody ever reads a half-written file.
    """
    with _private_temporary(path, content) as temporary:
        try:
            os.link(temporary, path)
        except FileExistsError:
            return False
        sync_directory(path.parent)
    return True


def replace_private_file(path: Path, content: bytes) -> None:
    """Write a file of mode 0600, whole and durable, in place of whatever is there."""
    with _private_temporary(path, content) as temporary:
        temporary.rename(path)
        sync_directory(path.parent)


@contextlib.contextmanager
def _private_temporary(path: Path, content: bytes) -> Iterator[Path]:
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)
