"""The owner's STORE without keywords, in the database alone: no message is read for it."""

from dataclasses import dataclass
from typing import Any

from groupware.core import db
from groupware.core.changes import Change
from mail.flags import DELETED, SEEN
from mail.uidset import Ranges, chunks, sql_condition


@dataclass(frozen=True, slots=True)
class MaskStore:
    """Which flags of which messages, in the caller's transaction.

    Each change returns whether it changed any message, and counts the mailbox anew.
    """

    change: Change
    collection_id: int
    ranges: Ranges
    flags: int
    unchanged_since: int | None

    def list_modified(self) -> list[int]:
        """Return the UIDs that UNCHANGEDSINCE refuses (RFC 7162 §3.1.3)."""
        if self.unchanged_since is None:
            return []
        found: list[int] = []
        for chunk in chunks(self.ranges):
            condition, params = sql_condition("uid", chunk)
            rows = db.fetch_rows(
                "SELECT uid FROM mail_message"
                f" WHERE collection_id = %s AND {condition} AND modseq > %s ORDER BY uid",
                [self.collection_id, *params, self.unchanged_since],
            )
            found += (row[0] for row in rows)
        return found

    def add(self) -> bool:
        """Add the flags."""
        counts = bool(self.flags & (SEEN | DELETED))
        return self._change("flags | %s", "flags & %s <> %s", self.flags, 0, counts=counts)

    def remove(self) -> bool:
        """Remove the flags."""
        counts = bool(self.flags & (SEEN | DELETED))
        return self._change("flags & ~%s", "flags & %s <> 0", 0, self.flags, counts=counts)

    def replace(self) -> bool:
        """Put the flags in the place of all flags and keywords."""
        return self._change(
            "%s, keywords = ''",
            "(flags <> %s OR keywords <> '')",
            self.flags,
            ~self.flags,
            counts=True,
        )

    def _change(self, value: str, differs: str, on: int, off: int, *, counts: bool) -> bool:
        changed = unseen = deleted = 0
        for where, params in self._conditions(differs):
            if counts:
                seen, gone = _count_effect(where, params, on, off)
                unseen, deleted = unseen - seen, deleted + gone
            changed += db.execute(
                f"UPDATE mail_message SET flags = {value}, modseq = %s WHERE {where}",
                [self.flags, self.change.modseq, *params],
            )
        if unseen or deleted:
            db.execute(
                "UPDATE mail_mailbox SET unseen = unseen + %s, deleted = deleted + %s"
                " WHERE collection_id = %s",
                [unseen, deleted, self.collection_id],
            )
        return changed > 0

    def _conditions(self, differs: str) -> list[tuple[str, list[Any]]]:
        """Return (WHERE, parameters), a few hundred ranges each, of what would change."""
        found: list[tuple[str, list[Any]]] = []
        for chunk in chunks(self.ranges):
            condition, params = sql_condition("uid", chunk)
            where = f"collection_id = %s AND {condition}"
            values: list[Any] = [self.collection_id, *params]
            if self.unchanged_since is not None:
                where += " AND modseq <= %s"
                values.append(self.unchanged_since)
            values += [self.flags] * differs.count("%s")
            found.append((f"{where} AND {differs}", values))
        return found


def _count_effect(where: str, params: list[Any], on: int, off: int) -> tuple[int, int]:
    r"""Return by how many the messages with `\Seen` and with `\Deleted` will become more."""
    [(count, seen, deleted)] = db.fetch_rows(
        f"SELECT COUNT(*), COALESCE(SUM(flags & {SEEN}), 0),"
        f" COALESCE(SUM(flags & {DELETED}), 0) / {DELETED} FROM mail_message WHERE {where}",
        params,
    )
    effects = []
    for bit, held in ((SEEN, int(seen)), (DELETED, int(deleted))):
        effects.append(int(count) - held if on & bit else -held if off & bit else 0)
    return effects[0], effects[1]
