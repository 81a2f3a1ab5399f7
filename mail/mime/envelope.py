"""The ENVELOPE of a message in its wire form (RFC 3501 §7.4.2).

Header text is given as it stands, encoded words included; what is not 7-bit goes as a literal.
"""

from __future__ import annotations

from mail.mime.addresses import Address, parse_addresses
from mail.mime.limits import DEFAULT_LIMITS, MimeLimits
from mail.mime.strings import quote_or_nil

__all__ = [
    "AddressLists",
    "read_address_lists",
    "serialize_addresses",
    "serialize_envelope",
    "serialize_with_addresses",
]


AddressLists = dict[bytes, list[Address]]

_ADDRESS_FIELDS = (b"from", b"sender", b"reply-to", b"to", b"cc", b"bcc")


def serialize_envelope(fields: dict[bytes, bytes], limits: MimeLimits = DEFAULT_LIMITS) -> bytes:
    """Return the parenthesized envelope made from a message's interpreted fields."""
    return serialize_with_addresses(fields, read_address_lists(fields, limits))


def read_address_lists(fields: dict[bytes, bytes], limits: MimeLimits) -> AddressLists:
    """Return the addresses of the fields that an envelope has; absent fields are absent."""
    return {
        name: parse_addresses(fields[name], limits.max_addresses)
        for name in _ADDRESS_FIELDS
        if name in fields
    }


def serialize_with_addresses(fields: dict[bytes, bytes], lists: AddressLists) -> bytes:
    """Return the envelope of fields whose addresses have been read already."""
    wire = {name: serialize_addresses(addresses) for name, addresses in lists.items()}
    sender = wire.get(b"from", b"NIL")
    for name in (b"sender", b"reply-to"):
        # Both default to From where absent or empty.
        if wire.get(name, b"NIL") == b"NIL":
            wire[name] = sender
    return b"(%b %b %b %b %b)" % (
        quote_or_nil(fields.get(b"date")),
        quote_or_nil(fields.get(b"subject")),
        b" ".join([wire.get(name, b"NIL") for name in _ADDRESS_FIELDS]),
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
