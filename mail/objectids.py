"""Object identifiers as they stand on the wire (RFC 8474 §7, §8.1). Pure.

A letter goes before each, so that none begins with a digit or a dash, spells NIL, or is both an
EMAILID and a THREADID; numbers are written in lower-case hexadecimal, in one way only.
"""

import re
from typing import Final

OBJECT_ID: Final = re.compile(rb"[A-Za-z0-9_-]{1,255}(?![A-Za-z0-9_-])")
"""Whatever a client may name."""

_NUMBER = re.compile(rb"[1-9a-f][0-9a-f]{0,15}")
_EMAIL: Final = b"M"
_THREAD: Final = b"T"


def mailbox_id(object_id: str) -> bytes:
    """Return a MAILBOXID."""
    return b"F" + object_id.encode("ascii")


def email_id(value: int) -> bytes:
    """Return an EMAILID."""
    return _EMAIL + b"%x" % value


def thread_id(value: int) -> bytes:
    """Return a THREADID."""
    return _THREAD + b"%x" % value


def parse_email_id(text: bytes) -> int | None:
    """Return the number behind an EMAILID, None for one that no message has."""
    return _parse(_EMAIL, text)


def parse_thread_id(text: bytes) -> int | None:
    """Return the number behind a THREADID, None for one that no message has."""
    return _parse(_THREAD, text)


def _parse(letter: bytes, text: bytes) -> int | None:
    if text[:1] != letter or not _NUMBER.fullmatch(text[1:]):
        return None
    return int(text[1:], 16)
