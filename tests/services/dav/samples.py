"""Calendar objects and cards that the tests of DAV put."""

from datetime import UTC, datetime


def event(uid: str, summary: str = "Meeting", *lines: str, start: datetime | None = None) -> bytes:
    """Return an event of an hour."""
    begins = (start or datetime(2026, 3, 2, 9, tzinfo=UTC)).strftime("%Y%m%dT%H%M%SZ")
    return calendar(
        "BEGIN:VEVENT",
        f"UID:{uid}",
        "DTSTAMP:20260101T000000Z",
        f"DTSTART:{begins}",
        "DURATION:PT1H",
        f"SUMMARY:{summary}",
        *lines,
        "END:VEVENT",
    )


def todo(uid: str, summary: str = "Chore") -> bytes:
    """Return a task without dates."""
    lines = ("BEGIN:VTODO", f"UID:{uid}", "DTSTAMP:20260101T000000Z", f"SUMMARY:{summary}")
    return calendar(*lines, "END:VTODO")


def calendar(*lines: str) -> bytes:
    """Return a VCALENDAR around lines."""
    head = ("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//test//EN")
    return "".join(f"{line}\r\n" for line in (*head, *lines, "END:VCALENDAR")).encode()


def card(uid: str, name: str = "Ann", *lines: str, version: str = "3.0") -> bytes:
    """Return a card."""
    head = ("BEGIN:VCARD", f"VERSION:{version}", f"UID:{uid}", f"FN:{name}", f"N:{name};;;;")
    return "".join(f"{line}\r\n" for line in (*head, *lines, "END:VCARD")).encode()
