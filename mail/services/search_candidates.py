"""Which messages of one mailbox may hold a term, by the search index: a superset of those that do.

Rows are always reached from the messages of the mailbox: the index is of all accounts together, and
nothing of another's gets here. Run inside `db.read_snapshot`.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from groupware.core import db
from mail.services.search_segments import find_slots, has_slot, hash_trigrams
from mail.services.search_text import FIELD_COLUMNS, TEXT_VERSION

_INDEX: Final = (
    "mail_message m LEFT JOIN mail_searchtext x"
    f" ON x.blob_id = m.blob_id AND x.version = {TEXT_VERSION:d}"
)


@dataclass(frozen=True, slots=True)
class TextTerm:
    """A folded term, and whether fields that were added on arrival count."""

    octets: bytes
    with_prefix: bool

    @property
    def is_indexed(self) -> bool:
        """Whether the index says anything of it: a trigram has three octets."""
        return bool(hash_trigrams(self.octets))


def find_by_field(collection_id: int, name: bytes, term: bytes) -> set[int]:
    """Return the UIDs whose field, one of `FIELD_COLUMNS`, holds a term or is not indexed."""
    column = f"x.{FIELD_COLUMNS[name]}"
    rows = db.fetch_rows(
        f"SELECT m.uid FROM {_INDEX} WHERE m.collection_id = %s"
        f" AND ({column} IS NULL OR {db.holds(column)})",
        [collection_id, term],
    )
    return {uid for (uid,) in rows}


def find_by_text(collection_id: int, terms: Sequence[TextTerm]) -> list[set[int]]:
    """Return, for each term, the UIDs whose text may hold it or is in no segment."""
    segments: dict[int, list[tuple[int, int]]] = defaultdict(list)
    loose: list[int] = []
    for uid, segment_id, slot in db.fetch_rows(
        f"SELECT m.uid, x.segment_id, x.slot FROM {_INDEX} WHERE m.collection_id = %s",
        [collection_id],
    ):
        if segment_id is None:
            loose.append(uid)
        else:
            segments[segment_id].append((uid, slot))
    found = [set(loose) for _ in terms]
    for segment_id, bitmaps in find_slots(segments, [term.octets for term in terms]):
        for uids, bitmap in zip(found, bitmaps, strict=True):
            uids.update(uid for uid, slot in segments[segment_id] if has_slot(bitmap, slot))
    if any(term.with_prefix for term in terms):
        _add_prefixed(collection_id, terms, found)
    return found


def _add_prefixed(collection_id: int, terms: Sequence[TextTerm], found: list[set[int]]) -> None:
    rows = db.fetch_rows(
        "SELECT m.uid, p.data FROM mail_message m"
        " JOIN mail_messageprefix p ON p.message_id = m.id WHERE m.collection_id = %s",
        [collection_id],
    )
    for term, uids in zip(terms, found, strict=True):
        if term.with_prefix:
            uids.update(uid for uid, data in rows if may_hold(bytes(data), term.octets))


def may_hold(header: bytes, term: bytes) -> bool:
    """Whether the text of header fields may hold a folded term; quick, and False only for sure.

    Of ASCII without encoded words the text is the octets in small letters, unfolded: what has no
    blank in it stands there as it is.
    """
    if b"=?" in header or not header.isascii() or b"\0" in header:
        return True
    longest = max(term.split(), key=len, default=b"")
    return longest in header.lower()
