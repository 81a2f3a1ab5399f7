"""How many changes of a collection are behind what a device was told of it.

Counted by those who know how the items of a kind lie: an app registers its own. Bounded: of a
collection the newest changes are read once, whatever the number of devices.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from groupware.core import db, limits
from groupware.core.models import CollectionKind


@dataclass(frozen=True, slots=True)
class Newest:
    """The newest changes of a collection: (modseq, how many), and from which modseq on all of them."""

    changes: Sequence[tuple[int, int]]
    whole_from: int = 0

    def count_above(self, modseq: int) -> "Behind":
        """Return how far behind who knows all up to a modseq is."""
        number = sum(many for at, many in self.changes if at > modseq)
        most = limits.DEVICE_BEHIND.value
        return Behind(min(number, most), is_least=number > most or modseq < self.whole_from)


@dataclass(frozen=True, slots=True)
class Behind:
    """Changes that a device was not told of: items that changed, and items that went."""

    number: int
    is_least: bool = False
    """Whether there may be more: they were not all counted."""

    def __add__(self, other: "Behind") -> "Behind":
        number, most = self.number + other.number, limits.DEVICE_BEHIND.value
        return Behind(min(number, most), self.is_least or other.is_least or number > most)


NONE: Final = Behind(0)
Find = Callable[[int, int, int], Newest]
"""`find(collection_id, since, most)` returns changes above a modseq, about as many as that."""
_finders: dict[str, Find] = {}


def register_finder(kind: CollectionKind, find: Find) -> None:
    """Let changes in collections of a kind be found by the app whose items they hold."""
    _finders[kind.value] = find


def find_newest(kind: str, collection_id: int, since: int) -> Newest:
    """Return the newest changes of a collection above a modseq."""
    find = _finders.get(kind, find_resources)
    return find(collection_id, since, limits.DEVICE_BEHIND.value + 1)


def find_resources(collection_id: int, since: int, most: int) -> Newest:
    """Return the newest changes in a calendar or an address book, from two indexes alone."""
    return merge(
        [
            cut([(modseq, 1) for (modseq,) in _newest_of(table, collection_id, since, most)], most)
            for table in ("core_resource", "core_tombstone")
        ]
    )


def _newest_of(table: str, collection_id: int, since: int, most: int) -> list[tuple[int]]:
    return db.fetch_rows(
        f"SELECT modseq FROM {table} WHERE collection_id = %s AND modseq > %s"
        " ORDER BY modseq DESC LIMIT %s",
        [collection_id, since, most],
    )


def cut(newest_first: list[tuple[int, int]], most: int) -> Newest:
    """Return rows of which at most `most` were read: of so many not all are there."""
    return Newest(newest_first, newest_first[-1][0] if len(newest_first) >= most else 0)


def merge(parts: Sequence[Newest]) -> Newest:
    """Return the changes of several tables together."""
    changes = [change for part in parts for change in part.changes]
    return Newest(changes, max(part.whole_from for part in parts))
