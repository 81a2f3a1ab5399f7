"""Cards of several address books, by their names, a page at a time."""

from collections.abc import Sequence
from typing import NamedTuple

from contacts.vcard.matching import needles_of
from groupware.core import db
from groupware.core.resources.queries import Stored, read_many

MOST_OCTETS = 16 << 20
"""Octets of the cards of one page, unless one has more: photos are large."""


class Found(NamedTuple):
    """A card of a list, without its bytes; lists go by the name, then by the row."""

    full_name: str
    resource_id: int
    collection_id: int
    href: str
    size: int


class Wanted(NamedTuple):
    """Which cards: of a kind, or of any; those that hold each word of a text, or all."""

    kind: str = ""
    text: str = ""


def list_found(
    collection_ids: Sequence[int],
    wanted: Wanted,
    *,
    after: tuple[str, int] | None = None,
    limit: int = 50,
    resource_ids: Sequence[int] | None = None,
) -> list[Found]:
    """Return cards behind `after`, a name and a row."""
    if not collection_ids or (resource_ids is not None and not resource_ids):
        return []
    within, params = db.in_list("r.collection_id", collection_ids)
    conditions = f" WHERE {within}"
    if wanted.kind:
        conditions += " AND c.kind = %s"
        params.append(wanted.kind)
    for word in needles_of(wanted.text):
        conditions += f" AND {db.holds('c.text')}"
        params.append(word)
    if after is not None:
        conditions += " AND (c.full_name > %s OR (c.full_name = %s AND r.id > %s))"
        params += [after[0], after[0], after[1]]
    if resource_ids is not None:
        among, ids = db.in_list("r.id", resource_ids)
        conditions += f" AND {among}"
        params += ids
    rows = db.fetch_rows(
        "SELECT c.full_name, r.id, r.collection_id, r.href, r.size FROM core_resource r"
        f" JOIN contacts_card c ON c.resource_id = r.id{conditions}"
        " ORDER BY c.full_name, r.id LIMIT %s",
        [*params, limit],
    )
    return [Found._make(row) for row in rows]


def within_octets(found: Sequence[Found]) -> Sequence[Found]:
    """Return the first of the cards, as many as one page holds, and at least one."""
    octets = 0
    for number, each in enumerate(found):
        octets += each.size
        if number and octets > MOST_OCTETS:
            return found[:number]
    return found


def read_found(found: Sequence[Found]) -> list[tuple[int, Stored]]:
    """Return cards with the address books they are in, in their order."""
    by_book: dict[int, list[str]] = {}
    for each in found:
        by_book.setdefault(each.collection_id, []).append(each.href)
    read = {key: read_many(key, hrefs) for key, hrefs in by_book.items()}
    return [
        (each.collection_id, stored)
        for each in found
        if (stored := read[each.collection_id].get(each.href)) is not None
    ]
