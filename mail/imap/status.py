"""What STATUS tells of mailboxes, of one or, in a LIST with STATUS (RFC 5819), of many.

Most of it is in the mailbox's own row. What is counted from others is counted for all mailboxes
in one query, and only where it is asked for.
"""

from collections.abc import Sequence

from mail import queries
from mail.imap.requests import StatusItem
from mail.objectids import mailbox_id
from mail.places import Place


class StatusReader:
    """Reads the items of a STATUS; `message_limit` is what APPENDLIMIT tells (RFC 7889)."""

    __slots__ = ("_deleted", "_message_limit", "_seen", "items")

    def __init__(self, items: tuple[StatusItem, ...], message_limit: int) -> None:
        """Begin with nothing counted."""
        self.items = items
        self._message_limit = message_limit
        self._deleted: dict[int, int] = {}
        self._seen: dict[int, int] = {}

    def look(self, places: Sequence[Place]) -> None:
        """Count what the rows of the mailboxes do not hold; at most two queries."""
        infos = [place.info for place in places]
        if StatusItem.DELETED_STORAGE in self.items:
            marked = [info.collection_id for info in infos if info.deleted]
            self._deleted.update(queries.sum_deleted(marked) if marked else {})
        if StatusItem.UNSEEN in self.items:
            read = [place for place in places if place.reader_id]
            if read:
                ids = [place.info.collection_id for place in read]
                self._seen.update(queries.count_seen(read[0].reader_id, ids))

    def values(self, place: Place) -> dict[StatusItem, bytes]:
        """Return the items of one of the places, in the order in which they were asked for."""
        info = place.info
        known = {
            StatusItem.MESSAGES: info.items,
            StatusItem.RECENT: 0,
            StatusItem.UIDNEXT: info.uid_next,
            StatusItem.UIDVALIDITY: info.uid_validity,
            StatusItem.UNSEEN: self._unseen(place),
            StatusItem.HIGHESTMODSEQ: info.highest_modseq,
            StatusItem.APPENDLIMIT: self._message_limit,
            StatusItem.SIZE: info.bytes,
            StatusItem.DELETED: info.deleted,
            StatusItem.DELETED_STORAGE: self._deleted.get(info.collection_id, 0),
        }
        return {
            item: b"(%s)" % mailbox_id(info.object_id)
            if item is StatusItem.MAILBOXID
            else b"%d" % known[item]
            for item in self.items
        }

    def _unseen(self, place: Place) -> int:
        if not place.reader_id:
            return place.info.unseen
        return place.info.items - self._seen.get(place.info.collection_id, 0)
