"""The selected mailbox as one client knows it, and what it has not been told yet. Pure.

Invariant: `uids` is what the client numbers: its n-th member is the client's message n. A message
that is gone keeps its place until the EXPUNGE goes out, which waits while the client may still
speak in the old numbers (RFC 3501 §7.4.1).
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from mail.flags import FLAG_NAMES, OWNER, Actor, actor_with
from mail.imap.resync import trusted
from mail.imap.sequences import Seq
from mail.search.keys import MessageSet
from mail.uidset import to_ranges

FlagRow = tuple[int, int, str, int]
"""(uid, flags, keywords, modseq)."""
Ranges = list[tuple[int, int]]
Row = TypeVar("Row", bound=tuple[Any, ...])


@dataclass(frozen=True, slots=True)
class Updates:
    """What the client is to be told, in this order; `vanished` are the UIDs of `expunged`.

    Each number of `expunged` counts those before it as dropped.
    """

    expunged: list[int]
    vanished: list[int]
    exists: int | None
    changed: list[tuple[Seq, FlagRow]]


@dataclass(frozen=True, slots=True)
class Identity:
    r"""Which mailbox it is, how it was opened, and what its session may do there.

    `account_id` is its owner; `reader_id` who reads it with a `\Seen` of their own, 0 for the
    owner. `rights` are letters of RFC 4314; EXAMINE (`read_only`) takes away what changes it.
    `lost` are mod-sequences that the client may have been told and that went with the power.
    """

    account_id: int
    collection_id: int
    name: str
    uid_validity: int
    read_only: bool
    reader_id: int = 0
    rights: str = "lrswipkxtea"
    lost: tuple[tuple[int, int], ...] = ()

    def trust(self, modseq: int) -> int:
        """Return a mod-sequence of the client's, 0 for one that may have been lost."""
        return trusted(modseq, self.lost)

    def may(self, letters: str) -> bool:
        """Tell whether the session may do here what needs all these rights to change things."""
        return not self.read_only and all(letter in self.rights for letter in letters)

    @property
    def is_writable(self) -> bool:
        r"""Tell what READ-WRITE and READ-ONLY say (RFC 4314 §5.2).

        A reader's `\Seen` is shared with nobody, so that the right to it does not count.
        """
        return not self.read_only and any(letter in self.rights for letter in "iewt")

    @property
    def actor(self) -> Actor:
        """Return who sets flags here, and which."""
        return actor_with(self.reader_id, self.rights) if self.reader_id else OWNER


