"""The ENVELOPE of a message in its wire form (RFC 3501 §7.4.2), made and read.

Header text is given as it stands, encoded words included; what is not 7-bit goes as a literal.
"""

from __future__ import annotations

import re
from enum import Enum

from mail.mime.addresses import Address, parse_addresses
from mail.mime.limits import DEFAULT_LIMITS, MimeLimits
from mail.mime.strings import quote_or_nil

__all__ = [
    "AddressLists",
    "EnvelopeField",
    "read_address_lists",
    "read_envelope_subject",
    "read_first_address",
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


class EnvelopeField(Enum):
    """An address field, by its place among those of an envelope."""

    FROM = 0
    TO = 3
    CC = 4


_STRING = rb'(?:NIL|"(?>(?:[^"\\]++|\\.)*)")'
_LIST = rb"(?:NIL|\((?>(?:\(" + b" ".join([_STRING] * 4) + rb"\))*)\))"
_ADDRESS = b" ".join([b"(" + _STRING + b")"] * 4)
_SUBJECT = re.compile(rb"\(" + _STRING + b" (" + _STRING + b")", re.DOTALL)
_FIRST_ADDRESS = {
    field: re.compile(
        rb"\(" + (_STRING + b" ") * 2 + (_LIST + b" ") * field.value + rb"\(\(" + _ADDRESS,
        re.DOTALL,
    )
    for field in EnvelopeField
}
_LITERAL = re.compile(rb"\{(\d+)\}\r\n")
_QUOTED_PAIR = re.compile(rb"\\(.)", re.DOTALL)


def read_first_address(envelope: bytes, field: EnvelopeField) -> Address | None:
    """Return a field's first address of an envelope in its wire form; a group's start is one."""
    found = _FIRST_ADDRESS[field].match(_without_literals(envelope))
    return None if found is None else Address(*map(_unquote, found.groups()))


def read_envelope_subject(envelope: bytes) -> bytes:
    """Return the subject, not decoded, of an envelope in its wire form."""
    found = _SUBJECT.match(_without_literals(envelope))
    return (_unquote(found[1]) if found else None) or b""


def _unquote(wire: bytes) -> bytes | None:
    if wire == b"NIL":
        return None
    return _QUOTED_PAIR.sub(rb"\1", wire[1:-1]) if b"\\" in wire else wire[1:-1]


def _without_literals(envelope: bytes) -> bytes:
    """Return the envelope with strings quoted that are literals on the wire."""
    if b"{" not in envelope:
        return envelope
    pieces: list[bytes] = []
    position = 0
    while found := _LITERAL.search(envelope, position):
        end = found.end() + int(found[1])
        value = envelope[found.end() : end].replace(b"\\", b"\\\\").replace(b'"', b'\\"')
        pieces += (envelope[position : found.start()], b'"', value, b'"')
        position = end
    return b"".join((*pieces, envelope[position:]))
