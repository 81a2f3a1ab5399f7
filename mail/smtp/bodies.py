"""What is looked at in a message before anybody reads it: its lines and its way. Pure."""

import re

MAX_HEADER = 1024 * 1024
"""Octets of a header in which Received fields are counted."""

_LINE_END = re.compile(rb"\r+\n?|\n")


def has_long_line(data: bytes, limit: int) -> bool:
    """Tell whether a line has more octets than `limit`, its CRLF not counted."""
    start, size = 0, len(data)
    while size - start > limit:
        # The last line end up to where the line must have ended; lines between need no look.
        end = data.rfind(b"\r\n", start, start + limit + 2)
        if end < 0:
            return True
        start = end + 2
    return False


def has_bare_line_end(data: bytes) -> bool:
    """Tell whether a CR or LF stands alone (RFC 5321 §2.3.8)."""
    pairs = data.count(b"\r\n")
    return data.count(b"\n") != pairs or data.count(b"\r") != pairs


def repair_line_ends(data: bytes) -> bytes:
    """Return the message with CRLF at the end of each line, whatever stood there."""
    return _LINE_END.sub(b"\r\n", data) if has_bare_line_end(data) else data


def count_received(data: bytes) -> int:
    """Return how many Received fields there are: each server on the way adds one."""
    header = b"\n" + data[: _end_of_header(data)]
    return header.lower().count(b"\nreceived:")


def _end_of_header(data: bytes) -> int:
    """Return where the last line of the header ends. Hot: octets are looked for, not a pattern."""
    if data.startswith((b"\n", b"\r\n")):
        return 0
    end = data.find(b"\n\r\n", 0, MAX_HEADER)
    end = MAX_HEADER if end < 0 else end
    bare = data.find(b"\n\n", 0, end + 1)
    return end if bare < 0 else bare
