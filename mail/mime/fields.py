"""Header blocks: where they end, their fields, and the parameters of Content-* fields.

RFC 5322 §2.2 and §3.6.8 (fields, folding), RFC 2045 §5.1 (parameters), RFC 2231 (continuations
and character sets of parameters). Values stay octets here; `text` turns them into characters.
Address fields are read by `addresses`.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from mail.mime.limits import MimeLimits

__all__ = [
    "Params",
    "Valued",
    "find_header_end",
    "get_param",
    "parse_valued",
    "read_fields",
    "unfold",
    "with_line_feeds",
]

Params = tuple[tuple[bytes, bytes], ...]

# Possessive quantifiers keep every pattern linear on hostile input.
_FIELD = re.compile(rb"^([!-9;-~]++)[ \t]*+:([^\n]*+(?>(?:\n[ \t][^\n]*+)*))", re.MULTILINE)
_BARE_CR = re.compile(rb"\r(?![\r\n]|\Z)")
_BLANK = re.compile(rb"\r*+\n")
# A line of a delimiter ends a header too: some senders leave out the blank line before it.
_HEADER_END = re.compile(rb"\n(?:\r*+\n|(?=--[^\n:]*+(?:\n|\Z)))")
_LOOKS_LIKE_FIELD = re.compile(rb"[ \t]*+[!-9;-~]++[ \t]*+:|>?From ")
_NOT_A_FIELD = re.compile(rb"^(?![ \t]|[!-9;-~]++[ \t]*+:|>?From |\r*+\n|\Z)", re.MULTILINE)
_LINE_BREAKS = b"\r\n"
_NUL_TO_0X80 = bytes([0x80]) + bytes(range(1, 256))

# The fields that envelope, bodystructure, threading and sorting are made from.
_KEPT = frozenset(
    {
        b"bcc",
        b"cc",
        b"content-description",
        b"content-disposition",
        b"content-id",
        b"content-language",
        b"content-location",
        b"content-md5",
        b"content-transfer-encoding",
        b"content-type",
        b"date",
        b"from",
        b"in-reply-to",
        b"message-id",
        b"references",
        b"reply-to",
        b"sender",
        b"subject",
        b"to",
    }
)
_MERGED = frozenset({b"bcc", b"cc", b"references", b"to"})


def with_line_feeds(data: bytes) -> bytes:
    """Return octets of the same length in which lines end with LF.

    A bare CR ends lines only where no LF stands before the last octet (old Macintosh mail).
    """
    if data.find(b"\n", 0, -1) < 0 and _BARE_CR.search(data):
        return data.replace(b"\r", b"\n")
    return data


def find_header_end(scan: bytes, start: int, end: int) -> int:
    """Return where the body begins: after the blank line, or at a line that begins with `--`.

    Without any header the body begins at `start`. Without a blank line the header reaches to
    the first line that cannot belong to one, or to `end`. Other lines that are no fields do not
    end a header that has its blank line.
    """
    if blank := _BLANK.match(scan, start, end):
        return blank.end()
    if not _LOOKS_LIKE_FIELD.match(scan, start, end):
        return start
    if found := _HEADER_END.search(scan, start, end):
        return found.end()
    if stray := _NOT_A_FIELD.search(scan, start, end):
        return stray.start()
    return end


def unfold(raw: bytes) -> bytes:
    """Return a field's value on one line, trimmed, with NUL as 0x80 (RFC 5322 §2.2.3)."""
    return raw.translate(_NUL_TO_0X80, _LINE_BREAKS).strip(b" \t")


def read_fields(scan: bytes, start: int, end: int, limits: MimeLimits) -> dict[bytes, bytes]:
    """Return the fields that the index needs: lower-case name to unfolded value.

    A repeated recipient or References field is joined, of any other one the first counts.
    """
    fields: dict[bytes, bytes] = {}
    end = min(end, start + limits.max_header_bytes)
    found: list[tuple[bytes, bytes]] = _FIELD.findall(scan, start, end)
    for spelled, raw in found[: limits.max_header_fields]:
        name = spelled.lower()
        if name not in _KEPT:
            continue
        value = unfold(raw[: limits.max_field_bytes])
        if name not in fields:
            fields[name] = value
        elif name in _MERGED and value:
            separator = b" " if name == b"references" else b", "
            fields[name] = separator.join(filter(None, (fields[name], value)))
    return fields


