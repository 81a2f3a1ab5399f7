"""A search for those who number no messages: of all that are in a mailbox, the newest first.

Run it inside `db.read_snapshot`.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from mail.flagrows import list_chunks, list_uids
from mail.search import keys
from mail.search.searching import ROWS, SearchPlan, check_messages, plan_search
from mail.uidset import EVERY_UID, Ranges

LOOKED_AT: Final = 20 * ROWS
"""Messages that one search looks at itself, where neither database nor index decides."""


@dataclass(frozen=True, slots=True)
class Newest:
    """UIDs, descending, and the UID below which more may be found, 0 where all was looked at."""

    uids: list[int]
    below_uid: int


@dataclass(frozen=True, slots=True)
class WholeMailbox:
    r"""A mailbox with all that is in it, as a reader or (0) its owner meets it."""

    collection_id: int
    reader_id: int
    uids: "array[int]"
    lost: tuple[tuple[int, int], ...] = ()

    @property
    def identity(self) -> "WholeMailbox":
        """Return which mailbox it is."""
        return self

    def trust(self, modseq: int) -> int:
        """Return a mod-sequence as it is: nobody was told one that was lost."""
        return modseq

    def ranges_of_uids(self, messages: keys.MessageSet) -> Ranges:
        """Return the ranges of UIDs that a set names."""
        return messages.resolve(self.uids[-1]) if self.uids else []

    def ranges_of_seqs(self, messages: keys.MessageSet) -> Ranges | None:  # noqa: ARG002 (View)
        """Refuse: here messages have no numbers but their UIDs."""
        raise LookupError("There are no sequence numbers here.")

    def list_uids(self, ranges: Iterable[tuple[int, int]]) -> list[int]:
        """Return the UIDs in ascending ranges."""
        found: list[int] = []
        for low, high in ranges:
            found += self.uids[bisect_left(self.uids, low) : bisect_right(self.uids, high)]
        return found

    def keep_known(self, rows: list[tuple[int, int]]) -> list[tuple[int, int]]:
        """Return the rows: all messages are known."""
        return rows


def find_newest(
    collection_id: int, reader_id: int, key: keys.SearchKey, *, below_uid: int, limit: int
) -> Newest:
    """Return up to `limit` messages that a key finds, from below a UID (0: from the last)."""
    uids = array("q", list_uids(list_chunks(collection_id, EVERY_UID)))
    if below_uid:
        del uids[bisect_left(uids, below_uid) :]
    if not uids:
        return Newest([], 0)
    mailbox = WholeMailbox(collection_id, reader_id, uids)
    plan = plan_search(key, mailbox)
    if plan.condition is not None:
        found = [uid for uid, _ in plan.select(mailbox)][-limit - 1 :]
    else:
        return _look(mailbox, plan, limit)
    page = found[-limit:]
    return Newest(page[::-1], page[0] if len(found) > limit else 0)


def _look(mailbox: WholeMailbox, plan: SearchPlan, limit: int) -> Newest:
    """Look at the candidates from the last one on, a batch at a time, and not at too many."""
    candidates = plan.list_candidates(mailbox)
    found: list[int] = []
    end = len(candidates)
    stop = max(0, end - LOOKED_AT)
    while end > stop and len(found) <= limit:
        begin = max(stop, end - plan.rows)
        matches = check_messages(mailbox, plan, candidates[begin:end])
        found += [uid for uid, _ in reversed(matches)]
        end = begin
    if len(found) > limit:
        return Newest(found[:limit], found[limit - 1])
    return Newest(found, candidates[end] if end else 0)
