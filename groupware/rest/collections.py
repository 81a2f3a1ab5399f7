"""Lists of collections (mailboxes, calendars, address books): own ones and those of others.

Each owner has a counter of his own, so that a list's state tells one point for each. What others
grant has none: where it changes, states from before are refused, and the client lists anew.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Final

from groupware.core import db
from groupware.core.models import CollectionKind
from groupware.rest.changes import Point, State, cut, digest, expired

MAX_REMOVED: Final = 10_000
"""Removed collections that are told: of more, the list itself is the shorter answer."""


@dataclass(frozen=True, slots=True)
class Change:
    """What is told of a list since a state: ids of what changed and what is gone, where it goes on."""

    changed: Sequence[int]
    removed: Sequence[str]
    state: str
    more: bool


@dataclass(frozen=True, slots=True)
class CollectionList:
    """One list of collections: of a kind, of these owners, each of these collections.

    `shown` are the ids by owner. `seen_as` is whatever else the list hangs on: who reads it, his
    rights, names of owners, filters. `whole` are the owners of whom every collection is shown, so
    that the ids of what they removed are no secret; what else goes takes its grant with it. Run it in
    the snapshot that these were read in.
    """

    kind: CollectionKind
    shown: Mapping[int, Iterable[int]]
    seen_as: tuple[object, ...]
    whole: Collection[int]

    def state(self) -> State:
        """Return the state of the list as it is now."""
        return self._state_of(self._read_owners())

    def _state_of(self, owners: Mapping[int, tuple[Point, int]]) -> State:
        points = {str(owner): point for owner, (point, _) in owners.items()}
        return State(digest(self.kind.value, *self.seen_as), points)

    def changes_since(self, text: str, limit: int) -> Change:
        """Return what happened since a state, at most `limit` changes; raises `StateExpired`."""
        owners = self._read_owners()
        now = self._state_of(owners)
        known = now.read(text)
        changed: list[int] = []
        removed: list[str] = []
        points = dict(known.points)
        for owner, (reached, floor) in sorted(owners.items()):
            point = known.points[str(owner)]
            if point == reached:
                continue
            if point.modseq < floor:
                expired()
            rows, room = self._modseqs(owner), limit - len(changed)
            told, points[str(owner)] = cut(rows, itemgetter(1, 0), point, reached, room)
            changed += [collection_id for collection_id, _ in told]
            removed += self._removed(owner, point.modseq)
        if len(removed) > MAX_REMOVED:
            expired()
        return Change(changed, removed, State(now.scope, points).text(), points != now.points)

    def _read_owners(self) -> dict[int, tuple[Point, int]]:
        """Return by owner where its counter is, and from where removed collections are known."""
        if not self.shown:
            return {}
        condition, params = db.in_list("s.account_id", list(self.shown))
        rows = db.fetch_rows(
            "SELECT s.account_id, (SELECT COALESCE(MAX(c.token_epoch), 0) FROM core_collection c"
            " WHERE c.account_id = s.account_id AND c.kind = %s), s.next_modseq - 1,"
            f" s.tombstone_floor FROM core_accountstate s WHERE {condition}",
            [self.kind.value, *params],
        )
        return {owner: (Point(epoch, modseq), floor) for owner, epoch, modseq, floor in rows}

    def _modseqs(self, owner: int) -> list[tuple[int, int]]:
        """Return (id, modseq) of the owner's collections that the list shows."""
        rows = db.fetch_rows(
            "SELECT id, CASE WHEN highest_modseq > changed_modseq THEN highest_modseq"
            " ELSE changed_modseq END FROM core_collection WHERE account_id = %s AND kind = %s",
            [owner, self.kind.value],
        )
        shown = set(self.shown[owner])
        return [(collection_id, modseq) for collection_id, modseq in rows if collection_id in shown]

    def _removed(self, owner: int, since: int) -> list[str]:
        if owner not in self.whole:
            return []
        rows = db.fetch_rows(
            "SELECT object_id FROM core_collectiontombstone WHERE account_id = %s AND kind = %s"
            " AND modseq > %s ORDER BY modseq, id LIMIT %s",
            [owner, self.kind.value, since, MAX_REMOVED + 1],
        )
        return [object_id for (object_id,) in rows]
