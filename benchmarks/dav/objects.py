"""What calendars and address books hold: events of a kilobyte over five years, and cards.

One event in fifty repeats weekly, twenty times.
"""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

FIRST_DAY = date(2024, 1, 1)
DAYS = 5 * 365
RECURRING_EVERY = 50
WEEKS = 20
MONTH = (date(2026, 3, 1), date(2026, 4, 1))
START, END = (f"{day:%Y%m%d}T000000Z" for day in MONTH)
GIVEN_NAMES = ("Alice", "Bob", "Carol", "David", "Erin", "Frank", "Grace", "Heidi", "Ivan", "Judy")
FAMILY_NAMES = (
    "Martin",
    "Bernard",
    "Dubois",
    "Thomas",
    "Robert",
    "Richard",
    "Petit",
    "Durand",
    "Leroy",
    "Moreau",
)
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
NOTES = "Please read the notes that came with the invitation, and bring your questions."


def day_of(number: int, total: int) -> date:
    """Return the day of an event among `total` that lie evenly over the years."""
    return FIRST_DAY + timedelta(days=number * DAYS // total)


def repeats(number: int) -> bool:
    """Tell whether an event repeats."""
    return number % RECURRING_EVERY == 7


def _component(number: int, total: int, kind: str, sequence: int) -> str:
    day = day_of(number, total)
    hour = time(8 + number % 10, number % 4 * 15)
    start = datetime.combine(day, hour)
    end = start + timedelta(minutes=30 + number % 6 * 15)
    rule = f"RRULE:FREQ=WEEKLY;COUNT={WEEKS}\n" if repeats(number) else ""
    agenda = "".join(f"{item}. {NOTES}\\n\n " for item in range(1, 5)).rstrip()
    return (
        f"BEGIN:VEVENT\nUID:{kind}-{number}@example.org\nDTSTAMP:20240101T000000Z\n"
        f"DTSTART;TZID=Europe/Paris:{start:%Y%m%dT%H%M%S}\n"
        f"DTEND;TZID=Europe/Paris:{end:%Y%m%dT%H%M%S}\n{rule}SEQUENCE:{sequence}\n"
        f"SUMMARY:Planning of part {number}\nLOCATION:Room {number % 40}\n"
        f"CATEGORIES:WORK,PLANNING\nSTATUS:CONFIRMED\nDESCRIPTION:{agenda}\n"
        "BEGIN:VALARM\nACTION:DISPLAY\nDESCRIPTION:Soon\nTRIGGER:-PT15M\nEND:VALARM\nEND:VEVENT\n"
    )


def _calendar(components: str) -> bytes:
    text = (
        f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//benchmarks//EN\n{ZONE}{components}END:VCALENDAR\n"
    )
    return text.replace("\n", "\r\n").encode()


def event(number: int, total: int, kind: str = "large", sequence: int = 0) -> bytes:
    """Return the object of one event; `kind` makes its UID another one."""
    return _calendar(_component(number, total, kind, sequence))


def all_events(total: int) -> bytes:
    """Return one object of all events, as calendars are exported."""
    return _calendar("".join(_component(number, total, "large", 0) for number in range(total)))


def in_month(total: int) -> int:
    """Return how many of the events touch the month that is asked for."""
    return sum(_touches(number, total) for number in range(total))


def _touches(number: int, total: int) -> bool:
    first = day_of(number, total)
    weeks: Sequence[int] = range(WEEKS) if repeats(number) else (0,)
    return any(MONTH[0] <= first + timedelta(weeks=week) < MONTH[1] for week in weeks)


def card(number: int, kind: str = "people") -> bytes:
    """Return a card; `kind` makes its UID another one."""
    given, family = GIVEN_NAMES[number % 10], FAMILY_NAMES[number // 10 % 10]
    address = f"{given}.{family}.{number}@example.org".lower()
    text = (
        f"BEGIN:VCARD\nVERSION:3.0\nUID:{kind}-{number}@example.org\nFN:{given} {family} {number}\n"
        f"N:{family};{given};;;\nEMAIL;TYPE=WORK:{address}\nTEL;TYPE=CELL:+33 6 {number:08}\n"
        f"ORG:Example {number % 20};Unit {number % 7}\n"
        f"ADR;TYPE=WORK:;;{number} rue de la Paix;Paris;;75002;France\n"
        "NOTE:Met at the fair\\, answers mail within the day\\, and letters within the week.\n"
        "REV:2024-01-01T00:00:00Z\nEND:VCARD\n"
    )
    return text.replace("\n", "\r\n").encode()


def named(family: str, total: int) -> int:
    """Return how many of the cards have the family name."""
    return sum(FAMILY_NAMES[number // 10 % 10] == family for number in range(total))
