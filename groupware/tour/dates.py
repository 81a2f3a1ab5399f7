"""Dates and cards as programs write them. Pure."""


def event(uid: str, start: str, title: str, hours: int = 1) -> str:
    """Return an event that begins at `start`, a time of iCalendar (RFC 5545 §3.3.5)."""
    return _calendar(
        "VEVENT",
        f"UID:{uid}",
        "DTSTAMP:20260105T080000Z",
        f"DTSTART:{start}",
        f"DURATION:PT{hours}H",
        f"SUMMARY:{title}",
    )


def task(uid: str, title: str) -> str:
    """Return a task."""
    return _calendar("VTODO", f"UID:{uid}", "DTSTAMP:20260105T080000Z", f"SUMMARY:{title}")


def _calendar(kind: str, *lines: str) -> str:
    whole = ("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Tour//EN", f"BEGIN:{kind}", *lines)
    return "\r\n".join((*whole, f"END:{kind}", "END:VCALENDAR", ""))


def card(uid: str, name: str, address: str) -> str:
    """Return a card (RFC 6350)."""
    family = name.rsplit(maxsplit=1)[-1]
    given = name.split(maxsplit=1)[0]
    return "\r\n".join(
        (
            "BEGIN:VCARD",
            "VERSION:4.0",
            f"UID:{uid}",
            f"FN:{name}",
            f"N:{family};{given};;;",
            f"EMAIL:{address}",
            "END:VCARD",
            "",
        )
    )