class Valued(NamedTuple):
    """A field of the form `value; name=value…`: lower-case value and parameters."""

    value: bytes
    params: Params


_PARAM = re.compile(
    rb";[ \t]*+([^\s=;\"]++)[ \t]*+=[ \t]*+"
    rb"(?:\"((?>(?:[^\"\\]++|\\.)*))(?:\"|\Z)|([^;]*+))",
    re.DOTALL,
)
_QUOTED_PAIR = re.compile(rb"\\(.)", re.DOTALL)
_CONTINUED = re.compile(rb"(.+?)\*(?:(\d{1,4})(\*)?)?\Z", re.DOTALL)
_BARE_TOKEN = re.compile(rb"[^\s(]*+")
_BARE_WORD = re.compile(rb"\S*+")
_FREE_TEXT = frozenset({b"name", b"filename"})
_PLAIN_CHARS = frozenset(
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$&+-.^_`{|}~"
)
_EXTENDED_CHARS = _PLAIN_CHARS | frozenset(b"%'")
_CACHEABLE = 200

Segments = dict[int, tuple[bytes, bool]]


def parse_valued(raw: bytes, limits: MimeLimits) -> Valued:
    """Parse Content-Type or Content-Disposition; `raw` is unfolded.

    Continuations (`name*0*`, `name*1`) are joined as RFC 2231 §7 asks of IMAP servers: the
    result is `name`, or `name*` in its percent-encoded form where a character set is named.
    """
    if len(raw) <= _CACHEABLE:
        return _parse_cached(raw, limits.max_params)
    return _parse(raw, limits.max_params)


def _parse(raw: bytes, max_params: int) -> Valued:
    value, separator, _ = raw.partition(b";")
    params: dict[bytes, bytes] = {}
    pieces: dict[bytes, Segments] = {}
    for match in _PARAM.finditer(raw, len(value)) if separator else ():
        if len(params) + len(pieces) >= max_params:
            break
        name, quoted, bare = match.groups()
        name = name.lower()
        text = _read_bare(name, bare) if quoted is None else _QUOTED_PAIR.sub(rb"\1", quoted)
        if continued := _CONTINUED.match(name):
            base, number, star = continued.groups()
            segment = (text, number is None or star is not None)
            pieces.setdefault(base, {}).setdefault(int(number or 0), segment)
        else:
            params.setdefault(name, text)
    for name, segments in pieces.items():
        _join_segments(name, segments, params)
    return Valued(value.strip().lower(), tuple(params.items()))


_parse_cached = lru_cache(maxsize=2_048)(_parse)


def _read_bare(name: bytes, bare: bytes) -> bytes:
    # Unquoted file names with blanks and parentheses are common; elsewhere those begin a comment.
    if name.partition(b"*")[0] in _FREE_TEXT:
        return bare.strip().strip(b'"')
    token = (_BARE_WORD if name == b"boundary" else _BARE_TOKEN).match(bare)
    assert token is not None
    return token.group()


def _join_segments(name: bytes, segments: Segments, params: dict[bytes, bytes]) -> None:
    ordered: list[tuple[bytes, bool]] = []
    while len(ordered) in segments:
        ordered.append(segments[len(ordered)])
    if not ordered:
        return
    if not any(extended for _, extended in ordered):
        params.setdefault(name, b"".join(text for text, _ in ordered))
        return
    prefix = b"" if ordered[0][1] else b"''"
    params[name + b"*"] = prefix + b"".join(
        _percent(text, _EXTENDED_CHARS if extended else _PLAIN_CHARS) for text, extended in ordered
    )


def _percent(text: bytes, keep: frozenset[int]) -> bytes:
    return b"".join(b"%c" % octet if octet in keep else b"%%%02X" % octet for octet in text)


def get_param(params: Params, name: bytes) -> tuple[bytes, bytes] | None:
    """Return (charset, octets) of a parameter; the charset is empty where none is named."""
    found = dict(params)
    if (extended := found.get(name + b"*")) is not None:
        parts = extended.split(b"'", 2)
        if len(parts) == 3:
            return parts[0], unquote_to_bytes(parts[2])
        return b"", unquote_to_bytes(extended)
    plain = found.get(name)
    return None if plain is None else (b"", plain)
