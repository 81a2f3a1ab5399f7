"""The first words of a message, for lists of messages (RFC 8970)."""

from __future__ import annotations

import re

from mail.mime.parser import Part
from mail.mime.text import decode_text

__all__ = ["PREVIEW_CHARS", "make_preview"]

PREVIEW_CHARS = 200
_PLAIN_BYTES = 4 << 10
_HTML_BYTES = 32 << 10
# Invisible characters with which newsletters keep the rest of the text out of previews.
_FILLERS = dict.fromkeys((0x00AD, 0x034F, 0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF))
_QUOTED_LINES = re.compile(r"^[ \t]*>[^\n]*+(?:\n|\Z)", re.MULTILINE)


def make_preview(data: bytes, top: Part) -> str:
    """Return at most 200 characters of the first text, on one line, quoted lines left out.

    Plain text goes before HTML. Only the first octets of a body are looked at.
    """
    plain: Part | None = None
    html: Part | None = None
    for part in top.walk():
        if part.type == b"text" and not _is_attachment(part):
            if part.subtype == b"html":
                html = html or part
            else:
                plain = part
                break
    for chosen, size in ((plain, _PLAIN_BYTES), (html, _HTML_BYTES)):
        if chosen is not None and (text := _shorten(decode_text(data, chosen, size))):
            return text
    return ""


def _is_attachment(part: Part) -> bool:
    return part.fields.get(b"content-disposition", b"")[:10].lower() == b"attachment"


def _shorten(text: str) -> str:
    own = _QUOTED_LINES.sub("", text) if ">" in text else text
    words = " ".join(own.split()) or " ".join(text.split())
    if not words.isascii():
        words = " ".join(words.translate(_FILLERS).split())
    # A character cut by the limit of octets.
    return words[:PREVIEW_CHARS].rstrip("\N{REPLACEMENT CHARACTER} ")
