"""Programs of other projects that the tests run; `make test-deps` installs them."""

import shutil
from pathlib import Path

import pytest


def find_tool(name: str) -> str:
    """Return where a program is; skip the test where it is not."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin")
    if found is None:
        pytest.skip(f"run `make test-deps`, which installs {name}")
    return found


def private(path: Path, text: str) -> Path:
    """Write a file that only its owner reads, as programs want it of those with a password."""
    path.touch(mode=0o600)
    path.write_text(text)
    return path
