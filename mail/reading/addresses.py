"""Whom a message is from and to, as a person reads it. Pure."""

from collections.abc import Iterable
from typing import Final, NamedTuple

from mail.mime.addresses import Address, parse_addresses
from mail.mime.fields import unfold
from mail.mime.sections import split_header_fields
from mail.mime.text import decode_header

MOST: Final = 1_000
"""Addresses of one field that are shown."""


class Mailbox(NamedTuple):
    """A name, "" for none, and an address, "" for the name of a group alone."""

    name: str
    address: str


def read_addresses(value: bytes) -> list[Mailbox]:
    """Return those whom the value of a field names; of a group, its members."""
    return list(_shown(parse_addresses(unfold(value), MOST)))


def _shown(addresses: Iterable[Address]) -> Iterable[Mailbox]:
    for address in addresses:
        if address.host is None:  # the beginning or the end of a group
            continue
        local, host = decode_header(address.mailbox or b""), decode_header(address.host)
        yield Mailbox(decode_header(address.name or b""), f"{local}@{host}" if host else local)


def read_fields(header: bytes) -> dict[bytes, bytes]:
    """Return the values of a header's fields by lower-case names, the first of each."""
    found: dict[bytes, bytes] = {}
    for name, raw in split_header_fields(header).fields:
        found.setdefault(name, raw.partition(b":")[2].strip(b" \t\r\n"))
    return found
