"""Finding objects by what is known of them beside their times."""

from collections.abc import Sequence
from typing import NamedTuple

from calendar_app.ical.objects import DEFAULT_LIMITS
from groupware.core import db
from mail.mime.text import fold_search

IDS_OF_A_QUERY = 5_000
"""Rows that are asked for at once by their ids; more are several queries."""


class FoundObject(NamedTuple):
    """An object without its bytes, and who may see what of it ("", private, confidential)."""

    resource_id: int
    href: str
    etag: str
    classification: str


def find_by_component(collection_id: int, component: str) -> list[int]:
    """Return the ids of all objects of a component, in the order they came."""
    rows = db.fetch_rows(
        "SELECT id FROM core_resource WHERE collection_id = %s AND component = %s ORDER BY id",
        [collection_id, component],
    )
    return [row[0] for row in rows]


def find_by_text(collection_ids: Sequence[int], text: str, *, component: str = "") -> list[int]:
    """Return the ids of objects whose searched text holds the text, folded, in the order they came.

    That is summaries, places, descriptions, categories, comments and people.
    """
    condition, params = db.in_list("r.collection_id", collection_ids)
    rows = db.fetch_rows(
        "SELECT r.id FROM core_resource r"
        " JOIN calendar_app_calendarobject c ON c.resource_id = r.id"
        f" WHERE {condition} AND {db.holds('c.text')} AND (%s = '' OR r.component = %s)"
        " ORDER BY r.id",
        [*params, fold_search(text), component, component],
    )
    return [row[0] for row in rows]


def find_candidates(
    collection_id: int, *, component: str = "", texts: Sequence[str] = (), uids: Sequence[str] = ()
) -> list[int]:
    """Return the ids of objects that may match conditions, in the order they came.

    `texts` are folded (`contacts.vcard.matching.needle`): the searched text holds each of them, or
    was cut off. `uids` are pieces of the UID, in ASCII, in either case.
    """
    conditions = ["r.collection_id = %s"]
    values: list[str | int] = [collection_id]
    if component:
        conditions.append("r.component = %s")
        values.append(component)
    for text in texts:
        conditions.append(f"(r.size > %s OR {db.holds('c.text')})")
        values += [DEFAULT_LIMITS.max_text, text]
    for uid in uids:
        conditions.append(db.holds("lower(r.ical_uid)"))
        values.append(uid.lower())
    rows = db.fetch_rows(
        "SELECT r.id FROM core_resource r"
        " JOIN calendar_app_calendarobject c ON c.resource_id = r.id"
        f" WHERE {' AND '.join(conditions)} ORDER BY r.id",
        values,
    )
    return [row[0] for row in rows]


def read_found(resource_ids: Sequence[int]) -> list[FoundObject]:
    """Return objects without their bytes, by their rows; `read_by_ids` of core reads those too."""
    found: list[FoundObject] = []
    for start in range(0, len(resource_ids), IDS_OF_A_QUERY):
        condition, params = db.in_list("r.id", resource_ids[start : start + IDS_OF_A_QUERY])
        rows = db.fetch_rows(
            "SELECT r.id, r.href, r.etag, c.classification FROM core_resource r"
            " JOIN calendar_app_calendarobject c ON c.resource_id = r.id"
            f" WHERE {condition} ORDER BY r.id",
            params,
        )
        found += [FoundObject(*row) for row in rows]
    return found


def classify(collection_id: int, hrefs: Sequence[str] | None = None) -> dict[str, str]:
    """Return which objects are private or confidential, by href: among those named, or all.

    For readers that may not see them; everybody else need not ask.
    """
    condition, params = ("1 = 1", []) if hrefs is None else db.in_list("r.href", hrefs)
    rows = db.fetch_rows(
        "SELECT r.href, c.classification FROM core_resource r"
        " JOIN calendar_app_calendarobject c ON c.resource_id = r.id"
        f" WHERE r.collection_id = %s AND c.classification <> '' AND {condition}",
        [collection_id, *params],
    )
    return dict(rows)
