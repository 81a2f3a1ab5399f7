"""What a process keeps of maildrops, so that a login reads only what is new in them.

Messages never change and UIDs only rise, so that what was read of a mailbox is good as long as it
has its UIDVALIDITY, and as many messages as were read: where one went, all is read anew.
"""

import threading
from array import array
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any, Final

from groupware.core import limits
from groupware.core.clock import monotonic

LIFETIME: Final = 3_600
"""Seconds after which a mailbox is read anew: `doctor` may have mended something meanwhile."""
EMPTY: Final = 1024
"""Octets that a listing takes beside those of its messages."""


@dataclass(frozen=True, slots=True)
class Listing:
    """UID, octets and email id of messages: parallel arrays, ascending, that nobody changes."""

    uids: "array[int]"
    sizes: "array[int]"
    email_ids: "array[int]"
    read_at: float = field(default_factory=monotonic)

    def __len__(self) -> int:
        return len(self.uids)

    @property
    def last_uid(self) -> int:
        """Return the UID of the newest message."""
        return self.uids[-1] if self.uids else 0

    @property
    def octets(self) -> int:
        """Return about what it takes of memory."""
        return EMPTY + 24 * len(self.uids)

    def followed_by(self, new: "Listing") -> "Listing":
        """Return one of these messages and those behind them."""
        if not new.uids:
            return self
        return Listing(
            self.uids + new.uids,
            self.sizes + new.sizes,
            self.email_ids + new.email_ids,
            self.read_at,
        )

    def without(self, hidden: set[int]) -> "Listing":
        """Return what is not hidden."""
        if not hidden:
            return self
        rows = zip(self.uids, self.sizes, self.email_ids, strict=True)
        return listing_of([row for row in rows if row[0] not in hidden])


def listing_of(rows: list[tuple[Any, ...]]) -> Listing:
    """Return a listing of rows: UID, octets, email id."""
    uids, sizes, email_ids = zip(*rows, strict=True) if rows else ((), (), ())
    return Listing(array("q", uids), array("q", sizes), array("q", email_ids))


class Memory:
    """The listings of one process by mailbox and UIDVALIDITY; the longest unused make room."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._held: OrderedDict[tuple[int, int], Listing] = OrderedDict()
        self._octets = 0
        self._lock = threading.Lock()

    def find(self, mailbox: tuple[int, int]) -> Listing | None:
        """Return what is kept of a mailbox."""
        with self._lock:
            held = self._held.get(mailbox)
            if held is None or monotonic() - held.read_at > LIFETIME:
                return None
            self._held.move_to_end(mailbox)
            return held

    def keep(self, mailbox: tuple[int, int], listing: Listing) -> None:
        """Keep a listing of a mailbox in place of another one."""
        with self._lock:
            self._forget(mailbox)
            self._held[mailbox] = listing
            self._octets += listing.octets
            while self._octets > limits.POP3_MEMORY.value:
                self._forget(next(iter(self._held)))

    def _forget(self, mailbox: tuple[int, int]) -> None:
        held = self._held.pop(mailbox, None)
        if held is not None:
            self._octets -= held.octets
