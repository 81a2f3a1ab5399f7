"""What SORT reads of a mailbox, on a thread of the readers, and the orders that a process keeps.

Hot: guarded by the SORT benchmark. One pass over narrow rows; no blob is opened.
"""

from array import array
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import Any, Final

from mail import queries
from mail.imap.keeping import Mailbox, Memory
from mail.imap.ordering import SortCriterion, SortKey, fields_of, sort_rows
from mail.orders import list_by_number
from mail.uidset import MAX_SQL_RANGES, to_ranges

_NUMBERS: Final[Mapping[SortKey, str]] = {
    SortKey.ARRIVAL: "internal_date",
    SortKey.DATE: "sent_or_arrived",
    SortKey.SIZE: "size",
}
"""Keys that are one number of a message, and its field."""


def sort_messages(
    memory: Memory, mailbox: Mailbox, criteria: Sequence[SortCriterion], uids: Sequence[int]
) -> list[int]:
    """Return those of ascending UIDs that are there, in order. In the caller's snapshot."""
    criterion = criteria[0]
    if len(criteria) == 1 and criterion.key in _NUMBERS:
        with memory.hold(mailbox, criterion, KeptOrder) as kept:
            if mailbox.is_worth(kept, len(uids)):
                for first, last in mailbox.unknown_to(kept):
                    kept.add(_list_numbers(mailbox.collection_id, first, last, criterion), last)
                return kept.pick(uids)
    rows = read_rows(mailbox.collection_id, uids, fields_of(criteria))
    return [row[0] for row in sort_rows(rows, criteria)]


def _list_numbers(
    collection_id: int, first: int, last: int, criterion: SortCriterion
) -> list[tuple[int, int]]:
    field = _NUMBERS[criterion.key]
    return list_by_number(collection_id, first, last, field, reverse=criterion.reverse)


class KeptOrder:
    """The messages of a mailbox by a number; twelve octets for each."""

    def __init__(self) -> None:
        """Begin with no message."""
        self.last_uid = 0
        self._numbers = array("q")
        self._uids = array("I")

    def __len__(self) -> int:
        """Return how many messages are known."""
        return len(self._uids)

    @property
    def octets(self) -> int:
        """Return what it takes of memory."""
        return 12 * len(self._uids)

    def add(self, rows: Sequence[tuple[int, int]], last_uid: int) -> None:
        """Take in (number, uid), in order, of all messages from behind those that are known."""
        if not self._uids:
            self._numbers.extend([number for number, _ in rows])
            self._uids.extend([uid for _, uid in rows])
        else:
            for number, uid in rows:
                place = bisect_right(self._numbers, number)
                self._numbers.insert(place, number)
                self._uids.insert(place, uid)
        self.last_uid = last_uid

    def pick(self, uids: Sequence[int]) -> list[int]:
        """Return those of some messages that are known, in order."""
        wanted = set(uids)
        return [uid for uid in self._uids if uid in wanted]


def read_rows(
    collection_id: int, uids: Sequence[int], fields: Sequence[str]
) -> list[tuple[Any, ...]]:
    """Return fields, the UID among them, of those of ascending UIDs that are there."""
    if not uids:
        return []
    ranges = to_ranges(uids)
    if len(ranges) <= MAX_SQL_RANGES:
        return queries.fetch_messages(collection_id, ranges, fields, limit=len(uids))
    # One statement over what lies between them takes less time than many over the ranges.
    rows = read_range(collection_id, ranges[0][0], ranges[-1][1], fields)
    wanted, place = set(uids), fields.index("uid")
    return [row for row in rows if row[place] in wanted]


def read_range(
    collection_id: int, first: int, last: int, fields: Sequence[str]
) -> list[tuple[Any, ...]]:
    """Return fields of all messages of a range of UIDs, ascending."""
    return queries.fetch_messages(collection_id, [(first, last)], fields, limit=last - first + 1)
