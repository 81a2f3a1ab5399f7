"""The form of a live property's getter, and what several of them write."""

from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime
from xml.sax.saxutils import escape

from groupware.dav.names import dav, element
from groupware.dav.request import Request
from groupware.dav.resources import Resource
from groupware.dav.responses import quote_path

Getter = Callable[[Resource, Request], bytes | None]


def text(value: str) -> bytes:
    """Return text as XML; characters that XML cannot hold are left out."""
    return escape("".join(char for char in value if _is_xml(char))).encode("utf-8", "replace")


def _is_xml(char: str) -> bool:
    return char >= " " or char in "\t\n\r"


def href(path: str) -> bytes:
    """Return a DAV:href element of a path inside the application."""
    return element(dav("href"), quote_path(path))


def http_date(epoch_seconds: int) -> bytes:
    """Return a date as HTTP writes it (RFC 9110 §5.6.7)."""
    return format_datetime(datetime.fromtimestamp(epoch_seconds, UTC), usegmt=True).encode()


def iso_date(epoch_seconds: int) -> bytes:
    """Return a date as RFC 3339 writes it."""
    return datetime.fromtimestamp(epoch_seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ").encode()
