"""Flags and keywords (RFC 3501 §2.3.2): a bit mask and sorted names. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

SEEN = 1
ANSWERED = 2
FLAGGED = 4
DELETED = 8
DRAFT = 16

FLAG_NAMES: dict[int, str] = {
    ANSWERED: "\\Answered",
    FLAGGED: "\\Flagged",
    DELETED: "\\Deleted",
    SEEN: "\\Seen",
    DRAFT: "\\Draft",
}
EVERY_FLAG = SEEN | ANSWERED | FLAGGED | DELETED | DRAFT
_BITS = {name.lower(): bit for bit, name in FLAG_NAMES.items()}
_SERIALIZED: dict[int, bytes] = {
    mask: " ".join(name for bit, name in FLAG_NAMES.items() if mask & bit).encode()
    for mask in range(32)
}


@dataclass(frozen=True, slots=True)
class Actor:
    r"""Who sets flags, and which of them may be set (RFC 4314 §4); 0 is a mailbox's owner.

    Whoever is not the owner has a `\Seen` of their own.
    """

    account_id: int = 0
    mask: int = EVERY_FLAG
    keywords: bool = True

    def reader_in(self, owner_id: int) -> int:
        r"""Return the reader whose `\Seen` counts in the owner's mailboxes, 0 for the owner."""
        return 0 if self.account_id == owner_id else self.account_id

    def owns(self, owner_id: int) -> bool:
        """Tell whether these are the owner's own doings, in which everything may be set."""
        return not self.reader_in(owner_id) and self.mask == EVERY_FLAG and self.keywords


OWNER = Actor()


def actor_with(account_id: int, rights: str) -> Actor:
    """Return an account that holds these letters."""
    mask = 0
    for letter, bits in (("s", SEEN), ("t", DELETED), ("w", EVERY_FLAG & ~(SEEN | DELETED))):
        mask |= bits if letter in rights else 0
    return Actor(account_id, mask, "w" in rights)


def parse_flags(names: Iterable[str]) -> tuple[int, tuple[str, ...]]:
    r"""Return (mask, keywords) of flag names; `\Recent` and unknown system flags are dropped."""
    mask = 0
    keywords: dict[str, str] = {}
    for name in names:
        bit = _BITS.get(name.lower())
        if bit is not None:
            mask |= bit
        elif not name.startswith("\\"):
            keywords.setdefault(name.lower(), name)
    return mask, tuple(keywords[key] for key in sorted(keywords))


def serialize_flags(mask: int, keywords: str) -> bytes:
    """Return the inside of a FLAGS list from a row's mask and space-separated keywords."""
    if not keywords:
        return _SERIALIZED[mask & 31]
    return b" ".join(filter(None, (_SERIALIZED[mask & 31], keywords.encode())))


def join_keywords(keywords: Iterable[str]) -> str:
    """Return the stored form of keywords: sorted without regard to case, space-separated."""
    return " ".join(sorted(set(keywords), key=lambda name: (name.lower(), name)))


def add_keywords(stored: str, keywords: Iterable[str]) -> str:
    """Return the stored form with `keywords` added; a keyword differs only by more than case."""
    held = {name.lower(): name for name in stored.split()}
    for name in keywords:
        held.setdefault(name.lower(), name)
    return join_keywords(held.values())


def remove_keywords(stored: str, keywords: Iterable[str]) -> str:
    """Return the stored form without `keywords`."""
    gone = {name.lower() for name in keywords}
    return join_keywords(name for name in stored.split() if name.lower() not in gone)