class MailboxView:
    """One session's numbering of one mailbox."""

    __slots__ = (
        "_changed",
        "_settled_modseq",
        "_told_count",
        "_told_flags",
        "_vanished",
        "identity",
        "keywords",
        "modseq",
        "saved",
        "uid_next",
        "uids",
    )

    def __init__(
        self,
        identity: Identity,
        uids: Sequence[int],
        uid_next: int,
        modseq: int,
        keywords: tuple[str, ...] = (),
    ) -> None:
        """Begin with everything told, as after SELECT."""
        self.identity = identity
        self.keywords = keywords
        self._told_flags = (keywords, identity.rights)
        # Four octets for each message of each session: RFC 3501 UIDs have 32 bits.
        self.uids = array("I", uids)
        self.saved = array("I")
        self.uid_next = uid_next
        self.modseq = modseq
        self._told_count = len(self.uids)
        self._settled_modseq = modseq
        self._vanished: set[int] = set()
        self._changed: dict[int, FlagRow] = {}

    @property
    def flags(self) -> list[str]:
        """Return the flags and keywords that the mailbox knows."""
        return [*FLAG_NAMES.values(), *self.keywords]

    @property
    def permanent_flags(self) -> list[str]:
        r"""Return those that a client can set; `\*` says that keywords can be made."""
        if self.identity.read_only:
            return []
        actor = self.identity.actor
        settable = [name for bit, name in FLAG_NAMES.items() if bit & actor.mask]
        return [*settable, *self.keywords, "\\*"] if actor.keywords else settable

    def take_new_flags(self) -> bool:
        """Tell whether the client has to hear of its flags, from now on as one that has.

        A keyword that is new is one, and a right that came or went.
        """
        told, self._told_flags = self._told_flags, (self.keywords, self.identity.rights)
        return told != self._told_flags

    def find_seq(self, uid: int) -> Seq | None:
        """Return the client's number for a message, None for one that it does not know."""
        place = bisect_left(self.uids, uid)
        if place < len(self.uids) and self.uids[place] == uid:
            return Seq(place + 1)
        return None

    def seqs_of(self, uids: Sequence[int]) -> Sequence[int]:
        """Return the client's numbers of messages in their order, 0 for those it does not know.

        Hot: a run of consecutive messages, or several, costs a comparison for each.
        """
        if not uids:
            return ()
        known, count = self.uids, len(self.uids)
        place = bisect_left(known, uids[0])
        if known[place : place + len(uids)] == array("I", uids):
            return range(place + 1, place + 1 + len(uids))
        seqs: list[int] = []
        for uid in uids:
            if place == count or known[place] != uid:
                place = bisect_left(known, uid)
            is_known = place < count and known[place] == uid
            place += is_known
            seqs.append(place if is_known else 0)
        return seqs

    def number(self, rows: Sequence[Row]) -> list[tuple[Seq, Row]]:
        """Return rows, which begin with their UID, behind the client's numbers. Hot.

        Those that the client does not know are left out.
        """
        seqs = cast("Sequence[Seq]", self.seqs_of([row[0] for row in rows]))
        numbered = list(zip(seqs, rows, strict=True))
        return numbered if 0 not in seqs else [pair for pair in numbered if pair[0]]

    def keep_known(self, rows: Sequence[Row]) -> list[Row]:
        """Return those of rows, which begin with their UID, that the client knows."""
        return [row for _, row in self.number(rows)]

    def save(self, uids: Iterable[int]) -> None:
        """Keep a search's result, ascending, for `$`; SELECT begins with none (RFC 5182 §2.1)."""
        self.saved = array("I", uids)

    def ranges_of_saved(self) -> Ranges:
        """Return what is left of the saved result."""
        return to_ranges(uid for uid in self.saved if uid not in self._vanished)

    def ranges_of_seqs(self, messages: MessageSet) -> Ranges | None:
        """Return the UIDs behind sequence numbers, None where one is beyond the last message."""
        if messages.is_saved:
            return self.ranges_of_saved()
        count = len(self.uids)
        if count == 0:
            return None
        resolved = messages.resolve(count)
        if resolved[-1][1] > count:
            return None
        return [(self.uids[low - 1], self.uids[high - 1]) for low, high in resolved]

    def ranges_of_uids(self, messages: MessageSet) -> Ranges:
        """Return the ranges cut to the UIDs that the client may know of."""
        if messages.is_saved:
            return self.ranges_of_saved()
        if not self.uids:
            return []
        last = self.uids[-1]
        resolved = messages.resolve(last)
        return [(low, min(high, last)) for low, high in resolved if low <= last]

    def list_uids(self, ranges: Iterable[tuple[int, int]]) -> list[int]:
        """Return the known UIDs in ascending ranges."""
        found: list[int] = []
        for low, high in ranges:
            found += self.uids[bisect_left(self.uids, low) : bisect_right(self.uids, high)]
        return found

    def count(self, ranges: Iterable[tuple[int, int]]) -> int:
        """Return how many known UIDs lie in ascending ranges."""
        return sum(
            bisect_right(self.uids, high) - bisect_left(self.uids, low) for low, high in ranges
        )

    def absorb(
        self,
        *,
        uid_next: int,
        modseq: int,
        changed: Iterable[FlagRow],
        new: Iterable[FlagRow],
        vanished: Iterable[tuple[int, int]],
    ) -> None:
        """Take in everything that happened after `modseq` so far, none of it told yet."""
        if not self._vanished:
            self._settled_modseq = self.modseq
        gone = self.list_uids(vanished)
        self._vanished.update(gone)
        for uid in self._changed.keys() & gone:
            del self._changed[uid]
        for row in changed:
            if self.find_seq(row[0]) is not None:
                self._changed[row[0]] = row
        for row in new:
            if not self.uids or row[0] > self.uids[-1]:
                self.uids.append(row[0])
        self.uid_next = max(self.uid_next, uid_next)
        self.modseq = max(self.modseq, modseq)

    def owes(self, uid: int) -> bool:
        """Tell whether others changed a message and the client was not told."""
        return uid in self._changed

    def pass_over(self, modseq: int, rows: Iterable[FlagRow]) -> None:
        """Note that the client did the change of this modseq, which is answered on its own.

        `rows` are the messages that others had changed before, as they are after it.
        """
        for row in rows:
            if row[0] in self._changed:
                self._changed[row[0]] = row
        self.modseq = max(self.modseq, modseq)

    def tell(self, rows: Iterable[FlagRow]) -> None:
        """Note that the client was told these states, none later than `modseq`."""
        if not self._changed:
            return
        for uid, _, _, modseq in rows:
            held = self._changed.get(uid)
            if held is not None and held[3] <= modseq:
                del self._changed[uid]

    @property
    def owes_expunge(self) -> bool:
        """Tell whether a message is gone and the client was not told yet."""
        return bool(self._vanished)

    @property
    def settled_modseq(self) -> int:
        """Return up to where the client has been told everything, once it has the updates.

        A client that comes back with a later one would never hear of the messages that went
        before it and whose EXPUNGE waits (RFC 7162 §3.2).
        """
        return self._settled_modseq if self._vanished else self.modseq

    @property
    def has_news(self) -> bool:
        """Tell whether there is anything that the client was not told. Hot, for every command."""
        return bool(
            self._vanished
            or self._changed
            or len(self.uids) != self._told_count
            or self._told_flags != (self.keywords, self.identity.rights)
        )

    def take_updates(self, *, expunge: bool) -> Updates:
        """Return what is to be told now; with `expunge` false the numbers stay as they are."""
        expunged: list[int] = []
        vanished: list[int] = []
        if expunge and self._vanished:
            expunged, vanished = self._expunge()
        count = len(self.uids)
        exists = count if count != self._told_count else None
        self._told_count = count
        changed = self.number(sorted(self._changed.values()))
        self._changed.clear()
        return Updates(expunged, vanished, exists, changed)

    def _expunge(self) -> tuple[list[int], list[int]]:
        """Drop what is gone; return numbers, each counting those before as dropped, and UIDs.

        A message that came and went untold is never spoken of. Hot: the EXPUNGE benchmark.
        """
        seqs = self.seqs_of(sorted(self._vanished))
        told = seqs[: bisect_right(seqs, self._told_count)]
        expunged = [seq - before for before, seq in enumerate(told)]
        vanished = [self.uids[seq - 1] for seq in told]
        self._told_count -= len(told)
        kept, end = array("I"), 0
        for low, high in to_ranges(seqs):
            kept += self.uids[end : low - 1]
            end = high
        self.uids = kept + self.uids[end:]
        self.saved = array("I", (uid for uid in self.saved if uid not in self._vanished))
        self._vanished.clear()
        return expunged, vanished
