"""From octets to text: header values, bodies for search, and the form in which search compares.

RFC 2047 (encoded words), RFC 5051 (i;unicode-casemap). Layout is lost on purpose: this is what a
search or a preview sees, not what a reader is shown.
"""

from __future__ import annotations

import binascii
import re
import unicodedata
from collections.abc import Iterator

from mail.mime.charsets import decode_octets
from mail.mime.fields import get_param, read_fields, unfold, with_line_feeds
from mail.mime.html import strip_html
from mail.mime.limits import DEFAULT_LIMITS, MimeLimits
from mail.mime.parser import Part

__all__ = [
    "decode_body",
    "decode_header",
    "decode_header_block",
    "decode_text",
    "extract_header",
    "extract_text",
    "fold_search",
    "read_sender_and_subject",
]

_ENCODED_WORD = re.compile(rb"=\?([!-)+->@-~]{1,60})(?:\*[\w-]{0,60})?\?([bBqQ])\?([^?\r\n]*+)\?=")


def decode_header(raw: bytes) -> str:
    """Return a header value as text: unfolded, encoded words decoded (RFC 2047).

    Tolerated: encoded words inside text or quotes, blanks in them, characters divided between
    two words, 8-bit octets in UTF-8 or not, unknown character sets.
    """
    value = unfold(raw)
    if b"=?" not in value:
        return decode_octets(value)
    text: list[str] = []
    # Neighbours in one character set are decoded together: senders cut through characters.
    charset, pending = b"", b""
    position = 0
    for match in _ENCODED_WORD.finditer(value):
        between = value[position : match.start()]
        position = match.end()
        word_charset = match[1].lower()
        adjacent = charset and not between.strip(b" \t")
        if not adjacent or word_charset != charset:
            text.append(decode_octets(pending, charset))
            pending = b""
        if not adjacent:
            text.append(decode_octets(between))
        charset = word_charset
        pending += _decode_word(match[2], match[3])
    text += (decode_octets(pending, charset), decode_octets(value[position:]))
    return "".join(text)


def read_sender_and_subject(header: bytes) -> tuple[str, str]:
    """Return From and Subject of header fields as text, "" for one that is not there."""
    fields = read_fields(header, 0, len(header), DEFAULT_LIMITS)
    return decode_header(fields.get(b"from", b"")), decode_header(fields.get(b"subject", b""))


def _decode_word(encoding: bytes, text: bytes) -> bytes:
    if encoding in b"qQ":
        return binascii.a2b_qp(text, header=True)
    return _decode_base64(text)


def _decode_base64(text: bytes) -> bytes:
    """Decode what can be decoded: padding may lack, and what is cut off is dropped."""
    try:
        return binascii.a2b_base64(text)
    except binascii.Error:
        letters = re.sub(rb"[^A-Za-z0-9+/]", b"", text)
        return binascii.a2b_base64(letters[: len(letters) & ~3] + _last_quantum(letters))


def _last_quantum(letters: bytes) -> bytes:
    rest = letters[len(letters) & ~3 :]
    return rest + b"=" * (4 - len(rest)) if len(rest) > 1 else b""


def decode_body(data: bytes, part: Part, max_bytes: int) -> bytes:
    """Return the first octets of a body with its transfer encoding undone.

    `max_bytes` counts encoded octets. Damage is tolerated; an unknown encoding is none.
    """
    raw = data[part.header_end : min(part.body_end, part.header_end + max_bytes)]
    if part.encoding == b"base64":
        return _decode_base64(raw)
    if part.encoding == b"quoted-printable":
        return binascii.a2b_qp(raw)
    return raw


def decode_text(data: bytes, part: Part, max_bytes: int) -> str:
    """Return the first of a text part's characters; of HTML, its text only."""
    named = get_param(part.params, b"charset")
    cut = part.body_end - part.header_end > max_bytes
    octets = decode_body(data, part, max_bytes)
    text = decode_octets(octets, named[1] if named else b"", cut=cut)
    return strip_html(text) if part.subtype == b"html" else text


def extract_text(
    data: bytes, top: Part, limits: MimeLimits = DEFAULT_LIMITS, *, headers: bool = True
) -> Iterator[str]:
    """Yield a message's text for search: its header (unless declined), then part by part.

    Of body parts the names of files and the descriptions, of encapsulated messages the headers,
    of text parts the text. Bounded by `limits.max_text_bytes` for a part and
    `limits.max_text_chars` together.
    """
    left = limits.max_text_chars
    for text in _pieces(data, top, limits, headers=headers):
        if left <= 0:
            return
        if text:
            yield text[:left]
            left -= len(text)


def extract_header(data: bytes, part: Part, limits: MimeLimits = DEFAULT_LIMITS) -> str:
    """Return the text of a message's own header, as far as headers are interpreted."""
    end = min(part.header_end, part.header_start + limits.max_header_bytes)
    return decode_header_block(data[part.header_start : end])


def _pieces(data: bytes, top: Part, limits: MimeLimits, *, headers: bool) -> Iterator[str]:
    messages = {id(top)} if headers else set()
    for part in top.walk():
        if part.message is not None:
            messages.add(id(part.message))
        if id(part) in messages:
            yield extract_header(data, part, limits)
        elif part is not top:
            yield from _part_names(part)
        # Leaves of message/* are text too: delivery and disposition reports.
        if part.type == b"text" or (part.type == b"message" and part.message is None):
            yield decode_text(data, part, limits.max_text_bytes)


def _part_names(part: Part) -> Iterator[str]:
    disposition = part.disposition()
    for params, name in (
        (disposition[1] if disposition else (), b"filename"),
        (part.params, b"name"),
    ):
        if found := get_param(params, name):
            charset, octets = found
            yield decode_octets(octets, charset) if charset else decode_header(octets)
            break
    if part.description:
        yield decode_header(part.description)


_FOLD = re.compile(rb"\r*\n(?=[ \t])")


def decode_header_block(header: bytes) -> str:
    """Return a header block as text, one field a line, encoded words decoded."""
    lines = _FOLD.sub(b"", with_line_feeds(header)).splitlines()
    return "\n".join(decode_header(line) for line in lines if line)


_MOST_MARKS = 30
# What decomposes to marks, and all else that is no letter; U+FF9E and U+FF9F are the
# letters among it.
_LONG_RUN = re.compile(r"(?:[^\w\x00-\x7f]|[\uff9e\uff9f]){31,}")


def fold_search(text: str) -> str:
    """Return the form in which search compares: equal where the texts match.

    i;unicode-casemap (RFC 5051) asks for titlecase and full decomposition. Full case folding in
    its place makes the same texts equal, and some more that a reader takes for equal (ß and ss);
    compatibility decomposition is NFKD. Marks stay: é is e and an accent, and does not match e
    in the middle of a word that goes on with other letters. Of more than 30 marks in a row the
    rest is left out (UAX #15 §13): to order them takes the square of their number.
    """
    if text.isascii():
        return text.lower()
    text = unicodedata.normalize("NFKD", _LONG_RUN.sub(_without_long_rows, text))
    # Once more for letters that bring marks of their own.
    return _LONG_RUN.sub(_without_long_rows, unicodedata.normalize("NFKD", text.casefold()))


def _without_long_rows(run: re.Match[str]) -> str:
    kept: list[str] = []
    row = 0
    for char in run[0]:
        is_mark = unicodedata.combining(unicodedata.normalize("NFKD", char)[0])
        row = row + 1 if is_mark else 0
        if row <= _MOST_MARKS:
            kept.append(char)
    return "".join(kept)
