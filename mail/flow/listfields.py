"""Header fields of lists (RFC 2369, RFC 2919), and what a message says of its way. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from email.header import Header
from urllib.parse import quote

from mail.mime.addresses import parse_addresses
from mail.mime.charsets import decode_octets
from mail.mime.fields import unfold
from mail.mime.sections import split_header_fields

BOUNCES, OWNER = "bounces", "owner"
"""Details of a list's address that lead to those in charge of it."""
MAX_HEADER = 256 << 10
"""Octets of a header that are looked at for who wrote it and where it has been."""
MAX_AUTHORS = 50
"""Addresses of From that are looked at."""

_NOT_IN_ID = re.compile(r"[^a-z0-9!#$%&'*/=?^_`{|}~.-]")
_WORD = re.compile(rb"[a-z-]++")


@dataclass(frozen=True, slots=True)
class ListFace:
    """What a list shows of itself."""

    address: str
    description: str
    is_announcement: bool
    """Whether nobody but those in charge may write to it."""

    @property
    def list_id(self) -> str:
        """Return the identifier of RFC 2919 §2, the same whatever happens to the list's members."""
        local_part, _, domain = self.address.partition("@")
        name = (
            local_part if local_part.isascii() else f"xn--{local_part.encode('punycode').decode()}"
        )
        return f"{_NOT_IN_ID.sub('-', name.lower())}.{domain}"

    def with_detail(self, detail: str) -> str:
        """Return an address beside that of the list: `team+owner@example.test`."""
        local_part, _, domain = self.address.partition("@")
        return f"{local_part}+{detail}@{domain}"


def write_list_fields(face: ListFace) -> bytes:
    """Return the fields that a list puts before a message; nothing in the message changes.

    Where a List-Post of RFC 2369 §3.4 says NO, only some may write. There is no field for a tag in
    the subject: it would break the author's signature.
    """
    post = "NO" if face.is_announcement else _mailto(face.address)
    owner = face.with_detail(OWNER)
    lines = (
        f"List-Id: {_phrase(face.description)}<{face.list_id}>",
        f"List-Post: {post}",
        f"List-Owner: {_mailto(owner)}",
        f"List-Help: {_mailto(owner, 'help')}",
        f"List-Unsubscribe: {_mailto(owner, 'unsubscribe')}",
        "Precedence: list",
        f"X-Loop: {face.list_id}",
    )
    return "".join(f"{line}\r\n" for line in lines).encode()


def _mailto(address: str, subject: str = "") -> str:
    query = f"?subject={subject}" if subject else ""
    return f"<mailto:{quote(address, safe='@+')}{query}>"


def _phrase(text: str) -> str:
    if not text:
        return ""
    if text.isascii():
        escaped = text.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}" '
    return Header(text, "utf-8", header_name="List-Id").encode(linesep="\r\n") + " "


@dataclass(frozen=True, slots=True)
class Told:
    """What the header of a message tells a list."""

    authors: tuple[str, ...]
    list_ids: frozenset[str]
    is_reply_of_a_machine: bool


def read_header(header: bytes) -> Told:
    """Return who wrote a message, through which lists it came, and whether a machine replied.

    Only the first From counts, as it does for who reads it. `auto-replied` of RFC 3834 §5 alone:
    what a machine says of its own accord (`auto-generated`) is meant for the list.
    """
    authors: tuple[str, ...] | None = None
    list_ids: set[str] = set()
    is_reply = False
    for name, value in _fields(header[:MAX_HEADER]):
        if name == b"from" and authors is None:
            authors = tuple(_addresses(value))
        elif name in {b"list-id", b"x-loop"}:
            text = decode_octets(value)
            list_ids.add(text.rpartition("<")[2].partition(">")[0].strip().lower())
        elif name == b"auto-submitted":
            word = _WORD.match(value.lower())
            is_reply = is_reply or (word is not None and word.group() == b"auto-replied")
    return Told(authors or (), frozenset(list_ids), is_reply)


def _fields(header: bytes) -> Iterator[tuple[bytes, bytes]]:
    for name, raw in split_header_fields(header).fields:
        yield name, unfold(raw.partition(b":")[2])


def _addresses(value: bytes) -> Iterable[str]:
    for one in parse_addresses(value, MAX_AUTHORS):
        if one.mailbox and one.host:
            yield f"{decode_octets(one.mailbox)}@{decode_octets(one.host)}"
