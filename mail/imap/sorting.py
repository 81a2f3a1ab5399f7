"""Rows for SORT and THREAD, read on a thread of the readers, and the threads that are kept.

Hot: guarded by the SORT and THREAD benchmarks. One pass over narrow rows; no blob is opened.
"""

import threading
from array import array
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from groupware.core import limits
from mail import queries
from mail.imap.ordering import SortCriterion, fields_of, sent_or_arrived, sort_rows
from mail.imap.threads import (
    Threadable,
    ThreadAlgorithm,
    serialize_threads,
    thread_messages,
)
from mail.mime.envelope import read_envelope_subject
from mail.mime.text import decode_header
from mail.mime.thread import base_subject
from mail.uidset import MAX_SQL_RANGES, to_ranges

_THREAD_FIELDS = (
    *("uid", "internal_date", "sent_at", "base_subject", "message_id", "references", "envelope"),
)


def sort_messages(
    collection_id: int, criteria: Sequence[SortCriterion], uids: Sequence[int]
) -> list[int]:
    """Return those of ascending UIDs that are there, in order."""
    rows = _read_rows(collection_id, uids, fields_of(criteria))
    return [row[0] for row in sort_rows(rows, criteria)]


class ThreadKey(NamedTuple):
    """Whose threads they are, and how they were made."""

    collection_id: int
    uid_validity: int
    algorithm: ThreadAlgorithm


@dataclass(frozen=True, slots=True)
class Threads:
    """Threads in their wire form, with `%d` for each message, and the UIDs of these."""

    form: bytes
    uids: "array[int]"


def read_threads(key: ThreadKey, uids: Sequence[int]) -> Threads:
    """Return the threads of those of ascending UIDs that are there."""
    rows = _read_rows(key.collection_id, uids, _THREAD_FIELDS)
    messages = [
        Threadable(uid, sent_or_arrived(sent, arrived), subject, message_id, references)
        for uid, arrived, sent, subject, message_id, references, _ in rows
    ]
    envelopes = {row[0]: row[-1] for row in rows}

    def is_reply(uid: int) -> bool:
        subject = decode_header(read_envelope_subject(bytes(envelopes[uid])))
        return base_subject(subject).is_reply_or_forward

    form, places = serialize_threads(thread_messages(key.algorithm, messages, is_reply))
    return Threads(form, array("I", (messages[place].uid for place in places)))


def _read_rows(
    collection_id: int, uids: Sequence[int], fields: Sequence[str]
) -> list[tuple[Any, ...]]:
    if not uids:
        return []
    ranges = to_ranges(uids)
    if len(ranges) <= MAX_SQL_RANGES:
        return queries.fetch_messages(collection_id, ranges, fields, limit=len(uids))
    # One statement over what lies between them takes less time than many over the ranges.
    first, last = ranges[0][0], ranges[-1][1]
    wanted = set(uids)
    rows = queries.fetch_messages(collection_id, [(first, last)], fields, limit=last - first + 1)
    return [row for row in rows if row[0] in wanted]


class ThreadCache:
    """The threads that a process found last, of each mailbox and algorithm.

    Invariant: a message's row does not change what decides about its thread, so that threads are
    good for the same UIDs of the same mailbox. (Where `doctor` mends an index, they are made anew
    with the next message that comes or goes.)
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[ThreadKey, tuple[array[int], Threads]] = OrderedDict()
        self._count = 0
        self._lock = threading.Lock()

    def find(self, key: ThreadKey, uids: "array[int]") -> Threads | None:
        """Return the threads of just these messages where they are kept."""
        with self._lock:
            kept = self._kept.get(key)
            if kept is None or kept[0] != uids:
                return None
            self._kept.move_to_end(key)
            return kept[1]

    def keep(self, key: ThreadKey, uids: "array[int]", threads: Threads) -> None:
        """Keep threads instead of older ones, of as many messages as the limit allows."""
        with self._lock:
            self._drop(key)
            self._kept[key] = uids, threads
            self._count += len(uids)
            while self._count > limits.IMAP_THREAD_CACHE.value:
                self._drop(next(iter(self._kept)))

    def _drop(self, key: ThreadKey) -> None:
        uids, _ = self._kept.pop(key, (array("I"), None))
        self._count -= len(uids)
