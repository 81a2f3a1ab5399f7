"""States of lists: what a client knows of one, as opaque text that it hands back as `since`.

A state names its list, so that another's is refused, and says up to where each part of it is
known. A part is a collection (of messages, events, cards) or an owner (of mailboxes, calendars,
address books). Its length tells nothing of how far the counters are.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final, NamedTuple, NoReturn, TypeVar

from groupware.rest.errors import StateExpired
from groupware.rest.tokens import BadToken, pack, unpack

MANY_PARTS: Final = 100
"""Parts up to which a state tells each; above, it says whether anything changed and no more. So many
still fit into a cursor, which carries a state."""
_POINT: Final = re.compile(r"([0-9]{1,15})\.([0-9a-f]{12})(?:\.([0-9a-f]{16}))?")

T = TypeVar("T")


class Point(NamedTuple):
    """Up to where one part is known: all below `modseq`, and of `modseq` what has an id up to `last_id`.

    A transaction may change many items: one page of changes can end among those of one modseq.
    `last_id` None is all of them. `epoch` differs where the past is not to be relied on.
    """

    epoch: int
    modseq: int
    last_id: int | None = None

    def is_passed_by(self, modseq: int, item_id: int) -> bool:
        """Tell whether an item with this modseq is news."""
        if modseq == self.modseq:
            return self.last_id is not None and item_id > self.last_id
        return modseq > self.modseq

    def text(self) -> str:
        """Return it as a state has it: as long, however large its numbers are."""
        last = "" if self.last_id is None else f".{self.last_id:016x}"
        return f"{self.epoch}.{self.modseq:012x}{last}"


@dataclass(frozen=True, slots=True)
class State:
    """What a client knows of a list; `scope` is a digest of what the list consists of."""

    scope: str
    points: Mapping[str, Point]

    def text(self) -> str:
        """Return it as clients are told it."""
        if len(self.points) > MANY_PARTS:
            return pack([self.scope, self._digest()])
        return pack([self.scope, {part: point.text() for part, point in self.points.items()}])

    def _digest(self) -> str:
        return digest(*(f"{part}:{point}" for part, point in sorted(self.points.items())))

    def read(self, text: str) -> "State":
        """Return what a client knows, given the list's state of now; raises `StateExpired`.

        It is a state of this list, every part is there with the same epoch, and none is ahead.
        """
        try:
            scope, told = unpack(text)
        except (BadToken, TypeError, ValueError):
            expired()
        if scope != self.scope:
            expired()
        if isinstance(told, str):
            if told != self._digest():
                expired()
            return self
        known = _read_points(told)
        if known.keys() != self.points.keys():
            expired()
        for part, point in known.items():
            now = self.points[part]
            if point.epoch != now.epoch or point.modseq > now.modseq:
                expired()
        return State(scope, known)


def read_modseqs(text: str) -> dict[str, int]:
    """Return by part up to which modseq all of it is known to whoever holds a state.

    Nothing of one that tells its parts only together. Parts are ids of collections, among others.
    """
    try:
        _, told = unpack(text)
    except (BadToken, TypeError, ValueError):
        return {}
    if not isinstance(told, dict):
        return {}
    points = _read_points(told)
    return {part: at.modseq - (at.last_id is not None) for part, at in points.items()}


def _read_points(told: Any) -> dict[str, Point]:
    if not isinstance(told, dict):
        expired()
    points = {}
    for part, text in told.items():
        found = _POINT.fullmatch(text) if isinstance(text, str) else None
        if found is None:
            expired()
        epoch, modseq, last = found.groups()
        points[part] = Point(int(epoch), int(modseq, 16), None if last is None else int(last, 16))
    return points


def digest(*parts: object) -> str:
    """Return a short text that differs where the parts do."""
    text = "\0".join(map(str, parts))
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:24]


def expired() -> NoReturn:
    """Refuse a state from which nothing can be told."""
    raise StateExpired("What changed since then is not known any more: list anew, without since.")


def cut(
    rows: Iterable[T], key: Callable[[T], tuple[int, int]], known: Point, now: Point, limit: int
) -> tuple[list[T], Point]:
    """Return the first `limit` rows that are news of one part, in order, and up to where they tell.

    `key` is a row's (modseq, id). The point is `now` where that is all.
    """
    news = sorted((row for row in rows if known.is_passed_by(*key(row))), key=key)
    if len(news) <= limit:
        return news, now
    if limit <= 0:
        return [], known
    told = news[:limit]
    modseq, item_id = key(told[-1])
    return told, Point(now.epoch, modseq, item_id)
