"""The messages that a change of many is about, as conditions: the database does it for them all.

Hot: guarded by the benchmarks of COPY and EXPUNGE.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from groupware.core import db
from mail.flags import DELETED, SEEN
from mail.uidset import Ranges, chunks, sql_condition, to_ranges

_TOTALS = (
    "SELECT COUNT(*), COALESCE(SUM(m.size), 0), COALESCE(SUM(m.prefix_size), 0),"
    f" COUNT(*) - COALESCE(SUM(m.flags & {SEEN}), 0),"
    f" COALESCE(SUM(m.flags & {DELETED}), 0) / {DELETED},"
    " COALESCE(SUM(CASE WHEN m.keywords = '' THEN 0 ELSE 1 END), 0),"
    " COALESCE(MIN(m.uid), 0), COALESCE(MAX(m.uid), 0) FROM mail_message m"
)


@dataclass(frozen=True, slots=True)
class Total:
    """How many messages were chosen, and what they are together.

    `size` and `prefix_size` in octets; `unseen`, `deleted` and `with_keywords` count messages.
    """

    count: int
    size: int
    prefix_size: int
    unseen: int
    deleted: int
    with_keywords: int
    ranges: Ranges


@dataclass(frozen=True, slots=True)
class Chosen:
    """Messages of an account's mailbox: those in `ranges`, with one of `flags` where that is set.

    The caller holds the account's lock, so that they stay the same from one statement to the next.
    """

    account_id: int
    collection_id: int
    ranges: Ranges
    flags: int = 0

    def conditions(self) -> Iterator[tuple[str, list[int]]]:
        """Yield (condition on messages `m`, its parameters), a few hundred ranges each."""
        where = "m.collection_id = %s AND m.account_id = %s"
        params = [self.collection_id, self.account_id]
        if self.flags:
            where += " AND m.flags & %s <> 0"
            params.append(self.flags)
        for chunk in chunks(self.ranges):
            condition, bounds = sql_condition("m.uid", chunk)
            yield f"{where} AND {condition}", [*params, *bounds]

    def total(self) -> Total:
        """Return what the messages are together, and the ranges of their UIDs."""
        found = [
            db.fetch_rows(f"{_TOTALS} WHERE {condition}", params)[0]
            for condition, params in self.conditions()
        ]
        found = [row for row in found if row[0]]
        if not found:
            return Total(0, 0, 0, 0, 0, 0, [])
        count, *sums = (int(sum(column)) for column in list(zip(*found, strict=True))[:-2])
        size, prefix_size, unseen, deleted, with_keywords = sums
        first, last = found[0][-2], found[-1][-1]
        ranges = [(first, last)]
        if count < last - first + 1:
            ranges = to_ranges(self._uids())
        return Total(count, size, prefix_size, unseen, deleted, with_keywords, ranges)

    def _uids(self) -> Iterator[int]:
        for condition, params in self.conditions():
            query = f"SELECT m.uid FROM mail_message m WHERE {condition} ORDER BY m.uid"
            for row in db.fetch_rows(query, params):
                yield row[0]

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
