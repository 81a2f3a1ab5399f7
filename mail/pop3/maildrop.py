"""What one session sees of a mailbox: a snapshot that nobody else changes (RFC 1939 §5). Pure.

24 octets a message and one for its mark. The numbers, sizes and unique-ids stay as they were at the
login, whatever others remove or add meanwhile.
"""

from array import array
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate, takewhile
from typing import Final

SMALL: Final = 256 * 1024
"""Octets up to which a message is read at once."""
ROWS_AT_ONCE: Final = 2_000
"""Lines of LIST and UIDL that are made at once."""


class Maildrop:
    """The messages of a session by their numbers, from 1 on, and which of them are deleted."""

    __slots__ = ("_deleted", "_email_ids", "_sizes", "count", "octets", "uids")

    def __init__(self, uids: "array[int]", sizes: "array[int]", email_ids: "array[int]") -> None:
        self.uids = uids
        self._sizes = sizes
        self._email_ids = email_ids
        self._deleted = bytearray(len(uids))
        self.count = len(uids)
        self.octets = sum(sizes)

    def __len__(self) -> int:
        return len(self.uids)

    def holds(self, number: int) -> bool:
        """Tell whether there was a message of that number at the login."""
        return number <= len(self.uids)

    def is_deleted(self, number: int) -> bool:
        """Tell whether the session deleted it."""
        return bool(self._deleted[number - 1])

    def stands(self, number: int) -> bool:
        """Tell whether there is a message of that number that is not deleted."""
        return number <= len(self.uids) and not self._deleted[number - 1]

    def uid(self, number: int) -> int:
        """Return the UID of a message."""
        return self.uids[number - 1]

    def size(self, number: int) -> int:
        """Return the octets of a message, without what the wire adds."""
        return self._sizes[number - 1]

    def email_id(self, number: int) -> int:
        """Return what all copies of the message in its account have in common."""
        return self._email_ids[number - 1]

    def unique_id(self, number: int) -> str:
        """Return the unique-id, for ever the same and never another's (RFC 1939 §7, UIDL).

        The email tells apart what has the same UID after a restore from a backup, the UID the
        copies of one email in the mailbox. UIDVALIDITY is not in it.
        """
        return f"{self._email_ids[number - 1]:016x}{self.uids[number - 1]:08x}"

    def foresee(self, numbers: Sequence[int], last: int, ahead: int) -> Sequence[int]:
        """Return what is asked for, and what comes next where a client takes all in order.

        `last` is what it took before, `ahead` how many messages are foreseen.
        """
        first, count = numbers[0], len(numbers)
        is_in_order = first == last + 1 and numbers[-1] - first == count - 1
        if not is_in_order or count >= ahead:
            return numbers
        return range(first, min(first + ahead, len(self.uids) + 1))

    def line_up(self, numbers: Sequence[int], octets: int) -> list[int]:
        """Return the UIDs of the first of these messages, that are small and fit in `octets`."""
        sizes = list(map(self.size, numbers))
        count = bisect_right(list(accumulate(sizes)), octets)
        if not count and sizes and sizes[0] <= SMALL:
            count = 1
        small = takewhile(SMALL.__ge__, sizes[:count])
        return [self.uid(number) for number, _ in zip(numbers, small, strict=False)]

    def delete(self, number: int) -> None:
        """Mark a message that is not marked."""
        self._deleted[number - 1] = 1
        self.count -= 1
        self.octets -= self._sizes[number - 1]

    def reset(self) -> None:
        """Take all marks off."""
        self._deleted = bytearray(len(self.uids))
        self.count = len(self.uids)
        self.octets = sum(self._sizes)

    def deleted_uids(self) -> list[int]:
        """Return the UIDs of what is marked, ascending."""
        return [uid for uid, mark in zip(self.uids, self._deleted, strict=True) if mark]

    def scan_listing(self) -> Iterator[bytes]:
        """Yield the lines of LIST in pieces; hot: of 100,000 messages."""
        for start in range(0, len(self.uids), ROWS_AT_ONCE):
            rows = zip(self._sizes[start : start + ROWS_AT_ONCE], self._marks(start), strict=True)
            yield b"".join(
                b"%d %d\r\n" % (number, size)
                for number, (size, mark) in enumerate(rows, start + 1)
                if not mark
            )

    def unique_ids(self) -> Iterator[bytes]:
        """Yield the lines of UIDL in pieces; hot: what a client begins with."""
        for start in range(0, len(self.uids), ROWS_AT_ONCE):
            stop = start + ROWS_AT_ONCE
            rows = zip(
                self._email_ids[start:stop], self.uids[start:stop], self._marks(start), strict=True
            )
            yield b"".join(
                b"%d %016x%08x\r\n" % (number, email_id, uid)
                for number, (email_id, uid, mark) in enumerate(rows, start + 1)
                if not mark
            )

    def _marks(self, start: int) -> bytearray:
        return self._deleted[start : start + ROWS_AT_ONCE]
