"""Many calendar objects as one (RFC 5545 §3.4): components octet for octet, a zone once. Pure."""

import re
from collections.abc import Iterable, Iterator

from contacts.vcard.contentlines import Line
from contacts.vcard.serialize import serialize_line
from contacts.vcard.values import escape_text

PRODUCT = "-//groupware//groupware//EN"
_FOLD = re.compile(rb"\r?\n[ \t]")
_EDGE = re.compile(rb"(BEGIN|END):([A-Z0-9-]+)[ \t]*\r?\n?", re.IGNORECASE)
_TZID = re.compile(rb"^TZID[^:\r\n]*:(.*?)[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)


def bundle(objects: Iterable[bytes], *, name: str = "", description: str = "") -> Iterator[bytes]:
    """Yield the pieces of one calendar with all components of the objects.

    `name` and `description` are of the calendar. Of zones of one TZID the first is kept.
    """
    yield _line("BEGIN", "VCALENDAR") + _line("VERSION", "2.0") + _line("PRODID", PRODUCT)
    for property_name, value in (("X-WR-CALNAME", name), ("X-WR-CALDESC", description)):
        if value:
            yield _line(property_name, escape_text(value))
    zones: set[bytes] = set()
    for data in objects:
        for component, text in split_components(data):
            if component == b"VTIMEZONE":
                found = _TZID.search(_FOLD.sub(b"", text))
                tzid = found[1] if found else text
                if tzid in zones:
                    continue
                zones.add(tzid)
            yield text
    yield _line("END", "VCALENDAR")


def split_components(data: bytes) -> list[tuple[bytes, bytes]]:
    """Return (name, octets) of the components right within an object's VCALENDAR."""
    found = _split(data)
    return found if found is not None else _split(_FOLD.sub(b"", data)) or []


def _split(data: bytes) -> list[tuple[bytes, bytes]] | None:
    """Cut at lines that begin and end components; None where they do not match each other."""
    found: list[tuple[bytes, bytes]] = []
    depth, lines = 0, list[bytes]()
    for line in data.splitlines(keepends=True):
        edge = _EDGE.fullmatch(line)
        begins, ends = (edge[1].upper() == b"BEGIN", edge[1].upper() == b"END") if edge else (0, 0)
        depth += bool(begins)
        if depth > 1:
            lines.append(line if line.endswith(b"\n") else line + b"\r\n")
        depth -= bool(ends)
        if ends and depth == 1 and edge is not None:
            found.append((edge[2].upper(), b"".join(lines)))
            lines = []
    return None if depth or lines else found


def _line(name: str, value: str) -> bytes:
    return serialize_line(Line(name, "", {}, value))
