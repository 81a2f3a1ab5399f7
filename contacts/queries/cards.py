"""Finding cards: by a text that a person types, and by the filter of a protocol.

Plain rows; call within `db.read_snapshot()` where several answers must agree. Hot: the text query
of the benchmarks of CardDAV.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from contacts.vcard.cards import InvalidCard, read_lines
from contacts.vcard.filters import Filter, matches, needles, uid_needles
from contacts.vcard.limits import CardLimits
from contacts.vcard.matching import needles_of
from groupware.core import db, limits
from groupware.core.resources.queries import Stored, read_by_ids
from mail.mime.text import fold_search

PAGE = 200
"""Cards whose bytes are read at once."""
PAGE_OCTETS = 16 << 20
"""Octets of such cards, unless one has more: photos are large."""


class Candidate(NamedTuple):
    """A card that may be found, and how many octets it has."""

    resource_id: int
    size: int


class CardRow(NamedTuple):
    """A card as lists show it."""

    resource_id: int
    collection_id: int
    href: str
    etag: str
    kind: str
    full_name: str
    names: str
    mails: str
    phones: str
    birthday: str
    size: int


_ROW = (
    "SELECT r.id, r.collection_id, r.href, r.etag, c.kind, c.full_name, c.names, c.mails,"
    " c.phones, c.birthday, r.size FROM core_resource r JOIN contacts_card c ON c.resource_id = r.id"
)


def list_cards(collection_id: int, *, kind: str = "") -> list[CardRow]:
    """Return the cards of an address book by their names, all or those of a kind."""
    of_kind = " AND c.kind = %s" if kind else ""
    rows = db.fetch_rows(
        f"{_ROW} WHERE r.collection_id = %s{of_kind} ORDER BY c.full_name, r.id",
        [collection_id, kind] if kind else [collection_id],
    )
    return [CardRow(*row) for row in rows]


def search_cards(collection_ids: Sequence[int], text: str, limit: int) -> list[CardRow]:
    """Return cards that hold each word of a text anywhere, by their names.

    Words are looked for as search compares (`needles_of`); without one nothing is found.
    """
    words = needles_of(text)
    if not words:
        return []
    within, params = db.in_list("r.collection_id", collection_ids)
    conditions = [f"{within}", *(db.holds("c.text") for _ in words)]
    rows = db.fetch_rows(
        f"{_ROW} WHERE {' AND '.join(conditions)} ORDER BY c.full_name, r.id LIMIT %s",
        [*params, *words, limit],
    )
    return [CardRow(*row) for row in rows]


def query_cards(collection_id: int, wanted: Filter) -> Iterator[Stored]:
    """Yield the cards that a filter finds, with their bytes, in the order they came.

    Whoever takes no more than a number of them stops (RFC 6352 §8.6.1). Memory is bounded by a
    page; the columns take away what cannot match, the rest is read and compared.
    """
    bounds = CardLimits(octets=limits.RESOURCE_SIZE.value)
    for resource_ids in _pages(find_candidates(collection_id, wanted)):
        for stored in read_by_ids(resource_ids):
            if not wanted.props or _matches(stored, wanted, bounds):
                yield stored


def _pages(candidates: Iterable[Candidate]) -> Iterator[list[int]]:
    """Yield the ids of what is read at once: so many cards, or so many octets."""
    page: list[int] = []
    octets = 0
    for candidate in candidates:
        octets += candidate.size
        if page and (len(page) == PAGE or octets > PAGE_OCTETS):
            yield page
            page, octets = [], candidate.size
        page.append(candidate.resource_id)
    if page:
        yield page


def _matches(stored: Stored, wanted: Filter, bounds: CardLimits) -> bool:
    try:
        return matches(read_lines(stored.data, bounds), wanted)
    except InvalidCard:  # put before a limit was lowered
        return False


def find_candidates(collection_id: int, wanted: Filter) -> list[Candidate]:
    """Return the cards that may match, in the order they came."""
    conditions = ["r.collection_id = %s"]
    params: list[Any] = [collection_id]
    for group in needles(wanted):
        conditions.append("(" + " OR ".join(db.holds("c.text") for _ in group) + ")")
        params += group
    rows = db.fetch_rows(
        "SELECT r.id, r.size, r.ical_uid FROM core_resource r JOIN contacts_card c ON c.resource_id = r.id"
        f" WHERE {' AND '.join(conditions)} ORDER BY r.id",
        params,
    )
    uids = uid_needles(wanted)
    return [
        Candidate(resource_id, size)
        for resource_id, size, ical_uid in rows
        if not uids or _holds_all(ical_uid or "", uids)
    ]


def _holds_all(ical_uid: str, uids: Sequence[str]) -> bool:
    folded = fold_search(ical_uid)
    return all(text in folded for text in uids)
