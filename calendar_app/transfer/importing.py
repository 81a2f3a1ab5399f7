"""Importing .ics files into a calendar: exports of other programs, and our own.

What is the same for cards is `groupware.core.resources.importing`'s.
"""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from calendar_app.ical.errors import InvalidObject
from calendar_app.ical.files import BrokenPart, split_file, to_utf8
from calendar_app.services.calendars import create_calendar
from calendar_app.services.objects import Prepared, prepare_object, put_object
from calendar_app.transfer.layout import SUFFIX, read_face, read_settings
from groupware.core import limits
from groupware.core.errors import Invalid
from groupware.core.exchange import Listener
from groupware.core.models import CollectionKind
from groupware.core.resources.importing import FileItem, ImportFormat
from groupware.core.resources.items import Check, Written
from groupware.core.resources.moving import Place


def _read_objects(path: Path, listener: Listener) -> Iterator[FileItem]:
    items = 0
    with path.open("rb") as file:
        for found in split_file(file, limits.RESOURCE_SIZE.value):
            where = f"{path}:{found.line}"
            if isinstance(found, BrokenPart):
                listener.broken(where, found.reason)
                continue
            data = to_utf8(found.data)
            try:
                prepared = prepare_object(data)
            except InvalidObject as error:
                listener.broken(where, error.text)
                continue
            items += 1
            # A file of one object is named as it was when it was exported.
            href = path.name if found.share == 1 and items == 1 else ""
            uid = prepared.content.ical_uid or ""
            put = partial(_put, prepared)
            yield FileItem(where, uid, data, found.share, put, href)


def _put(prepared: Prepared, place: Place, check: Check) -> Written:
    return put_object(*place, prepared, check=check)


def _create(account_id: int, name: str, path: Path) -> int:
    """Create a calendar for what is imported, as an export describes it."""
    components, settings = read_settings(path)
    face = read_face(path, name)
    return create_calendar(account_id, face, components=components, settings=settings)


FORMAT = ImportFormat(
    CollectionKind.CALENDAR,
    SUFFIX,
    "events and tasks",
    _create,
    _read_objects,
    (Invalid, InvalidObject),
)
