"""What comes from a mailbox elsewhere."""

from dataclasses import dataclass

from mail.mime.dates import parse_date
from mail.mime.fields import unfold
from mail.mime.sections import filter_header_fields

LATEST = 1 << 37
"""A date beyond this, in the year 6325, is none."""
_HEADER = 64 << 10
_RECEIVED = frozenset({b"received"})


@dataclass(frozen=True, slots=True)
class Listed:
    """A message as a mailbox lists it: its UID, or over POP3 its number and unique-id."""

    number: int
    size: int
    uidl: str = ""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A message as it came; `problem` says why it did not, and is then all there is.

    What `is_final` would not come the next time either.
    `internal_date` is epoch seconds, None where the other side tells none; `internal_zone` minutes.
    """

    listed: Listed
    data: bytes = b""
    flags: int = 0
    keywords: tuple[str, ...] = ()
    internal_date: int | None = None
    internal_zone: int = 0
    problem: str = ""
    is_final: bool = False


def read_date(text: bytes) -> tuple[int | None, int]:
    """Return (epoch seconds, minutes east of UTC) of a date, (None, 0) where it makes no sense."""
    found = parse_date(text)
    if found is None or not 0 <= found.epoch < LATEST:
        return None, 0
    zone = found.offset // 60
    return found.epoch, zone if abs(zone) < 24 * 60 else 0


def read_arrival(data: bytes) -> tuple[int | None, int]:
    """Return when a message arrived where it lies, as its uppermost Received says.

    Who fetches ten thousand old messages over POP3, which tells no dates, has them in their order.
    """
    lines = filter_header_fields(data[:_HEADER], _RECEIVED, negate=False)
    first = lines[:1] + lines[1:].split(b"Received:", 1)[0] if lines else b""
    _, semicolon, date = unfold(first).rpartition(b";")
    return read_date(date) if semicolon else (None, 0)
