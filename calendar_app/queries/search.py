"""Searching events and tasks in all calendars that somebody may read."""

from typing import NamedTuple

from groupware.core import db, holdings, rights
from groupware.core.models import CollectionKind
from mail.mime.text import fold_search

MOST_WORDS = 20
"""Words of a search; what follows them is not looked for."""


class Hit(NamedTuple):
    """An object that a search found, and whose calendar it is in."""

    resource_id: int
    account_id: int
    collection_id: int
    href: str
    etag: str
    component: str
    ical_uid: str
    summary: str
    classification: str


def list_readable(account_id: int) -> dict[int, bool]:
    """Return the calendars that an account may read, and of each whether with private details."""
    owners = {other.account_id: other for other in holdings.list_owners(account_id)}
    within, params = db.in_list("account_id", [account_id, *owners])
    rows = db.fetch_rows(
        f"SELECT id, account_id FROM core_collection WHERE kind = %s AND {within}",
        [CollectionKind.CALENDAR.value, *params],
    )
    found: dict[int, bool] = {}
    for collection_id, owner_id in rows:
        held = rights.ALL
        if owner_id != account_id:
            held = rights.on_calendar(owners[owner_id].rights_on(collection_id))
        if "r" in held:
            found[collection_id] = "private" in held
    return found


def search_objects(
    account_id: int, text: str, *, component: str = "", limit: int = 100
) -> list[Hit]:
    """Return objects that hold every word, the last changed first; without a word none.

    Words are folded, and found within others. What is private or confidential is found by those
    who may see it.
    """
    words = fold_search(text).split()[:MOST_WORDS]
    readable = list_readable(account_id)
    if not words or not readable:
        return []
    within, keys = db.in_list("r.collection_id", list(readable))
    open_, open_keys = db.in_list(
        "r.collection_id", [key for key, all_ in readable.items() if all_]
    )
    holding = f" AND {db.holds('c.text')}" * len(words)
    rows = db.fetch_rows(
        "SELECT r.id, r.account_id, r.collection_id, r.href, r.etag, r.component, r.ical_uid,"
        " c.summary, c.classification FROM core_resource r"
        " JOIN calendar_app_calendarobject c ON c.resource_id = r.id"
        f" WHERE {within} AND (c.classification = '' OR {open_}){holding}"
        " AND (%s = '' OR r.component = %s) ORDER BY r.changed_at DESC, r.id DESC LIMIT %s",
        [*keys, *open_keys, *words, component, component, limit],
    )
    return [Hit(*row) for row in rows]
