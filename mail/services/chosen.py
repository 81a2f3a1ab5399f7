"""The messages that a change of many is about, as conditions: the database does it for them all.

Hot: guarded by the benchmarks of COPY and EXPUNGE.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from groupware.core import db
from mail import chunkflags
from mail.flagrows import list_chunks
from mail.flags import DELETED, EVERY_FLAG, SEEN
from mail.uidset import Ranges, chunks, sql_condition, to_ranges

_TOTALS = (
    "SELECT COUNT(*), COALESCE(SUM(m.size), 0), COALESCE(SUM(m.prefix_size), 0),"
    " COALESCE(SUM(CASE WHEN m.keywords = '' THEN 0 ELSE 1 END), 0) FROM mail_message m"
)


@dataclass(frozen=True, slots=True)
class Total:
    """How many messages there are, and what they are together.

    `size` and `prefix_size` in octets; `with_keywords`, `unseen` and `deleted` count messages.
    """

    count: int
    size: int
    prefix_size: int
    with_keywords: int
    unseen: int
    deleted: int


@dataclass(frozen=True, slots=True)
class Chosen:
    """Messages of a mailbox: all UIDs of `ranges`, each of which is there, and their flags.

    The caller holds the account's lock, so that they stay the same from one statement to the next.
    """

    collection_id: int
    ranges: Ranges
    masks: list[int]
    """Flags in the order of the UIDs, with `chunkflags.HAS_KEYWORDS`."""

    def conditions(self) -> Iterator[tuple[str, list[int]]]:
        """Yield (condition on messages `m`, its parameters), a few hundred ranges each."""
        for chunk in chunks(self.ranges):
            condition, params = sql_condition("m.uid", chunk)
            yield f"m.collection_id = %s AND {condition}", [self.collection_id, *params]

    @property
    def common_mask(self) -> int | None:
        """Return the flags that all of the messages have, None where they differ."""
        masks = {mask & EVERY_FLAG for mask in self.masks}
        return masks.pop() if len(masks) == 1 else None

    def total(self) -> Total:
        """Return what the messages are together."""
        found = [
            db.fetch_rows(f"{_TOTALS} WHERE {condition}", params)[0]
            for condition, params in self.conditions()
        ]
        count, size, prefix_size, with_keywords = map(sum, zip(*found, strict=True))
        counted = Counter(self.masks)
        unseen, deleted = (
            sum(number for mask, number in counted.items() if mask & bit == wanted)
            for bit, wanted in ((SEEN, 0), (DELETED, DELETED))
        )
        return Total(count, int(size), int(prefix_size), with_keywords, unseen, deleted)

    def list_keywords(self) -> set[str]:
        """Return the keywords of the messages that have any, in their stored form."""
        found: set[str] = set()
        for condition, params in self.conditions():
            rows = db.fetch_rows(
                "SELECT DISTINCT m.keywords FROM mail_message m"
                f" WHERE {condition} AND m.keywords <> ''",
                params,
            )
            found.update(row[0] for row in rows)
        return found


def choose(account_id: int, collection_id: int, ranges: Ranges, *, flags: int = 0) -> Chosen:
    """Return the messages in ranges of an account's mailbox, with one of `flags` where set."""
    uids: list[int] = []
    masks: list[int] = []
    for row in list_chunks(collection_id, ranges, account_id=account_id):
        held = chunkflags.within(row.first_uid, row.flags, ranges)
        if flags:
            held = chunkflags.having(held, flags)
        uids += chunkflags.list_present(row.first_uid, held)
        masks += chunkflags.decode(held)
    return Chosen(collection_id, to_ranges(uids), masks)
