"""Events, tasks and cards that the clients handle; each has a text by which it is told apart."""

import random
from typing import Literal

Kind = Literal["event", "task", "card"]

ZONE = """\
BEGIN:VTIMEZONE
TZID:Europe/Paris
BEGIN:DAYLIGHT
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
TZNAME:CEST
DTSTART:19700329T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
END:DAYLIGHT
BEGIN:STANDARD
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
TZNAME:CET
DTSTART:19701025T030000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
END:STANDARD
END:VTIMEZONE
"""
TEXTS = {"event": "SUMMARY", "task": "SUMMARY", "card": "FN"}


def calendar(*components: str) -> bytes:
    """Return an iCalendar object of components, with a zone where they name one."""
    body = "".join(components)
    zone = ZONE if "TZID=" in body else ""
    text = (
        f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//tests//clients//EN\n{zone}{body}END:VCALENDAR\n"
    )
    return text.replace("\n", "\r\n").encode()


def event(uid: str, summary: str = "Meeting", *lines: str, start: str = "20260302T093000") -> bytes:
    """Return an event of half an hour in Paris; `lines` are added to it."""
    more = "".join(f"{line}\n" for line in lines)
    return calendar(
        f"BEGIN:VEVENT\nUID:{uid}\nDTSTAMP:20260101T000000Z\nDTSTART;TZID=Europe/Paris:{start}\n"
        f"DURATION:PT30M\nSUMMARY:{summary}\n{more}END:VEVENT\n"
    )


def task(uid: str, summary: str = "Errand", *lines: str) -> bytes:
    """Return a task; `lines` are added to it."""
    more = "".join(f"{line}\n" for line in lines)
    return calendar(
        f"BEGIN:VTODO\nUID:{uid}\nDTSTAMP:20260101T000000Z\nSUMMARY:{summary}\n{more}END:VTODO\n"
    )


def card(uid: str, name: str = "Zoë Müller", *lines: str) -> bytes:
    """Return a card in version 3.0; `lines` are added to it."""
    more = "".join(f"{line}\n" for line in lines)
    text = (
        f"BEGIN:VCARD\nVERSION:3.0\nUID:{uid}\nFN:{name}\nN:{name};;;;\n"
        f"EMAIL;TYPE=WORK:{uid}@example.test\n{more}END:VCARD\n"
    )
    return text.replace("\n", "\r\n").encode()


def invent(kind: Kind, generator: random.Random, uid: str = "") -> tuple[str, bytes]:
    """Return uid and text of something new, or of a new version of what has the uid."""
    uid = uid or f"{generator.randbytes(8).hex()}@{kind}.example.test"
    words = f"{generator.choice(('Grüße', 'Plan', 'Übung'))} {generator.randbytes(4).hex()}"
    if kind == "card":
        return uid, card(uid, words, f"NOTE:{generator.randbytes(30).hex()}")
    if kind == "task":
        return uid, task(uid, words, f"PRIORITY:{generator.randint(1, 9)}")
    start = f"2026{generator.randint(1, 12):02}{generator.randint(1, 28):02}T100000"
    rule = generator.choice(((), ("RRULE:FREQ=WEEKLY;COUNT=5",)))
    return uid, event(uid, words, *rule, start=start)


def uid_of(data: bytes) -> str:
    """Return the UID of an object."""
    return next(line[4:].strip().decode() for line in data.splitlines() if line[:4] == b"UID:")


def plain(data: bytes | str) -> str:
    """Return a text with the ends of lines that every program leaves alone."""
    text = data if isinstance(data, str) else data.decode()
    return "\n".join(text.splitlines())
