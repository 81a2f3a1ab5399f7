"""What a client knew of a mailbox when it left, against what is there now (RFC 7162 §3.2). Pure.

Nothing is expanded: a client may name ranges of four thousand million messages in a few octets.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from mail.imap.sequences import MAX_NUMBER, SequenceSet

Ranges = Sequence[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class SeqMatch:
    """Numbers that messages had, and their UIDs, pair by pair (RFC 7162 §3.2.5.2)."""

    seqs: Ranges
    uids: Ranges

    @property
    def is_paired(self) -> bool:
        """Tell whether both ascend and are of one length."""
        if not (_ascends(self.seqs) and _ascends(self.uids)):
            return False
        return _count(self.seqs) == _count(self.uids)


@dataclass(frozen=True, slots=True)
class Resync:
    """The QRESYNC parameter of SELECT (RFC 7162 §3.2.5)."""

    uid_validity: int
    modseq: int
    known_uids: SequenceSet | None = None
    match: SeqMatch | None = None

    def ranges_to_tell(self, uids: Sequence[int], uid_next: int) -> tuple[Ranges, Ranges]:
        """Return the UIDs of which changes, and those of which removals are to be told.

        A message that has its number still is one up to which the client has missed no removal.
        """
        everything = [(1, uid_next - 1)] if uid_next > 1 else []
        known = everything
        if self.known_uids is not None:
            known = intersect(self.known_uids.resolve(uid_next), everything)
        matched = 0 if self.match is None else find_last_match(self.match, uids)
        return known, intersect(known, [(matched + 1, uid_next)])


def trusted(modseq: int, lost: Ranges) -> int:
    """Return a client's mod-sequence, 0 for one that may have been lost: all is to be told."""
    return 0 if any(first <= modseq <= last for first, last in lost) else modseq


def find_last_match(match: SeqMatch, uids: Sequence[int]) -> int:
    """Return the UID of the last message that has the number it had, 0 where none has."""
    found = 0
    for seq, uid, count in _aligned(match):
        known = range(min(count, len(uids) - seq + 1))
        # UIDs rise faster than numbers: their distance never grows less from one to the next.
        distance = partial(_distance, uids, seq, uid)
        last = bisect_right(known, 0, key=distance) - 1
        if last >= 0 and distance(last) == 0:
            found = uid + last
    return found


def _distance(uids: Sequence[int], seq: int, uid: int, place: int) -> int:
    """Return by how much the UID of the message `place` after `seq` is above the one it had."""
    return uids[seq - 1 + place] - (uid + place)


def _aligned(match: SeqMatch) -> Iterator[tuple[int, int, int]]:
    """Cut both sets into runs (first number, first UID, count) that pair with each other."""
    seqs, uids = list(reversed(match.seqs)), list(reversed(match.uids))
    while seqs and uids:
        (seq, last_seq), (uid, last_uid) = seqs.pop(), uids.pop()
        count = min(last_seq - seq, last_uid - uid) + 1
        yield seq, uid, count
        if seq + count <= last_seq:
            seqs.append((seq + count, last_seq))
        if uid + count <= last_uid:
            uids.append((uid + count, last_uid))


def intersect(left: Ranges, right: Ranges) -> list[tuple[int, int]]:
    """Return what ascending, disjoint ranges have in common."""
    found: list[tuple[int, int]] = []
    one = other = 0
    while one < len(left) and other < len(right):
        low, high = max(left[one][0], right[other][0]), min(left[one][1], right[other][1])
        if low <= high:
            found.append((low, high))
        if left[one][1] < right[other][1]:
            one += 1
        else:
            other += 1
    return found


def contains(ranges: Ranges, uid: int) -> bool:
    """Tell whether one of ascending, disjoint ranges holds the UID."""
    place = bisect_right(ranges, (uid, MAX_NUMBER)) - 1
    return place >= 0 and uid <= ranges[place][1]


def without(ranges: Iterable[tuple[int, int]], uids: Sequence[int]) -> list[tuple[int, int]]:
    """Return what is left of ranges when ascending UIDs are taken out."""
    left: list[tuple[int, int]] = []
    for low, high in ranges:
        first = low
        for uid in uids[bisect_left(uids, low) : bisect_right(uids, high)]:
            if first < uid:
                left.append((first, uid - 1))
            first = uid + 1
        if first <= high:
            left.append((first, high))
    return left


def _ascends(ranges: Ranges) -> bool:
    bounds = [0]
    for low, high in ranges:
        if not bounds[-1] < low <= high:
            return False
        bounds.append(high)
    return True


def _count(ranges: Ranges) -> int:
    return sum(high - low + 1 for low, high in ranges)
