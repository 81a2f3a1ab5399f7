"""How far a hostile or broken message is followed, and what happens beyond.

Every limit has a fallback instead of an error: a message is always stored and always has an
index; what lies beyond a limit is only described more coarsely.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["DEFAULT_LIMITS", "MimeLimits"]


@dataclass(frozen=True, slots=True)
class MimeLimits:
    """Bounds of one parse; the comment at each says what is done beyond it."""

    max_depth: int = 50
    """Multiparts and messages inside each other; a deeper one is an `application/octet-stream`
    leaf that holds all its octets."""

    max_parts: int = 2_000
    """Parts of a message; the last one found holds the rest of its multipart, and containers
    not yet opened stay closed (leaves as above)."""

    max_header_fields: int = 2_000
    """Fields interpreted of one header block; the block's range stays whole."""

    max_header_bytes: int = 256 << 10
    """Octets of one header block that are interpreted; the block's range stays whole."""

    max_headers_bytes: int = 8 << 20
    """Octets of all header blocks together that are interpreted; the parts behind have no
    fields, and are text/plain."""

    max_field_bytes: int = 128 << 10
    """Octets of one field (a line of 50,000 octets fits); the rest of it is not interpreted."""

    max_addresses: int = 5_000
    """Addresses of one field that ENVELOPE lists."""

    max_params: int = 100
    """Parameters of one Content-Type or Content-Disposition."""

    max_references: int = 200
    """Message-ids kept of References: the first (the thread's root) and the last ones."""

    max_false_delimiters: int = 100_000
    """Lines that begin with a boundary and go on otherwise; then no more delimiters are looked
    for, and the last part found holds the rest of its multipart."""

    max_text_bytes: int = 4 << 20
    """Encoded octets of one part that are decoded for search."""

    max_text_chars: int = 8 << 20
    """Characters of search text of one message, headers included."""


DEFAULT_LIMITS = MimeLimits()
