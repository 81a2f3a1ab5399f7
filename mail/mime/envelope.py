"""The ENVELOPE of a message in its wire form (RFC 3501 §7.4.2).

Header text is given as it stands, encoded words included; what is not 7-bit goes as a literal.
"""

from __future__ import annotations

from mail.mime.addresses import Address, parse_addresses
from mail.mime.limits import DEFAULT_LIMITS, MimeLimits
from mail.mime.strings import quote_or_nil

__all__ = ["serialize_addresses", "serialize_envelope"]


def serialize_envelope(fields: dict[bytes, bytes], limits: MimeLimits = DEFAULT_LIMITS) -> bytes:
    """Return the parenthesized envelope made from a message's interpreted fields."""
    lists: dict[bytes, bytes] = {}
    for name in (b"from", b"sender", b"reply-to", b"to", b"cc", b"bcc"):
        raw = fields.get(name)
        wire = serialize_addresses(parse_addresses(raw, limits.max_addresses)) if raw else b"NIL"
        # Sender and Reply-To default to From where absent or empty.
        if wire == b"NIL" and name in {b"sender", b"reply-to"}:
            wire = lists[b"from"]
        lists[name] = wire
    return b"(%b %b %b %b %b)" % (
        quote_or_nil(fields.get(b"date")),
        quote_or_nil(fields.get(b"subject")),
        b" ".join(lists.values()),
        quote_or_nil(fields.get(b"in-reply-to")),
        quote_or_nil(fields.get(b"message-id")),
    )


def serialize_addresses(addresses: list[Address]) -> bytes:
    """Return a list of address structures, NIL for an empty one."""
    if not addresses:
        return b"NIL"
    return b"(%b)" % b"".join(
        b"(%b)" % b" ".join([quote_or_nil(value) for value in address]) for address in addresses
    )
