"""Documents that messages carry: a page of PDF (ISO 32000-1), an appointment (RFC 5545). Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from icalendar import Calendar, Event, vCalAddress

PAGE = (595, 842)  # A4 in points
LEFT, TOP, LEADING, SIZE = 60, 780, 15, 10
MOST_LINES = 48


def make_pdf(text: str) -> bytes:
    """Return one page with the lines of `text`, the first of them as its heading.

    The characters are those of Windows-1252, which every reader has a font for; another raises
    UnicodeEncodeError.
    """
    lines = text.strip("\n").splitlines()
    if len(lines) > MOST_LINES:
        raise ValueError(f"a page holds {MOST_LINES} lines")
    content = _page_content(lines)
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %d %d] /Contents 6 0 R" % PAGE
        + b" /Resources << /Font << /F1 4 0 R /F2 5 0 R >> >> >>",
        _font(b"Courier"),
        _font(b"Helvetica-Bold"),
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
    ]
    return _with_cross_references(objects)


def _font(name: bytes) -> bytes:
    return b"<< /Type /Font /Subtype /Type1 /BaseFont /%s /Encoding /WinAnsiEncoding >>" % name


def _page_content(lines: Sequence[str]) -> bytes:
    shown = [_escape(line) for line in lines]
    start = b"BT\n/F2 %d Tf\n%d TL\n%d %d Td\n(%s) Tj T*\n/F1 %d Tf\n" % (
        *(SIZE + 4, LEADING, LEFT, TOP),
        shown[0],
        SIZE,
    )
    return start + b"".join(b"(%s) Tj T*\n" % line for line in shown[1:]) + b"ET"


def _escape(line: str) -> bytes:
    data = line.encode("cp1252")
    return data.replace(b"\\", rb"\\").replace(b"(", rb"\(").replace(b")", rb"\)")


def _with_cross_references(objects: Sequence[bytes]) -> bytes:
    """Return the file: its objects, and at which octet each begins (§7.5.4)."""
    data = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"
    offsets = []
    for number, content in enumerate(objects, 1):
        offsets.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    start = len(data)
    data += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    data += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    size = len(objects) + 1
    return data + b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (size, start)


@dataclass(frozen=True, slots=True)
class Appointment:
    """What an invitation says."""

    uid: str
    summary: str
    location: str
    start: datetime
    end: datetime
    stamp: datetime
    organizer: str
    attendees: tuple[str, ...]


def make_invitation(appointment: Appointment) -> str:
    """Return a calendar that asks to an appointment (RFC 5546 §3.2.2)."""
    event = Event()
    event.add("uid", appointment.uid)
    event.add("summary", appointment.summary)
    event.add("location", appointment.location)
    # In UTC no definition of a time zone has to come along.
    event.add("dtstart", appointment.start.astimezone(UTC))
    event.add("dtend", appointment.end.astimezone(UTC))
    event.add("dtstamp", appointment.stamp.astimezone(UTC))
    event.add("organizer", vCalAddress(f"mailto:{appointment.organizer}"))
    for attendee in appointment.attendees:
        event.add("attendee", vCalAddress(f"mailto:{attendee}"))
    calendar = Calendar()
    calendar.add("prodid", "-//Groupware//Demo team//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "REQUEST")
    calendar.add_component(event)
    return str(calendar.to_ical().decode())
