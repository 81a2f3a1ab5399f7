"""Which messages of an archive are in a mailbox already.

A message is there when the same bytes are, with the same internal date; each counts once, so that
two alike in an archive are two in the mailbox, however often the import is cut off and repeated.
"""

from collections import Counter
from hashlib import sha256

from groupware.core import blobs, db
from mail import queries

_Key = tuple[bytes, int]
EVERYTHING = [(1, 2**62)]


class Presence:
    """What a mailbox holds and no message of the archive was found to be yet."""

    def __init__(self, collection_id: int | None) -> None:
        self._collection_id = collection_id
        self._whole: Counter[_Key] = Counter()
        self._prefixed: dict[tuple[int, int], list[int]] = {}
        """UIDs of messages with trace fields of ours, by size and date: few are ever read."""
        if collection_id is not None:
            self._load(collection_id)

    def _load(self, collection_id: int) -> None:
        fields = ("uid", "blob_digest", "internal_date", "size", "prefix_size")
        after = 0
        while True:
            with db.read_snapshot():
                rows = queries.fetch_messages(collection_id, EVERYTHING, fields, after_uid=after)
            for uid, digest, date, size, prefix_size in rows:
                if prefix_size:
                    self._prefixed.setdefault((size, date), []).append(uid)
                else:
                    self._whole[bytes(digest), date] += 1
            if len(rows) < queries.BATCH:
                return
            after = rows[-1][0]

    def take(self, data: bytes, date: int) -> bool:
        """Tell whether a message is there, and count it as found."""
        for uid in self._prefixed.pop((len(data), date), ()):
            if digest := self._digest(uid):
                self._whole[digest, date] += 1
        key = (sha256(data).digest(), date)
        if not self._whole[key]:
            del self._whole[key]
            return False
        self._whole[key] -= 1
        return True

    def _digest(self, uid: int) -> bytes | None:
        """Return the digest of a message with its prefix, None where it went meanwhile."""
        if self._collection_id is None:
            return None
        with db.read_snapshot():
            rows = queries.fetch_messages(
                self._collection_id, [(uid, uid)], ("prefix", "blob_location")
            )
        for prefix, location in rows:
            return sha256(bytes(prefix or b"") + blobs.read_location(location)).digest()
        return None
