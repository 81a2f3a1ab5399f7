"""How a calendar lies in a directory: a file for each object, small files for what it shows.

It is the layout that vdirsyncer, khal and todoman share (vdir).
"""

import re
from hashlib import sha256
from pathlib import Path

from groupware.core.resources.collections import Face
from groupware.core.resources.queries import CollectionInfo

SUFFIX = ".ics"
_LONGEST = 200
_LARGEST = 16 << 10
"""Octets of a small file that are read."""
_NUMBER = re.compile(r"[0-9]{1,6}")


def file_name(href: str) -> str:
    """Return the name of an object's file: its href where that can be one."""
    is_plain = href.endswith(SUFFIX) and not href.startswith(".") and "\\" not in href
    if is_plain and len(href.encode()) <= _LONGEST:
        return href
    return sha256(href.encode()).hexdigest()[:40] + SUFFIX


def describe(info: CollectionInfo) -> dict[str, str]:
    """Return the small files of a calendar by their names."""
    texts = {
        "displayname": info.display_name,
        "description": info.description,
        "color": info.color,
        "order": str(info.position) if info.position >= 0 else "",
    }
    return {name: text for name, text in texts.items() if text}


def read_face(path: Path, name: str) -> Face:
    """Return what a directory says of its calendar, which is to be found by `name` again."""
    order = _read(path / "order")
    return Face(
        display_name=name,
        description=_read(path / "description") or None,
        color=_read(path / "color") or None,
        position=int(order) if _NUMBER.fullmatch(order) else None,
    )


def _read(path: Path) -> str:
    if not path.is_file():
        return ""
    with path.open("rb") as file:
        return file.read(_LARGEST).decode("utf-8", "replace").strip()
