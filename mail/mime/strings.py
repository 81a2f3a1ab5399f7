"""IMAP's `nstring` on the wire (RFC 3501 §9), and the octet that its literals may not hold."""

from __future__ import annotations

import re

__all__ = ["literal", "quote", "quote_or_nil", "replace_nul"]

_PLAIN = re.compile(rb"[ !#-\[\]-~]*+")
_QUOTABLE = re.compile(rb"[ -~]*+")
_SPECIAL = re.compile(rb"([\"\\])")
_LONGEST_QUOTED = 1_000


def replace_nul(data: bytes) -> bytes:
    """Return the octets with NUL as 0x80: CHAR8, what a literal holds, has no NUL.

    The length stays. The same object comes back where there is no NUL.
    """
    return data.replace(b"\0", b"\x80")


def literal(data: bytes) -> bytes:
    """Return a literal."""
    return b"{%d}\r\n%b" % (len(data), replace_nul(data))


def quote(text: bytes) -> bytes:
    """Return a quoted string, or a literal where octets or length ask for one."""
    if len(text) <= _LONGEST_QUOTED:
        if _PLAIN.fullmatch(text):
            return b'"%b"' % text
        if _QUOTABLE.fullmatch(text):
            return b'"%b"' % _SPECIAL.sub(rb"\\\1", text)
    return literal(text)


def quote_or_nil(text: bytes | None) -> bytes:
    """Return `quote(text)`, or NIL for None."""
    return b"NIL" if text is None else quote(text)
