"""How a calendar lies in a directory: a file for each object, small files for what it shows.

It is the layout that vdirsyncer, khal and todoman share (vdir). What they have no file for, such as
which components it takes, lies in one of ours, which they pass over as they do all hidden files.
"""

import json
import re
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from calendar_app.queries import CalendarInfo
from calendar_app.services.calendars import COMPONENTS, USUAL_COMPONENTS, CalendarSettings
from groupware.core.resources.collections import Face
from groupware.core.resources.queries import CollectionInfo

SUFFIX = ".ics"
SETTINGS = ".calendar.json"
SMALL = frozenset({"displayname", "description", "color", "order", SETTINGS})
"""Names of the files beside the objects."""
_LONGEST = 200
_LARGEST = 128 << 10
"""Octets of a small file that are read."""
_NUMBER = re.compile(r"[0-9]{1,6}")


def file_name(href: str) -> str:
    """Return the name of an object's file: its href where that can be one."""
    is_plain = href.endswith(SUFFIX) and not href.startswith(".") and "\\" not in href
    if is_plain and len(href.encode()) <= _LONGEST:
        return href
    return sha256(href.encode()).hexdigest()[:40] + SUFFIX


def describe(info: CollectionInfo, settings: CalendarInfo) -> dict[str, str]:
    """Return the small files of a calendar by their names."""
    behaves = {
        "components": list(settings.components),
        "is_transparent": settings.is_transparent,
        "timezone": settings.timezone,
        "tzid": settings.tzid,
    }
    texts = {
        "displayname": info.display_name,
        "description": info.description,
        "color": info.color,
        "order": str(info.position) if info.position >= 0 else "",
        SETTINGS: json.dumps(behaves),
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


def read_settings(path: Path) -> tuple[tuple[str, ...], CalendarSettings]:
    """Return which components a directory's calendar takes, and how it behaves."""
    try:
        held = json.loads(_read(path / SETTINGS) or "{}")
    except ValueError:
        held = {}
    values: Mapping[str, Any] = held if isinstance(held, dict) else {}
    components = values.get("components")
    wanted = components if isinstance(components, list) else []
    known = tuple(name for name in COMPONENTS if name in wanted)
    is_transparent = values.get("is_transparent") is True
    timezone, tzid = str(values.get("timezone", "")), str(values.get("tzid", ""))
    return known or USUAL_COMPONENTS, CalendarSettings(timezone, tzid[:255], is_transparent)


def _read(path: Path) -> str:
    if not path.is_file():
        return ""
    with path.open("rb") as file:
        return file.read(_LARGEST).decode("utf-8", "replace").strip()
