"""The flags of a chunk of messages in one text: a character for each of its UIDs. Pure.

Ten thousand messages are forty short rows, in which a change of all their flags is a translation
of each text (docs/adr/0023). In memory a text is bytes, which can be translated and counted.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import cache, lru_cache
from itertools import compress
from operator import ne

from mail.uidset import CHUNK_BITS, Ranges, clip

CHUNK = 1 << CHUNK_BITS
HAS_KEYWORDS = 32
"""The bit beside a message's flags (`mail.flags`) that says that it has keywords."""
ABSENT = b"-"
"""Where there is no message of that UID."""
NOTHING = ABSENT * CHUNK
_ZERO = ord("0")
_MASKS = range(2 * HAS_KEYWORDS)
_MASK_OF = bytes((code - _ZERO) % HAS_KEYWORDS for code in range(256))
_IS_PRESENT = bytes(code != ABSENT[0] for code in range(256))


def with_keywords(mask: int, keywords: str) -> int:
    """Return the mask of a message that has these flags and keywords."""
    return mask | HAS_KEYWORDS if keywords else mask


def encode(masks: Iterable[int]) -> bytes:
    """Return the characters of masks."""
    return bytes(_ZERO + mask for mask in masks)


def decode(flags: bytes) -> Iterator[int]:
    """Yield the masks of the messages that there are, with `HAS_KEYWORDS`."""
    return (code - _ZERO for code in flags.replace(ABSENT, b""))


def mask_sql(code: str) -> str:
    """Return SQL of the mask of the character of a message `m`, given SQL of its code point."""
    return f"({code} - {_ZERO})"


def character_sql() -> str:
    """Return SQL of the character of a message `m` in its chunk `k`."""
    return f"substr(k.flags, CAST((m.uid & {CHUNK - 1}) + 1 AS integer), 1)"


def having_sql(bits: int) -> str:
    """Return SQL of whether a message `m` has one of the bits by its chunk `k`."""
    codes = encode(mask for mask in _MASKS if mask & bits).decode()
    quoted = ", ".join(f"'{code}'" for code in codes)
    return f"{character_sql()} IN ({quoted})"


def translation(change: Callable[[int], int]) -> bytes:
    """Return a table for `bytes.translate` that changes every mask."""
    table = bytearray(range(256))
    for mask in _MASKS:
        table[_ZERO + mask] = _ZERO + change(mask)
    return bytes(table)


def list_flags(flags: bytes) -> bytes:
    """Return the flags of the messages that there are, an octet for each."""
    return flags.translate(_MASK_OF, ABSENT)


def count_with(flags: bytes, bits: int) -> int:
    """Return how many messages have one of the bits."""
    return flags.translate(_having(bits)).count(1)


@cache
def _having(bits: int) -> bytes:
    return bytes(code - _ZERO in _MASKS and bool(code - _ZERO & bits) for code in range(256))


def count_changed(before: bytes, after: bytes) -> int:
    """Return at how many places two texts of one length differ: where XOR leaves something."""
    differing = int.from_bytes(before) ^ int.from_bytes(after)
    return len(before) - differing.to_bytes(len(before)).count(0)


def list_changed(first_uid: int, before: bytes, after: bytes) -> Iterator[int]:
    """Yield the UIDs whose characters differ, of two texts that begin at `first_uid`."""
    return compress(range(first_uid, first_uid + len(before)), map(ne, before, after))


def count_present(flags: bytes) -> int:
    """Return how many messages there are."""
    return len(flags) - flags.count(ABSENT)


def list_masks(first_uid: int, flags: bytes) -> Iterator[tuple[int, int]]:
    """Yield (uid, flags) of the messages of a chunk that begins at `first_uid`."""
    masks = zip(range(first_uid, first_uid + len(flags)), flags.translate(_MASK_OF), strict=True)
    return compress(masks, flags.translate(_IS_PRESENT))


def list_present(first_uid: int, flags: bytes) -> Iterator[int]:
    """Yield the UIDs of the messages of a chunk that begins at `first_uid`."""
    return compress(range(first_uid, first_uid + len(flags)), flags.translate(_IS_PRESENT))


def within(first_uid: int, flags: bytes, ranges: Ranges) -> bytes:
    """Return the flags of a chunk with only the messages in ascending ranges."""
    return replace_within(first_uid, NOTHING, flags, ranges)


def having(flags: bytes, bits: int) -> bytes:
    """Return the flags of a chunk with only the messages that have one of the bits."""
    return holding(flags, frozenset(mask for mask in range(HAS_KEYWORDS) if mask & bits))


def holding(flags: bytes, masks: frozenset[int]) -> bytes:
    """Return the flags of a chunk with only the messages whose flags are one of these masks."""
    return flags.translate(_only_holding(masks))


@lru_cache(maxsize=256)
def _only_holding(masks: frozenset[int]) -> bytes:
    table = bytearray(ABSENT * 256)
    for mask in _MASKS:
        if mask % HAS_KEYWORDS in masks:
            table[_ZERO + mask] = _ZERO + mask
    return bytes(table)


def replace_within(first_uid: int, flags: bytes, others: bytes, ranges: Ranges) -> bytes:
    """Return the flags of a chunk with those of `others` for the UIDs in ascending ranges."""
    pieces: list[bytes] = []
    done = 0
    for first, last in clip(ranges, first_uid, first_uid + CHUNK - 1):
        start, end = first - first_uid, last - first_uid + 1
        pieces += (flags[done:start], others[start:end])
        done = end
    return b"".join((*pieces, flags[done:]))
