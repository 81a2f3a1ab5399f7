"""Everything that the store keeps of a message beside its octets, from one parse.

Hot: runs once for every message that arrives, and never again for it. What FETCH, SORT, THREAD
and listings need is here in ready form, so that they open no blob.
"""

from __future__ import annotations

from dataclasses import dataclass

from mail.mime.bodystructure import derive_body, serialize_bodystructure
from mail.mime.dates import parse_date
from mail.mime.envelope import read_address_lists, serialize_with_addresses
from mail.mime.limits import DEFAULT_LIMITS, MimeLimits
from mail.mime.parser import Part, parse_message
from mail.mime.parts import serialize_parts
from mail.mime.preview import make_preview
from mail.mime.text import decode_header
from mail.mime.thread import base_subject, read_message_id, read_references

__all__ = ["MessageIndex", "index_message", "index_part"]


@dataclass(frozen=True, slots=True)
class MessageIndex:
    """What is kept of one blob. No text in it has a NUL or a lone surrogate."""

    envelope: bytes
    """ENVELOPE's value on the wire, for IMAP4rev1: 8-bit values as literals."""
    bodystructure: bytes
    """BODYSTRUCTURE's value on the wire, with extension data."""
    parts: bytes
    """Where each section lies: see `parts.load_parts`."""
    size: int
    """Octets of the message."""
    header_size: int
    """Octets of the header block with its blank line. 0: the message has no header at all, and a
    prefix put before it has to end with a blank line."""
    header: bytes
    """The header block."""
    preview: str
    """The first 200 characters of text, on one line."""
    subject: str
    from_: str
    """Decoded field, as `to`, `cc`, `bcc` and `reply_to`; empty where absent."""
    to: str
    cc: str
    bcc: str
    reply_to: str
    base_subject: str
    is_reply_or_forward: bool
    """Whether the base subject lost a reply's or forward's mark (RFC 5256 §2.1)."""
    sent_date: int | None
    """Date as seconds since 1970 UTC; None where absent or senseless."""
    sent_offset: int
    """Seconds that the sender's clock is ahead of UTC: SENTON compares days as written."""
    message_id: str
    """Without angle brackets, as are `references`; empty where there is none."""
    references: tuple[str, ...]
    """References, else the first id of In-Reply-To; oldest first."""
    has_attachment: bool
    """Whether a part is an attachment or has a file name, inline images aside."""

    @property
    def body(self) -> bytes:
        """BODY's value on the wire: BODYSTRUCTURE without extension data."""
        return derive_body(self.bodystructure)


def index_message(data: bytes, limits: MimeLimits = DEFAULT_LIMITS) -> MessageIndex:
    """Return the index of a message; never raises, whatever the octets are."""
    return index_part(data, parse_message(data, limits), limits)


def index_part(data: bytes, top: Part, limits: MimeLimits = DEFAULT_LIMITS) -> MessageIndex:
    """Return the index of a message that `parse_message` has read."""
    fields = top.fields
    subject = _decode(fields, b"subject")
    base = base_subject(subject)
    sent = parse_date(fields.get(b"date", b""))
    addresses = read_address_lists(fields, limits)
    return MessageIndex(
        envelope=serialize_with_addresses(fields, addresses),
        bodystructure=serialize_bodystructure(top, limits),
        parts=serialize_parts(top),
        size=len(data),
        header_size=top.header_end,
        header=data[: top.header_end],
        preview=make_preview(data, top),
        subject=subject,
        from_=_decode(fields, b"from"),
        to=_decode(fields, b"to"),
        cc=_decode(fields, b"cc"),
        bcc=_decode(fields, b"bcc"),
        reply_to=_decode(fields, b"reply-to"),
        base_subject=base.text,
        is_reply_or_forward=base.is_reply_or_forward,
        sent_date=sent.epoch if sent else None,
        sent_offset=sent.offset if sent else 0,
        message_id=read_message_id(fields),
        references=read_references(fields, limits),
        has_attachment=any(_is_attached(part) for part in top.walk()),
    )


def _decode(fields: dict[bytes, bytes], name: bytes) -> str:
    raw = fields.get(name)
    return decode_header(raw) if raw else ""


_INLINE = frozenset({b"text", b"image", b"multipart"})


def _is_attached(part: Part) -> bool:
    disposition = part.disposition()
    if disposition is None:
        return part.type not in _INLINE and any(name[:4] == b"name" for name, _ in part.params)
    value, params = disposition
    if value == b"attachment":
        return True
    return part.type not in _INLINE and any(name[:8] == b"filename" for name, _ in params)
