"""All members of a collection as one file: what a browser and a subscription by GET are sent."""

import re
from collections.abc import Iterator

from calendar_app.ical.bundles import bundle
from groupware.core import db, limits
from groupware.core.resources.queries import CollectionInfo
from groupware.dav.resources import Resource

PAGE = 500
"""Members that are read at once."""
_UNSAFE = re.compile(r"[^A-Za-z0-9._ -]+")


def read_all(collection: Resource) -> bytes:
    """Return the file; members are octet for octet what was put."""
    info = collection.info
    assert info is not None
    data = _read_members(collection)
    if collection.is_calendar:
        shown = info.display_name or info.name
        return b"".join(bundle(data, name=shown, description=info.description))
    return b"".join(card if card.endswith(b"\n") else card + b"\r\n" for card in data)


def _read_members(collection: Resource) -> Iterator[bytes]:
    hrefs = [row.href for row in collection.members.rows()]
    for start in range(0, len(hrefs), PAGE):
        page = hrefs[start : start + PAGE]
        found = collection.members.read_many(page)
        yield from (found[href].data for href in page if href in found)


def most_octets(info: CollectionInfo) -> int | None:
    """Return the limit that a collection's file would exceed; None where it would not."""
    rows = db.fetch_rows("SELECT bytes FROM core_collection WHERE id = %s", [info.collection_id])
    most = limits.DAV_DOWNLOAD.value
    return most if rows and rows[0][0] > most else None


def file_name(info: CollectionInfo) -> str:
    """Return a name for the file that every system takes."""
    suffix = "ics" if info.kind == "calendars" else "vcf"
    return f"{_UNSAFE.sub('_', info.name).strip(' .') or 'collection'}.{suffix}"
