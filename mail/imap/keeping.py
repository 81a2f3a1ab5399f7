"""What a process keeps of mailboxes, so that it reads only what is new in them.

Messages never change and UIDs only rise: what was read of a message is good as long as its
mailbox has its UIDVALIDITY, and whatever is not known yet lies behind the last UID that is.
"""

import threading
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, Final, NamedTuple, Protocol, TypeVar

from groupware.core import limits

LIFETIME: Final = 3_600
"""Seconds after which something is read anew: `doctor` may have mended an index meanwhile."""
EMPTY: Final = 4096
"""Octets that something takes of which nothing is kept yet, so that it makes room in its turn."""


class Kept(Protocol):
    """What is kept of one mailbox for one purpose."""

    last_uid: int
    """Up to which UID it knows all messages, those that went since included."""

    @property
    def octets(self) -> int:
        """Return about what it takes of memory."""

    def __len__(self) -> int:
        """Return how many messages it knows."""


T = TypeVar("T", bound=Kept)


class Mailbox(NamedTuple):
    """Which mailbox it is, and the UIDs of it that a session knows, ascending."""

    collection_id: int
    uid_validity: int
    uids: Sequence[int]

    def unknown_to(self, kept: Kept) -> list[tuple[int, int]]:
        """Return the range of UIDs that something kept does not know yet, if there is any."""
        last = self.uids[-1] if self.uids else 0
        return [(kept.last_uid + 1, last)] if last > kept.last_uid else []

    def is_worth(self, kept: Kept, count: int) -> bool:
        """Tell whether that is to be read for the sake of so many messages."""
        return len(self.uids) - bisect_right(self.uids, kept.last_uid) <= 2 * count


@dataclass(slots=True)
class _Shelf:
    kept: Any
    since: float
    lock: threading.Lock = field(default_factory=threading.Lock)
    octets: int = 0

    @property
    def is_old(self) -> bool:
        return monotonic() - self.since > LIFETIME


class Memory:
    """What the sessions of one process keep; what was not used for longest makes room."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._shelves: OrderedDict[Hashable, _Shelf] = OrderedDict()
        self._octets = 0
        self._lock = threading.Lock()

    @contextmanager
    def hold(self, mailbox: Mailbox, purpose: Hashable, make: Callable[[], T]) -> Iterator[T]:
        """Give this thread alone what is kept of a mailbox, made where there is nothing.

        It may be added to. Where that fails, it is kept no longer.
        """
        key = (mailbox.collection_id, mailbox.uid_validity, purpose)
        shelf = self._find(key, make, most=2 * len(mailbox.uids))
        with shelf.lock:
            try:
                yield shelf.kept
            except BaseException:
                self._drop(key, shelf)
                raise
            self._weigh(key, shelf)

    def _find(self, key: Hashable, make: Callable[[], Kept], most: int) -> _Shelf:
        with self._lock:
            shelf = self._shelves.get(key)
            # With more than so many messages it is mostly about some that are gone.
            if shelf is not None and (shelf.is_old or len(shelf.kept) > most):
                self._take_away(key)
                shelf = None
            if shelf is None:
                shelf = self._shelves[key] = _Shelf(make(), monotonic(), octets=EMPTY)
                self._octets += EMPTY
            self._shelves.move_to_end(key)
            return shelf

    def _drop(self, key: Hashable, shelf: _Shelf) -> None:
        with self._lock:
            if self._shelves.get(key) is shelf:
                self._take_away(key)

    def _weigh(self, key: Hashable, shelf: _Shelf) -> None:
        with self._lock:
            if self._shelves.get(key) is not shelf:
                return
            octets = EMPTY + shelf.kept.octets
            self._octets += octets - shelf.octets
            shelf.octets = octets
            while self._octets > limits.IMAP_MEMORY.value:
                self._take_away(next(iter(self._shelves)))

    def _take_away(self, key: Hashable) -> None:
        self._octets -= self._shelves.pop(key).octets
