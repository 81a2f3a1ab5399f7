"""Components as octets, and lines for what the server itself says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from calendar_app.ical.components import Component, Line
from calendar_app.ical.values import DATE, ZONED, serialize_date, serialize_local, serialize_utc
from contacts.vcard.serialize import serialize_line
from contacts.vcard.values import escape_text

__all__ = [
    "PRODUCT",
    "make_calendar",
    "plain_line",
    "serialize_component",
    "text_line",
    "time_line",
]

PRODUCT = "-//groupware//groupware//EN"
"""PRODID of what the server writes itself."""

_DATE_PARAMS = {"VALUE": ("DATE",)}


def serialize_component(component: Component) -> bytes:
    """Return the component and those within, lines folded."""
    return b"".join(_pieces(component))


def _pieces(component: Component) -> Iterator[bytes]:
    yield serialize_line(plain_line("BEGIN", component.name))
    for line in component.lines:
        yield serialize_line(line)
    for child in component.children:
        yield from _pieces(child)
    yield serialize_line(plain_line("END", component.name))


def make_calendar(children: Iterable[Component]) -> Component:
    """Return a VCALENDAR of the server's own around components."""
    lines = [plain_line("VERSION", "2.0"), plain_line("PRODID", PRODUCT)]
    return Component("VCALENDAR", lines, list(children))


def plain_line(name: str, value: str) -> Line:
    """Return a line without parameters; the value is written as it is."""
    return Line(name, "", {}, value)


def text_line(name: str, text: str) -> Line:
    """Return a line with a TEXT."""
    return Line(name, "", {}, escape_text(text))


def time_line(name: str, kind: str, key: int) -> Line:
    """Return a line with a time: zoned ones in UTC."""
    if kind == DATE:
        return Line(name, "", _DATE_PARAMS, serialize_date(key))
    return Line(name, "", {}, serialize_utc(key) if kind == ZONED else serialize_local(key))
