"""From whom servers in front have had a message: what their Received fields say of a client.

Each server writes its own form (RFC 5321 §4.4): Postfix and sendmail `from HELO (NAME [ADDRESS])`,
Exim `from NAME ([ADDRESS] helo=HELO)` or `from [ADDRESS] (helo=HELO)`, Exchange
`from HELO (ADDRESS)`. What the client itself has said is never taken for its address. Pure.
"""

import ipaddress
import re
from dataclasses import dataclass

from mail.mime.fields import unfold
from mail.mime.sections import split_header_fields

MAX_HOPS = 50
"""Fields that are looked at, from the top: the youngest."""
MAX_FIELD = 4 << 10

_FROM = re.compile(
    rb"[ \t]*+from[ \t]++([^ \t();]++)[ \t]*+(?:\(((?>(?:[^()]++|\([^()]*+\))*))\))?", re.IGNORECASE
)
_SAID = re.compile(rb"\b(?:helo|ehlo|lhlo)[= ]\[?([^ \t\[\]]*+)", re.IGNORECASE)
_LITERAL = re.compile(rb"\[(?:IPv6:)?([0-9A-Fa-f:.]++)\]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class SeenClient:
    """A client as a server saw it: its address, and the name that it gave, "" where none."""

    peer: str
    helo: str


def list_clients(header: bytes) -> list[SeenClient | None]:
    """Return who the servers were that a message came through, the last first.

    None stands for a field that names no address: nobody knows what was before it.
    """
    fields = split_header_fields(header).fields
    received = [raw for name, raw in fields if name == b"received"][:MAX_HOPS]
    return [_read(unfold(raw.partition(b":")[2])[:MAX_FIELD]) for raw in received]


def _read(value: bytes) -> SeenClient | None:
    found = _FROM.match(value)
    if found is None:
        return None
    word, comment = found[1], found[2] or b""
    said = _SAID.search(comment)
    told = comment if said is None else comment[: said.start()]
    literals = _LITERAL.findall(told)
    if literals:
        address = _address(literals[-1])
    elif (bare := _address(told.strip())) or said is None:
        address = bare
    else:
        # Exim, of a client without a name: its address comes first, and what it said behind.
        literal = _LITERAL.fullmatch(word)
        address = _address(literal[1]) if literal else ""
    if not address:
        return None
    helo = word if said is None else said[1]
    return SeenClient(address, helo.decode("ascii", "replace")[:255])


def _address(text: bytes) -> str:
    try:
        return str(ipaddress.ip_address(text.decode("ascii")))
    except ValueError:
        return ""
