"""Lists of what lies in calendars and address books: ids of items, states of lists, what changed.

An item's id is its collection's id and its name there, `COLLECTION.NAME` in base64url: a tombstone
knows the name and no more, and what is gone has to be told by the id that it had.
"""

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import NamedTuple

from groupware.core.errors import NotFound
from groupware.core.resources.queries import ChangedHref, CollectionInfo
from groupware.rest.changes import Point, State, cut, digest, expired


def item_id(object_id: str, href: str) -> str:
    """Return the id of an item."""
    name = base64.urlsafe_b64encode(href.encode()).rstrip(b"=").decode()
    return f"{object_id}.{name}"


def parse_item_id(text: str) -> tuple[str, str]:
    """Return the collection's id and the name of an item; raises `NotFound` where it is no id."""
    object_id, _, name = text.partition(".")
    try:
        octets = base64.b64decode(name + "=" * (-len(name) % 4), altchars=b"-_", validate=True)
        href = octets.decode()
    except (binascii.Error, ValueError):
        href = ""
    if not href or "\0" in href or item_id(object_id, href) != text:
        raise NotFound("There is no such item, or nobody lets you see it.")
    return object_id, href


def name_of(uid: str) -> str:
    """Return the name of a new item without its ending: the same for the same UID."""
    return sha256(uid.encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Part:
    """A collection of a list: up to where it has changed, as its reader sees it.

    `read(since, limit)` returns changes behind a modseq up to the last of one, in order.
    """

    info: CollectionInfo
    newest: int
    read: Callable[[int, int], Sequence[ChangedHref]]

    @property
    def point(self) -> Point:
        """Where it is now."""
        return Point(self.info.token_epoch, self.newest)


class Changed(NamedTuple):
    """What happened since a state: names by collection, ids of what is gone, and the state now."""

    names: Mapping[int, Sequence[str]]
    removed: Sequence[str]
    state: str
    more: bool


def state_of(parts: Sequence[Part], seen_as: tuple[object, ...]) -> State:
    """Return the state of a list of these parts; `seen_as` is whatever else it hangs on."""
    return State(digest(*seen_as), {part.info.object_id: part.point for part in parts})


def changes_since(
    parts: Sequence[Part], seen_as: tuple[object, ...], since: str, limit: int
) -> Changed:
    """Return what happened since a state, about `limit` changes; raises `StateExpired`."""
    now = state_of(parts, seen_as)
    known = now.read(since)
    points = dict(known.points)
    names: dict[int, list[str]] = {}
    removed: list[str] = []
    for part in parts:
        object_id = part.info.object_id
        point, room = known.points[object_id], limit - len(removed) - sum(map(len, names.values()))
        if point == part.point or room <= 0:
            continue
        if point.modseq < part.info.tombstone_floor:
            expired()
        told, points[object_id] = _read(part, point, room)
        for row in told:
            if row.etag is None:
                removed.append(item_id(object_id, row.href))
            else:
                names.setdefault(part.info.collection_id, []).append(row.href)
    state = State(now.scope, points)
    return Changed(names, removed, state.text(), dict(state.points) != dict(now.points))


def _read(part: Part, point: Point, room: int) -> tuple[Sequence[ChangedHref], Point]:
    """Return changes of one part, and up to where they tell of it."""
    since = point.modseq if point.last_id is None else point.modseq - 1
    rows = part.read(since, room)
    # Rows end with the last of a modseq; those that reach the newest are all there are.
    last = rows[-1].modseq if rows else part.newest
    until = part.point if last >= part.newest else Point(point.epoch, last)
    return cut(rows, _key, point, until, room)


def _key(row: ChangedHref) -> tuple[int, int]:
    """Return an order of changes of one modseq that stays, whatever comes between."""
    return row.modseq, int.from_bytes(sha256(row.href.encode()).digest()[:7])
