"""What threads are made from: message-ids, References, and the base subject (RFC 5256 §2.1, §3)."""

from __future__ import annotations

import re
from typing import NamedTuple

from mail.mime.charsets import decode_octets
from mail.mime.limits import DEFAULT_LIMITS, MimeLimits

__all__ = ["BaseSubject", "base_subject", "read_message_id", "read_references"]


class BaseSubject(NamedTuple):
    """A subject without what replies and forwards add, and whether anything was taken off.

    Not case-folded: SORT and THREAD compare by i;unicode-casemap, see `text.fold_search`.
    """

    text: str
    is_reply_or_forward: bool


_SPACES = re.compile(r"[ \t\r\n]+")
_BLOB = r"\[[^\[\]]*+\] *+"
_REFWD = re.compile(rf"(?>(?:{_BLOB})*)(?:re|fwd?) *+(?:{_BLOB})?: *+", re.IGNORECASE)
_LEADING_BLOB = re.compile(_BLOB)
_TRAILER, _FORWARDED = "(fwd)", "[fwd:"
_LONGEST_SUBJECT = 1_000
_MESSAGE_ID = re.compile(rb"<([^<>]{1,998})>")
_BARE_MESSAGE_ID = re.compile(rb"[^\s<>@]{1,499}@[^\s<>@]{1,499}")


def base_subject(subject: str) -> BaseSubject:
    """Return the base subject of a decoded subject: RFC 5256 §2.1, steps 1 to 6.

    What exceeds 1,000 characters is not looked at.
    """
    text = _SPACES.sub(" ", subject[:_LONGEST_SUBJECT]).strip(" ")
    changed = False
    while True:
        while text[-len(_TRAILER) :].lower() == _TRAILER:
            text, changed = text[: -len(_TRAILER)].rstrip(" "), True
        while True:
            if match := _REFWD.match(text):
                changed = True
            else:
                match = _LEADING_BLOB.match(text)
            if match is None or (match.end() == len(text) and match.re is _LEADING_BLOB):
                break
            text = text[match.end() :]
        if not (text[: len(_FORWARDED)].lower() == _FORWARDED and text.endswith("]")):
            return BaseSubject(text, changed)
        text, changed = text[len(_FORWARDED) : -1].strip(" "), True


def read_message_id(fields: dict[bytes, bytes]) -> str:
    """Return the Message-ID without its angle brackets, empty where none can be used."""
    raw = fields.get(b"message-id", b"")
    match = _MESSAGE_ID.search(raw)
    if match:
        return _normalize(match[1])
    bare = _BARE_MESSAGE_ID.fullmatch(raw)
    return _normalize(bare.group()) if bare else ""


def read_references(
    fields: dict[bytes, bytes], limits: MimeLimits = DEFAULT_LIMITS
) -> tuple[str, ...]:
    """Return the ids of References or else the first of In-Reply-To (RFC 5256 §3), oldest first.

    Without angle brackets and quoting, each once.
    """
    found = _MESSAGE_ID.findall(fields.get(b"references", b""))
    if not found:
        found = _MESSAGE_ID.findall(fields.get(b"in-reply-to", b""))[:1]
    ids = list(dict.fromkeys(filter(None, map(_normalize, found))))
    if len(ids) > limits.max_references:
        ids = [ids[0], *ids[len(ids) - limits.max_references + 1 :]]
    return tuple(ids)


def _normalize(raw: bytes) -> str:
    return decode_octets(b"".join(raw.split()).translate(None, b'"\\'))
