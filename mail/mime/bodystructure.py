"""BODYSTRUCTURE in its wire form, and BODY derived from it (RFC 3501 §7.4.2).

Only BODYSTRUCTURE is kept: BODY is the same without extension data, and few clients ask for it.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from mail.mime.envelope import serialize_envelope
from mail.mime.fields import Params
from mail.mime.limits import DEFAULT_LIMITS, MimeLimits
from mail.mime.parser import Part
from mail.mime.strings import quote, quote_or_nil

__all__ = ["derive_body", "serialize_bodystructure"]


def serialize_bodystructure(top: Part, limits: MimeLimits = DEFAULT_LIMITS) -> bytes:
    """Return the extended body structure of a message."""
    done: dict[int, bytes] = {}
    # What a part holds comes before it in this order: no recursion.
    for part in reversed(list(top.walk())):
        if part.children:
            done[id(part)] = _serialize_multipart(part, done, limits)
        else:
            done[id(part)] = _serialize_leaf(part, done, limits)
    return done[id(top)]


def _serialize_multipart(part: Part, done: dict[int, bytes], limits: MimeLimits) -> bytes:
    return b"(%b %b %b %b)" % (
        b"".join([done.pop(id(child)) for child in part.children]),
        quote(part.subtype),
        _params(part.params),
        _tail(part, limits),
    )


def _serialize_leaf(part: Part, done: dict[int, bytes], limits: MimeLimits) -> bytes:
    basic = b"%b %b %b %b %b %b %d" % (
        quote(part.type),
        quote(part.subtype),
        _params(part.params),
        quote_or_nil(part.id),
        quote_or_nil(part.description),
        quote(part.encoding),
        part.body_end - part.header_end,
    )
    if part.type == b"text":
        basic = b"%b %d" % (basic, part.body_lines)
    elif part.message is not None:
        inner = done.pop(id(part.message))
        # message/global has the form of message/rfc822 in IMAP4rev2 only (RFC 9051 §7.5.2).
        if part.subtype == b"rfc822":
            envelope = serialize_envelope(part.message.fields, limits)
            basic = b"%b %b %b %d" % (basic, envelope, inner, part.body_lines)
    return b"(%b %b %b)" % (basic, quote_or_nil(part.md5), _tail(part, limits))


def _params(params: Params) -> bytes:
    if not params:
        return b"NIL"
    return b"(%b)" % b" ".join([b"%b %b" % (quote(name), quote(value)) for name, value in params])


def _tail(part: Part, limits: MimeLimits) -> bytes:
    """Return disposition, language and location."""
    wire = b"NIL"
    if disposition := part.disposition(limits):
        value, params = disposition
        wire = b"(%b %b)" % (quote(value), _params(params))
    tags = [quote(tag) for tag in part.language]
    language = b"NIL" if not tags else tags[0] if len(tags) == 1 else b"(%b)" % b" ".join(tags)
    return b"%b %b %b" % (wire, language, quote_or_nil(part.location))


_WIRE_TOKEN = re.compile(
    rb" *(?:(?P<open>\()|(?P<close>\))|\"(?>(?:[^\"\\]++|\\.)*)\"|\{(?P<size>\d+)\}\r\n|[^ ()\"{]++)"
)
_BASIC_ITEMS = 7
_FEWEST_ITEMS = 11
"""Items of the shortest body, one of a basic type; an envelope has 10."""


class _Item(NamedTuple):
    """A value of a body structure: as it stands, and as BODY has it if it is a body."""

    full: bytes
    body: bytes


def derive_body(bodystructure: bytes) -> bytes:
    """Return BODY: `bodystructure`, as `serialize_bodystructure` made it, without extensions."""
    position = 0
    open_lists: list[tuple[int, list[_Item]]] = [(0, [])]
    while match := _WIRE_TOKEN.match(bodystructure, position):
        start, position = match.span()
        if match["open"]:
            open_lists.append((position - 1, []))
            continue
        if match["close"]:
            start, items = open_lists.pop()
            item = _Item(bodystructure[start:position], _without_extensions(items))
        else:
            position += int(match["size"] or 0)
            text = bodystructure[start:position].lstrip(b" ")
            item = _Item(text, text)
        open_lists[-1][1].append(item)
    return open_lists[0][1][0].body


def _without_extensions(items: list[_Item]) -> bytes:
    """Return a body with its basic items; of another list the result is not used.

    Such a list may look like one: parameters of a sender's choice, or languages.
    """
    first = next((i for i, item in enumerate(items) if not item.full.startswith(b"(")), 0)
    if first:
        return b"(%b %b)" % (b"".join([item.body for item in items[:first]]), items[first].full)
    if len(items) < _FEWEST_ITEMS:
        return b""
    kept = [item.full for item in items[:_BASIC_ITEMS]]
    if kept[:1] == [b'"text"']:
        kept.append(items[_BASIC_ITEMS].full)
    elif kept[:2] == [b'"message"', b'"rfc822"']:
        envelope, body, lines = items[_BASIC_ITEMS : _BASIC_ITEMS + 3]
        kept += [envelope.full, body.body, lines.full]
    return b"(%b)" % b" ".join(kept)
