"""What commands print for people: aligned tables, sizes and times in words."""

import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime

from groupware.core.sizes import octets

__all__ = [
    "bar",
    "counted",
    "day",
    "octets",
    "printable",
    "quota",
    "render_fields",
    "render_table",
]

BAR = 20
"""Characters of a bar."""


def render_table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return rows below their headings, each column as wide as its widest cell."""
    lines = [[heading.upper() for heading in headings]]
    lines += [[printable(str(cell)) for cell in row] for row in rows]
    widths = [max(map(_width, column)) for column in zip(*lines, strict=True)]
    return "\n".join("  ".join(map(_padded, line, widths)).rstrip() for line in lines)


def render_fields(fields: Iterable[tuple[str, object]]) -> str:
    """Return one line for each name and value, the values below each other."""
    named = [(f"{name}:", printable(str(value))) for name, value in fields]
    width = max(_width(name) for name, _ in named)
    return "\n".join(f"{_padded(name, width)}  {value}".rstrip() for name, value in named)


def quota(number: int) -> str:
    """Return a quota in words; 0 is none."""
    return octets(number) if number else "unlimited"


def counted(number: int, one: str, many: str = "") -> str:
    """Return `1 message`, `2 messages`."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def bar(share: float) -> str:
    """Return a bar of which a share is filled."""
    filled = round(min(1.0, max(0.0, share)) * BAR)
    return "#" * filled + "." * (BAR - filled)


def day(moment: datetime) -> str:
    """Return the date of a moment (UTC)."""
    return f"{moment:%Y-%m-%d}"


def printable(text: str) -> str:
    """Return text that cannot move the cursor or break a line of a terminal."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))


def _width(text: str) -> int:
    """Return the columns that a terminal gives the text: two for wide, none for combining."""
    return sum(
        0 if unicodedata.combining(char) else 1 + (unicodedata.east_asian_width(char) in "WF")
        for char in text
    )
