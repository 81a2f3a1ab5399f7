"""What THREAD reads of a mailbox, and the threads of it that a process keeps.

Hot: guarded by the THREAD benchmark. One pass over narrow rows; no blob is opened.
"""

from array import array
from bisect import bisect_right
from collections.abc import Sequence
from itertools import chain
from operator import itemgetter
from typing import Final

from mail.imap.keeping import Mailbox, Memory
from mail.imap.sorting import read_range, read_rows
from mail.imap.threads import (
    ReferenceThreads,
    Threadable,
    ThreadAlgorithm,
    Threads,
    thread_by_subject,
    thread_messages,
)

FIELDS: Final = ("sent_or_arrived", "uid", "base_subject", "message_id", "references", "is_reply")
"""Those of a `Threadable`."""
OCTETS: Final = 500
OCTETS_OF_REFERENCE: Final = 400
"""About what a message takes that is kept, and each reference; its texts, apart, are there twice."""

_texts = itemgetter(2, 3, 4)


def find_threads(
    memory: Memory, mailbox: Mailbox, algorithm: ThreadAlgorithm, uids: "array[int]"
) -> Threads:
    """Return the threads of messages, ascending UIDs; in none are those that nobody saw in time.

    In the caller's snapshot.
    """
    with memory.hold(mailbox, "threads", KeptThreads) as kept:
        if mailbox.is_worth(kept, len(uids)):
            for first, last in mailbox.unknown_to(kept):
                kept.add(read_range(mailbox.collection_id, first, last, FIELDS), last)
            return kept.thread(algorithm, uids)
    return thread_messages(algorithm, read_rows(mailbox.collection_id, uids, FIELDS))


class KeptThreads:
    """What the threads of a mailbox are made from, and those by references that were asked for."""

    def __init__(self) -> None:
        """Begin with no message."""
        self.last_uid = 0
        self.octets = 0
        self._rows: dict[int, Threadable] = {}
        self._references = ReferenceThreads()
        self._threaded = array("I")
        """The messages that are in `_references`."""
        self._told = self._references.tell()

    def __len__(self) -> int:
        """Return how many messages are known."""
        return len(self._rows)

    def add(self, rows: Sequence[Threadable], last_uid: int) -> None:
        """Take in all messages up to a UID, from behind those that are known."""
        self._rows.update((row[1], row) for row in rows)
        texts = sum(map(len, chain.from_iterable(map(_texts, rows))))
        references = sum(row[4].count(" ") + 1 for row in rows if row[4])
        self.octets += OCTETS * len(rows) + 2 * texts + OCTETS_OF_REFERENCE * references
        self.last_uid = last_uid

    def thread(self, algorithm: ThreadAlgorithm, uids: "array[int]") -> Threads:
        """Return the threads of known messages, ascending UIDs."""
        if algorithm is ThreadAlgorithm.ORDEREDSUBJECT:
            return thread_by_subject(self._pick(uids))
        return self._told if uids == self._threaded else self._thread_by_references(uids)

    def _thread_by_references(self, uids: "array[int]") -> Threads:
        """Continue the threads that were told last, or make them anew where that cannot be.

        Few are threaded apart: the next one may ask for all again.
        """
        known = bisect_right(uids, self._threaded[-1] if self._threaded else 0)
        if 2 * known < len(self._threaded):
            return thread_messages(ThreadAlgorithm.REFERENCES, self._pick(uids))
        if not self._can_continue(uids[:known]):
            self._references, known = ReferenceThreads(), 0
        self._references.add(self._pick(uids[known:]))
        self._threaded = uids
        self._told = self._references.tell()
        return self._told

    def _can_continue(self, known: "array[int]") -> bool:
        """Leave of what is threaded only these messages; tell whether that was possible."""
        if self._references.is_exhausted or known == self._threaded:
            return not self._references.is_exhausted
        gone = set(self._threaded).difference(known)
        if len(known) + len(gone) > len(self._threaded):
            return False  # one was left out when they were threaded
        return self._references.remove(self._rows[uid] for uid in sorted(gone) if uid in self._rows)

    def _pick(self, uids: "array[int]") -> list[Threadable]:
        return [self._rows[uid] for uid in uids if uid in self._rows]
