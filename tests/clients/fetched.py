"""What the tests fetch from package registries, once, into the user's cache.

Each thing has a directory named by the digest of the lock file that describes it.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.clients.tools import find_tool

FETCH_SECONDS = 300
NODE_FILES = ("package.json", "package-lock.json")


def node_modules(folder: Path) -> Path:
    """Return where the packages of the folder's package-lock.json are; skip where they are not."""
    files = [folder / name for name in NODE_FILES]
    return kept(folder.name, files, lambda place: _install_packages(files, place)) / "node_modules"


def python_with(requirements: Path) -> Path:
    """Return the Python of a virtual environment with hashed requirements, and nothing else.

    It is apart from this tree's own: clients want other versions of what the server stands on.
    """
    place = kept(requirements.stem, [requirements], lambda place: _install(requirements, place))
    return place / "bin" / "python"


def source_of(name: str, requirements: Path) -> Path:
    """Return the unpacked source distribution of one of the hashed requirements."""
    requirement = _lines_of(name, requirements)
    digest_of = [requirements]
    place = kept(f"{name}-source", digest_of, lambda place: _download(name, requirement, place))
    [found] = [path for path in place.iterdir() if path.is_dir()]
    return found


def kept(name: str, described_by: Sequence[Path], make: Callable[[Path], None]) -> Path:
    """Return the directory of a thing; the first process that wants it makes it."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "groupware-tests"
    cache.mkdir(parents=True, exist_ok=True)
    content = b"".join(path.read_bytes() for path in described_by)
    place = cache / f"{name}-{hashlib.sha256(content).hexdigest()[:16]}"
    stamp = place / ".made"
    with place.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not stamp.exists():
            shutil.rmtree(place, ignore_errors=True)
            place.mkdir()
            make(place)
            stamp.touch()
    return place


def _fetch(command: Sequence[str], place: Path, what: str) -> None:
    try:
        subprocess.run(command, cwd=place, check=True, capture_output=True, timeout=FETCH_SECONDS)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        pytest.skip(f"{what} could not be fetched: is the network there?")


def _install_packages(files: Sequence[Path], place: Path) -> None:
    npm = find_tool("npm")
    for file in files:
        shutil.copy(file, place)
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
    _fetch(command, place, files[0].parent.name)


def _install(requirements: Path, place: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", place], check=True, timeout=FETCH_SECONDS)
    options = ["--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes"]
    python = str(place / "bin" / "python")
    command = [python, "-m", "pip", "install", *options, "-r", str(requirements)]
    _fetch(command, place, requirements.stem)


def _download(name: str, requirement: str, place: Path) -> None:
    file = place / "requirement.txt"
    file.write_text(requirement)
    options = ["--disable-pip-version-check", "--no-deps", "--no-binary", name]
    pip = [sys.executable, "-m", "pip", "download", *options]
    command = [*pip, "--require-hashes", "-r", str(file)]
    _fetch(command, place, f"the source of {name}")
    [archive] = place.glob("*.tar.gz")
    shutil.unpack_archive(archive, place, filter="data")


def _lines_of(name: str, requirements: Path) -> str:
    """Return a requirement with its hashes."""
    lines = iter(requirements.read_text().splitlines())
    found = [next(line for line in lines if line.startswith(f"{name}=="))]
    while found[-1].endswith("\\"):
        found.append(next(lines))
    return "\n".join([*found, ""])
