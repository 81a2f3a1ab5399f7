"""Calendar objects that tests put, and how they look at the store."""

from calendar_app.ical.values import parse_local
from calendar_app.models import CalendarObject, Occurrence
from calendar_app.services.objects import prepare_object, put_object
from groupware.core.models import Account, Resource
from groupware.core.resources.items import Written


def calendar_data(*components: str) -> bytes:
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//tests//EN", *components, "END:VCALENDAR"]
    return ("\r\n".join(lines) + "\r\n").encode()


def component(name: str, uid: str, *lines: str) -> str:
    return "\r\n".join(
        [f"BEGIN:{name}", f"UID:{uid}", "DTSTAMP:20260101T000000Z", *lines, f"END:{name}"]
    )


def event(uid: str = "one", start: str = "20260310T090000Z", *lines: str) -> bytes:
    """Return an event of an hour, unless the lines say otherwise."""
    prefix = "DTSTART;TZID" if ":" in start else "DTSTART"
    start_line = f"{prefix}={start}" if ":" in start else f"DTSTART:{start}"
    if len(start) == 8:
        start_line = f"DTSTART;VALUE=DATE:{start}"
    has_end = len(start) == 8 or any(line.startswith(("DTEND", "DURATION")) for line in lines)
    return calendar_data(
        component("VEVENT", uid, start_line, *lines, *([] if has_end else ["DURATION:PT1H"]))
    )


def task(uid: str = "task", *lines: str) -> bytes:
    return calendar_data(component("VTODO", uid, *lines))


def at(text: str) -> int:
    """Return the epoch seconds of a UTC time such as 20260310T090000."""
    return parse_local(text if "T" in text else f"{text}T000000")


def put(account: Account, collection_id: int, data: bytes, href: str = "one.ics") -> Written:
    return put_object(account.pk, collection_id, href, prepare_object(data))


def hrefs_of(collection_id: int, ids: list[int]) -> set[str]:
    found = Resource.objects.filter(collection_id=collection_id, pk__in=ids)
    return set(found.values_list("href", flat=True))


def counts_of(collection_id: int) -> tuple[int, int, int]:
    """Return how many resources, object rows and occurrences a calendar has."""
    return (
        Resource.objects.filter(collection_id=collection_id).count(),
        CalendarObject.objects.filter(resource__collection_id=collection_id).count(),
        Occurrence.objects.filter(collection_id=collection_id).count(),
    )
