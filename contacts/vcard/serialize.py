"""Content lines as octets: parameters quoted, lines folded (RFC 6350 §3.2, RFC 6868). Pure."""

import re
from collections.abc import Iterable

from contacts.vcard.contentlines import Line

_WIDTH = 75
_QUOTED = re.compile(r"[,;:]")
_CARETS = str.maketrans({"^": "^^", "\n": "^n", '"': "^'", "\r": None})


def serialize_lines(lines: Iterable[Line]) -> bytes:
    """Return the lines, folded, each ended by CRLF."""
    return b"".join(map(serialize_line, lines))


def serialize_card(version: str, lines: Iterable[Line]) -> bytes:
    """Return a card of these lines, which hold neither BEGIN, VERSION nor END."""
    inside = serialize_lines(lines)
    return b"BEGIN:VCARD\r\nVERSION:%b\r\n%bEND:VCARD\r\n" % (version.encode(), inside)


def serialize_line(line: Line) -> bytes:
    """Return the line, folded and ended by CRLF.

    Raises `ValueError` where a value holds a line break: it would end the line (values are
    escaped before, by `values`).
    """
    head = f"{line.group}.{line.name}" if line.group else line.name
    for name, items in line.params.items():
        head += f";{name}={','.join(map(_item, items))}"
    text = f"{head}:{line.value}"
    if "\n" in text or "\r" in text:
        raise ValueError(f"the value of {line.name} holds a line break")
    return fold_line(text.encode())


def fold_line(line: bytes) -> bytes:
    """Return the line with CRLF, folded at 75 octets and never within a UTF-8 sequence."""
    if len(line) <= _WIDTH:
        return line + b"\r\n"
    pieces = []
    start, width = 0, _WIDTH
    while len(line) - start > width:
        end = start + width
        while line[end] & 0xC0 == 0x80 and end > start + width - 4:
            end -= 1
        pieces.append(line[start:end])
        start, width = end, _WIDTH - 1
    pieces.append(line[start:])
    return b"\r\n ".join(pieces) + b"\r\n"


def _item(value: str) -> str:
    escaped = value.translate(_CARETS)
    return f'"{escaped}"' if _QUOTED.search(escaped) else escaped
