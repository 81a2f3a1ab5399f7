"""Events and tasks as their readers are shown them, over several calendars at once.

A `Reader` is one calendar with what its reader may see of it (docs/adr/0028): all there is, or what
`shown` leaves. Nothing here looks past it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from calendar_app.queries import shown
from groupware.core import db
from groupware.core.resources import queries
from groupware.core.resources.places import Place
from groupware.core.resources.queries import ChangedHref, Stored
from mail.mime.text import fold_search

MOST_WORDS = 20
"""Words of a search; what follows them is not looked for."""


class Found(NamedTuple):
    """An object of a list, without its bytes."""

    resource_id: int
    collection_id: int
    href: str
    size: int


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads what a calendar holds for one reader."""

    place: Place

    @property
    def collection_id(self) -> int:
        """The row of the calendar."""
        return self.place.info.collection_id

    def newest(self) -> int:
        """Return the modseq of the last change that is shown."""
        if self.place.sees_private:
            return self.place.info.highest_modseq
        return shown.newest_modseqs([self.collection_id])[self.collection_id]

    def read(self, href: str) -> Stored | None:
        """Return an object with its bytes."""
        return self.read_many([href]).get(href)

    def read_many(self, hrefs: Sequence[str]) -> dict[str, Stored]:
        """Return objects with their bytes, by href."""
        if self.place.sees_private:
            return queries.read_many(self.collection_id, hrefs)
        return shown.read_shown(self.place.info, hrefs)

    def is_whole(self, href: str) -> bool:
        """Tell whether an object that is shown is shown as it is."""
        return self.place.sees_private or shown.is_whole(self.collection_id, href)

    def changes(self, since: int, limit: int) -> list[ChangedHref]:
        """Return what happened after a modseq, to the end of one."""
        if self.place.sees_private:
            return queries.list_changes(self.collection_id, since, limit)
        return shown.list_shown_changes(self.place.info, since, limit)


def list_found(
    readers: Sequence[Reader],
    component: str,
    *,
    after: int = 0,
    limit: int = 50,
    text: str = "",
    resource_ids: Sequence[int] | None = None,
) -> list[Found]:
    """Return the objects of a component in calendars, in the order they came, behind `after`.

    With a `text` those that hold each of its words, veiled ones never: that would tell of them.
    """
    if not readers or (resource_ids is not None and not resource_ids):
        return []
    within, keys = db.in_list("r.collection_id", [each.collection_id for each in readers])
    conditions, params = _seen(readers, is_searched=bool(text.split()))
    for word in fold_search(text).split()[:MOST_WORDS]:
        conditions += f" AND {db.holds('c.text')}"
        params.append(word)
    if resource_ids is not None:
        among, ids = db.in_list("r.id", resource_ids)
        conditions += f" AND {among}"
        params += ids
    rows = db.fetch_rows(
        "SELECT r.id, r.collection_id, r.href, r.size FROM core_resource r"
        " JOIN calendar_app_calendarobject c ON c.resource_id = r.id"
        f" WHERE {within} AND r.component = %s AND r.id > %s{conditions} ORDER BY r.id LIMIT %s",
        [*keys, component, after, *params, limit],
    )
    return [Found._make(row) for row in rows]


def _seen(readers: Iterable[Reader], *, is_searched: bool) -> tuple[str, list[str | int]]:
    """Return the condition that leaves out what is not shown."""
    others = [each.collection_id for each in readers if not each.place.sees_private]
    if not others:
        return "", []
    there, keys = db.in_list("r.collection_id", others)
    allowed = "c.classification = ''" if is_searched else "c.classification <> 'private'"
    return f" AND (NOT ({there}) OR {allowed})", list(keys)


def read_found(readers: Mapping[int, Reader], found: Sequence[Found]) -> list[tuple[Place, Stored]]:
    """Return objects with their bytes and places, in their order; a query for each calendar."""
    by_calendar: dict[int, list[str]] = {}
    for each in found:
        by_calendar.setdefault(each.collection_id, []).append(each.href)
    read = {key: readers[key].read_many(hrefs) for key, hrefs in by_calendar.items()}
    return [
        (readers[each.collection_id].place, stored)
        for each in found
        if (stored := read[each.collection_id].get(each.href)) is not None
    ]
